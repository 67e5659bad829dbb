import { availableParallelism } from 'node:os';
import { CovistaError, throwIfAborted } from '../errors.ts';
import type { WorkOptions } from '../progress.ts';
import { type DecodedPicture, decodePicture } from './decode-picture.ts';
import type { EncodedPicture, FeatureBlock, ImageEncoder } from './image-encoder.ts';
import { OnnxSession } from './onnx-session.ts';
import type { Preprocessing } from './preprocessing.ts';

/** An ONNX network that makes features, and how pictures are fed to it. */
export interface OnnxEncoderSettings {
  /** Names the network, layers and preprocessing, so that features of two encoders are never mixed. */
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
   * Pictures that the network is given at once, 1 by default: as fast as 4 on an idle machine, and a quarter faster on
   * a busy one (docs/encoders.md).
   */
  readonly batchSize?: number;
  /** Threads that one operation of the network uses; the runtime takes one a core by default. */
  readonly threads?: number;
}

type Decoded = { readonly index: number } & (DecodedPicture | { readonly error: Error });

/** Batches that wait for the network besides the one it works on: enough that it never waits for decoding. */
const batchesAhead = 1;

/**
 * Makes an encoder of an ONNX network, which runs in a thread of its own while pictures are decoded. At most four
 * batches of pictures, or two more than there are cores, are in memory at a time, however slowly the results are taken.
 * @throws CovistaError `bad-format` when the network cannot be loaded or run; `bad-values` when the length of its
 *   outputs is not that of the blocks
 */
export async function createOnnxEncoder(settings: OnnxEncoderSettings): Promise<ImageEncoder> {
  const { id, model, input, outputs, preprocessing, blocks, threads } = settings;
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  const session = await OnnxSession.open({ model, input, outputs, preprocessing, threads });
  try {
    const blank = new Uint8Array(preprocessing.width * preprocessing.height * 3);
    const feature = await session.run([blank]);
    if (feature.length !== size) {
      throw new CovistaError(
        'bad-values',
        `${id}: the outputs ${outputs.join(', ')} have ${feature.length} numbers a picture, the blocks have ${size}.`,
      );
    }
  } catch (error) {
    await session.close();
    throw error;
  }
  const batchSize = session.fixedBatch > 0 ? session.fixedBatch : (settings.batchSize ?? 1);
  return {
    id,
    size,
    blocks,
    encode: (pictures, options = {}) => encode(session, preprocessing, batchSize, pictures, options),
    close: () => session.close(),
  };
}

async function* encode(
  session: OnnxSession,
  preprocessing: Preprocessing,
  batchSize: number,
  pictures: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  { signal, onProgress }: WorkOptions,
): AsyncGenerator<EncodedPicture> {
  const total = Array.isArray(pictures) ? { total: pictures.length } : {};
  const source =
    Symbol.asyncIterator in pictures ? pictures[Symbol.asyncIterator]() : pictures[Symbol.iterator]();
  const decoding: Promise<Decoded>[] = [];
  const running: Promise<EncodedPicture[]>[] = [];
  const lookAhead = Math.max(batchSize * 2, availableParallelism());
  let index = 0;
  let exhausted = false;
  let done = 0;
  try {
    while (!exhausted || decoding.length > 0 || running.length > 0) {
      throwIfAborted(signal);
      while (!exhausted && decoding.length < lookAhead) {
        const next = await source.next();
        if (next.done) exhausted = true;
        else decoding.push(decode(next.value, index++, preprocessing));
      }
      if (decoding.length > 0) {
        const batch = await Promise.all(decoding.splice(0, batchSize));
        const result = runBatch(session, batch);
        // A failure is thrown when its turn comes; until then it is not unhandled.
        result.catch(() => undefined);
        running.push(result);
      }
      if (running.length > batchesAhead || decoding.length === 0) {
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
): Promise<Decoded> {
  try {
    const name = typeof picture === 'string' ? picture : `Picture ${index}`;
    return { index, ...(await decodePicture(picture, preprocessing, name)) };
  } catch (error) {
    return { index, error: error as Error };
  }
}

async function runBatch(session: OnnxSession, batch: readonly Decoded[]): Promise<EncodedPicture[]> {
  const pixels = batch.flatMap((picture) => ('pixels' in picture ? [picture.pixels] : []));
  const features = pixels.length === 0 ? new Float32Array(0) : await session.run(pixels);
  const size = features.length / pixels.length;
  let row = 0;
  return batch.map((picture) => {
    if ('error' in picture) return { index: picture.index, error: picture.error };
    const feature = features.slice(row * size, (row + 1) * size);
    row++;
    return { index: picture.index, feature, width: picture.width, height: picture.height };
  });
}
