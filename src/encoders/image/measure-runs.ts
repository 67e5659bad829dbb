import { stat } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import sharp from 'sharp';
import { throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { createRandom } from '../../base/random.ts';
import { executionProviders } from '../../onnx/run/execution-providers.ts';
import type { RunSettings } from '../../onnx/run/run-settings.ts';
import { machineName, type SpeedRecord } from '../../onnx/run/speed-record.ts';
import type { ImageEncoder } from './image-encoder.ts';

/** Copies of a network may take up this share of the memory with their weights. */
const MEMORY_SHARE = 1 / 8;

/** More copies than this were nowhere seen to pay. */
const MOST_SESSIONS = 8;

/** No further settings are tried after so many seconds; each round of one takes about so many. */
const SECONDS = 8;
const ROUND_SECONDS = 0.5;

const FEWEST_PICTURES = 4;
const MOST_PICTURES = 32;

/** A provider whose features are further than this from the processor's, by their cosine, is passed over. */
const SAME_FEATURES = 0.999;

/**
 * Measures how many pictures a second an encoder takes from JPEG files in several ways of running its network: one
 * session or several, single pictures or batches, the processor and whatever else the runtime finds here. Decoding is
 * part of it, since it needs the same cores.
 * @param open makes the encoder with given settings
 */
export async function measureRuns(
  encoder: { readonly id: string; readonly name: string; readonly model: string | Uint8Array },
  open: (run: RunSettings) => Promise<ImageEncoder>,
  { signal, onProgress }: WorkOptions = {},
): Promise<SpeedRecord> {
  const started = performance.now();
  const photos = await Promise.all(Array.from({ length: 4 }, (_, i) => samplePhoto(i + 1)));
  const bytes = typeof encoder.model === 'string' ? (await stat(encoder.model)).size : encoder.model.length;
  const settings = [...processorSettings(bytes), ...(await providerSettings())];
  const runs: SpeedRecord['runs'] = [];
  let expected: Float32Array | undefined;
  let count = FEWEST_PICTURES;
  for (const [i, run] of settings.entries()) {
    throwIfAborted(signal);
    if (runs.length > 0 && performance.now() - started > 1000 * SECONDS) break;
    onProgress?.({ stage: 'choose how to run the network', done: i, total: settings.length, unit: 'ways' });
    const opened = await open(run).catch(() => undefined);
    if (opened === undefined) continue;
    try {
      const { feature, seconds } = await timeEncoding(opened, photos, FEWEST_PICTURES);
      if (expected === undefined) {
        expected = feature;
        const fitting = Math.round((FEWEST_PICTURES * ROUND_SECONDS) / seconds);
        count = Math.max(FEWEST_PICTURES, Math.min(MOST_PICTURES, fitting));
      }
      if (cosine(feature, expected) < SAME_FEATURES) continue;
      const rounds = [
        await timeEncoding(opened, photos, count),
        await timeEncoding(opened, photos, count),
        await timeEncoding(opened, photos, count),
      ];
      const best = Math.min(...rounds.map((round) => round.seconds));
      runs.push({ settings: { ...run }, perSecond: count / best });
    } catch (error) {
      // What the runtime's own way cannot do, the encoder cannot either.
      if (i === 0) throw error;
    } finally {
      await opened.close();
    }
  }
  onProgress?.({
    stage: 'choose how to run the network',
    done: settings.length,
    total: settings.length,
    unit: 'ways',
  });
  return {
    id: encoder.id,
    name: encoder.name,
    machine: await machineName(),
    date: new Date().toISOString(),
    runs,
  };
}

/** The ways to share the cores, the runtime's own first. */
function processorSettings(bytes: number): RunSettings[] {
  const cores = availableParallelism();
  const copies = Math.floor((MEMORY_SHARE * totalmem()) / Math.max(1, bytes));
  const sessions = Math.min(cores, MOST_SESSIONS, copies);
  const settings: RunSettings[] = [{}, { batch: 4 }];
  if (sessions > 1) settings.push({ sessions, threads: 1 }, { sessions, threads: 1, batch: 4 });
  const half = Math.min(sessions, Math.floor(cores / 2));
  if (half > 1) settings.push({ sessions: half, threads: 2 });
  return settings;
}

async function providerSettings(): Promise<RunSettings[]> {
  const working = (await executionProviders()).filter(({ works }) => works);
  return working.flatMap(({ name }) => [
    { provider: name, batch: 8 },
    { provider: name, batch: 1 },
  ]);
}

/** Something as hard to decode as a photo: smooth patches of colour of all sizes, 640 x 480 pixels. */
async function samplePhoto(seed: number): Promise<Uint8Array> {
  const random = createRandom(seed);
  const [width, height] = [160, 120];
  const noise = Uint8Array.from({ length: 3 * width * height }, () => random.integer(256));
  return sharp(noise, { raw: { width, height, channels: 3 } })
    .resize(640, 480)
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** Encodes some photos over and over; also gives the feature of the first. */
async function timeEncoding(
  encoder: ImageEncoder,
  photos: readonly Uint8Array[],
  count: number,
): Promise<{ seconds: number; feature: Float32Array }> {
  const pictures = Array.from({ length: count }, (_, i) => photos[i % photos.length]!);
  let feature: Float32Array | undefined;
  const started = performance.now();
  for await (const result of encoder.encode(pictures)) {
    if ('error' in result) throw result.error;
    if (result.index === 0) feature = result.feature;
  }
  return { seconds: (performance.now() - started) / 1000, feature: feature! };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, energyA, energyB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    energyA += a[i]! * a[i]!;
    energyB += b[i]! * b[i]!;
  }
  // Two features of zeros are the same.
  return energyA === 0 && energyB === 0 ? 1 : product / Math.sqrt(energyA * energyB);
}
