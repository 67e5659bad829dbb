import { availableParallelism } from 'node:os';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { type RunSettings, settingsFromEnvironment } from '../../onnx/run/run-settings.ts';
import { bestRun, measuredSettings, saveSpeed } from '../../onnx/run/speed-record.ts';
import { type DecodedPicture, decodePicture } from './decode-picture.ts';
import type { EncodedPicture, FeatureBlock, ImageEncoder } from './image-encoder.ts';
import { measureRuns } from './measure-runs.ts';
import { PictureSessions } from './onnx-session.ts';
import type { Preprocessing } from './preprocessing.ts';
import { averageViews, cutViews, sizeForViews, viewsOf } from './views.ts';

/** An ONNX network that makes features, and how pictures are fed to it. */
export interface OnnxEncoderSettings {
  /** Names the network, layers and preprocessing; views are added, so that features of two encoders are never mixed. */
  readonly id: string;
  /** Path of an ONNX file, or its bytes. */
  readonly model: string | Uint8Array;
  /** Name of the graph's input, of shape [N, 3, height, width] or [N, height, width, 3] by the layout. */
  readonly input: string;
  /** Names of the graph's outputs that make up a feature, joined in this order. */
  readonly outputs: readonly string[];
  readonly preprocessing: Preprocessing;
  /** The blocks of a feature in order; their sizes add up to the length of all outputs of one picture. */
  readonly blocks: readonly FeatureBlock[];
  /**
   * How it is run. When left out: what was measured on this machine, or else one session of as many threads as there
   * are cores that takes one picture at once. The environment variable `COVISTA_ONNX` wins over both.
   */
  readonly run?: RunSettings | undefined;
  readonly measuring?: MeasuringOptions | undefined;
  /** The feature is the mean over so many views of a picture, 1 by default: see {@link viewsOf}. */
  readonly views?: number | undefined;
}

/** Whether the fastest way to run a network is measured. */
export interface MeasuringOptions extends WorkOptions {
  /** `once`: where nothing was measured on this machine yet; `again`: in any case; else never. */
  readonly measure?: 'once' | 'again' | undefined;
  /** As the user names the encoder, to be kept with what was measured; its id when left out. */
  readonly name?: string | undefined;
}

/** A picture as the network sees it: as a whole, or its views. */
type Decoded = { readonly index: number } & (
  | (Pick<DecodedPicture, 'width' | 'height'> & { readonly inputs: readonly Uint8Array<ArrayBuffer>[] })
  | { readonly error: Error }
);

type Views = ReturnType<typeof viewsOf>;

/**
 * Makes an encoder of an ONNX network, which runs in a thread of its own while pictures are decoded. At most four
 * batches of pictures, or two more than there are cores, are in memory at a time, however slowly the results are taken.
 * @throws CovistaError `bad-format` when the network cannot be loaded or run; `bad-values` when the length of its
 *   outputs is not that of the blocks
 */
export async function createOnnxEncoder(settings: OnnxEncoderSettings): Promise<ImageEncoder> {
  const { id, views = 1 } = settings;
  const named = { ...settings, id: views === 1 ? id : `${id} ${views} views` };
  return openEncoder(named, await chooseRun(named));
}

async function chooseRun(settings: OnnxEncoderSettings): Promise<RunSettings> {
  const { id, model, measuring = {} } = settings;
  const { measure, name = id } = measuring;
  if (measure !== 'again') {
    const given = settingsFromEnvironment() ?? settings.run ?? (await measuredSettings(id));
    if (given !== undefined || measure === undefined) return given ?? {};
  }
  const record = await measureRuns({ id, name, model }, (run) => openEncoder(settings, run), measuring);
  await saveSpeed(record);
  return bestRun(record).settings;
}

async function openEncoder(settings: OnnxEncoderSettings, run: RunSettings): Promise<ImageEncoder> {
  const { id, model, input, outputs, preprocessing, blocks } = settings;
  const views = viewsOf(settings.views ?? 1);
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  const sessions = await PictureSessions.open({ model, input, outputs, preprocessing }, run);
  try {
    const blank = new Uint8Array(preprocessing.width * preprocessing.height * 3);
    const feature = await sessions.run([blank]);
    if (feature.length !== size) {
      throw new CovistaError(
        'bad-values',
        `${id}: the outputs ${outputs.join(', ')} have ${feature.length} numbers a picture, the blocks have ${size}.`,
      );
    }
  } catch (error) {
    await sessions.close();
    throw error;
  }
  const batchSize = sessions.fixedBatch > 0 ? sessions.fixedBatch : (run.batch ?? 1);
  return {
    id,
    size,
    blocks,
    encode: (pictures, options = {}) =>
      encode(sessions, { preprocessing, views, batchSize }, pictures, options),
    close: () => sessions.close(),
  };
}

async function* encode(
  sessions: PictureSessions,
  {
    preprocessing,
    views,
    batchSize,
  }: { readonly preprocessing: Preprocessing; readonly views: Views; readonly batchSize: number },
  pictures: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  { signal, onProgress }: WorkOptions,
): AsyncGenerator<EncodedPicture> {
  const total = Array.isArray(pictures) ? { total: pictures.length } : {};
  const source =
    Symbol.asyncIterator in pictures ? pictures[Symbol.asyncIterator]() : pictures[Symbol.iterator]();
  const decoding: Promise<Decoded>[] = [];
  const running: Promise<EncodedPicture[]>[] = [];
  const lookAhead = Math.max(batchSize * (sessions.count + 1), availableParallelism());
  let index = 0;
  let exhausted = false;
  let done = 0;
  try {
    while (!exhausted || decoding.length > 0 || running.length > 0) {
      throwIfAborted(signal);
      while (!exhausted && decoding.length < lookAhead) {
        const next = await source.next();
        if (next.done) exhausted = true;
        else decoding.push(decode(next.value, index++, preprocessing, views));
      }
      if (decoding.length > 0) {
        const batch = await Promise.all(decoding.splice(0, batchSize));
        const result = runBatch(sessions, batch, views, batchSize);
        // A failure is thrown when its turn comes; until then it is not unhandled.
        result.catch(() => undefined);
        running.push(result);
      }
      // One batch waits for each session besides the one that it works on.
      if (running.length >= 2 * sessions.count || decoding.length === 0) {
        const results = (await running.shift()) ?? [];
        for (const result of results) {
          throwIfAborted(signal);
          done++;
          yield result;
        }
        if (results.length > 0) onProgress?.({ stage: 'encode pictures', done, ...total, unit: 'pictures' });
      }
    }
  } finally {
    if (!exhausted) await source.return?.();
    await Promise.allSettled([...decoding, ...running]);
  }
}

async function decode(
  picture: string | Uint8Array,
  index: number,
  preprocessing: Preprocessing,
  views: Views,
): Promise<Decoded> {
  try {
    const name = typeof picture === 'string' ? picture : `Picture ${index}`;
    const size = views.length === 0 ? preprocessing : sizeForViews(preprocessing);
    const { pixels, width, height } = await decodePicture(picture, size, name);
    const inputs = views.length === 0 ? [pixels] : await cutViews(pixels, preprocessing, views);
    return { index, width, height, inputs };
  } catch (error) {
    return { index, error: error as Error };
  }
}

async function runBatch(
  sessions: PictureSessions,
  batch: readonly Decoded[],
  views: Views,
  batchSize: number,
): Promise<EncodedPicture[]> {
  const inputs = batch.flatMap((picture) => ('inputs' in picture ? picture.inputs : []));
  const parts: Promise<Float32Array>[] = [];
  for (let start = 0; start < inputs.length; start += batchSize)
    parts.push(sessions.run(inputs.slice(start, start + batchSize)));
  const rows = (await Promise.all(parts)).map((part, i) => {
    const count = Math.min(batchSize, inputs.length - i * batchSize);
    const size = part.length / count;
    return Array.from({ length: count }, (_, row) => part.subarray(row * size, (row + 1) * size));
  });
  const features = rows.flat();
  const each = Math.max(1, views.length);
  let next = 0;
  return batch.map((picture) => {
    if ('error' in picture) return { index: picture.index, error: picture.error };
    const own = features.slice(next, next + each);
    next += each;
    const feature = views.length === 0 ? own[0]!.slice() : averageViews(own, views);
    return { index: picture.index, feature, width: picture.width, height: picture.height };
  });
}
