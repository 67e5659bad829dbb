import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type EmojiSet, holdOut } from '../datasets/index.ts';
import { CovistaError } from '../errors.ts';
import type { ImageEncoder } from '../image/image-encoder.ts';
import { writeAtomically } from '../library/index.ts';
import { decodeSafetensors, encodeSafetensors } from '../linalg/index.ts';
import { type Matrix32, matrix, zeros32 } from '../linalg/matrix.ts';
import { cacheFolder } from '../models/cache.ts';
import type { WorkOptions } from '../progress.ts';
import type { Experiment } from './experiment.ts';

/** The artist whose drawings are tested on. */
const TEST_ARTIST = 'fluent-emoji-flat';

/** Share of the concepts that nobody's drawing of is learned from. */
const HELD_OUT = 0.2;

/**
 * Features of every drawing of the emoji set, kept in the cache folder so that a second run encodes nothing.
 * @returns one row a picture, in the order of `emoji.pictures`
 */
export async function emojiFeatures(
  emoji: EmojiSet,
  encoder: ImageEncoder,
  { signal, onProgress }: WorkOptions,
): Promise<Matrix32> {
  const n = emoji.pictures.length;
  const file = join(
    cacheFolder(),
    'features',
    `emoji-${encoder.id.replaceAll(/[^\w.-]+/g, '-')}.safetensors`,
  );
  const cached = await readCached(file, n, encoder.size);
  if (cached !== undefined) return cached;
  const features = zeros32(n, encoder.size);
  const svgs = emoji.pictures.map(({ svg }) => Buffer.from(svg));
  let done = 0;
  onProgress?.({ stage: 'encode pictures', done, total: n, unit: 'pictures' });
  for await (const result of encoder.encode(svgs, { signal })) {
    if ('error' in result) {
      const { concept, artist } = emoji.pictures[result.index]!;
      throw new CovistaError('bad-picture', `${emoji.concepts[concept]!.key} by ${artist} cannot be drawn.`, {
        cause: result.error,
      });
    }
    features.data.set(result.feature, result.index * encoder.size);
    onProgress?.({ stage: 'encode pictures', done: ++done, total: n, unit: 'pictures' });
  }
  await mkdir(dirname(file), { recursive: true });
  const tensor = { type: 'F32', shape: [n, encoder.size], data: features.data } as const;
  await writeAtomically(file, encodeSafetensors(new Map([['features', tensor]])));
  return features;
}

async function readCached(file: string, rows: number, columns: number): Promise<Matrix32 | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const tensor = decodeSafetensors(bytes, file).tensors.get('features');
  if (tensor?.type !== 'F32' || tensor.shape[0] !== rows || tensor.shape[1] !== columns) return undefined;
  return matrix(rows, columns, tensor.data);
}

/**
 * Two experiments on the emoji set, whose only caption is the list of a concept's words: learned from three artists
 * and tested on the drawings of the fourth; and learned from four fifths of the concepts by all artists and tested on
 * the fourth artist's drawings of the others, whose words may be known but whose picture nobody showed.
 */
export function emojiExperiments(
  emoji: EmojiSet,
  features: Matrix32,
  encoder: Experiment['encoder'],
  seed: number,
): { readonly unseenArtist: Experiment; readonly unseenConcepts: Experiment } {
  const captions = emoji.pictures.map(({ concept }) => [emoji.concepts[concept]!.words.join(', ')]);
  const rows = emoji.pictures.map((_, i) => i);
  const byTestArtist = (i: number) => emoji.pictures[i]!.artist === TEST_ARTIST;
  const held = new Set(holdOut(emoji.concepts.length, HELD_OUT, seed).held);
  const isHeld = (i: number) => held.has(emoji.pictures[i]!.concept);
  const common = { encoder, features, captions, validation: [] };
  return {
    unseenArtist: {
      ...common,
      train: rows.filter((i) => !byTestArtist(i)),
      test: rows.filter(byTestArtist),
    },
    unseenConcepts: {
      ...common,
      train: rows.filter((i) => !isHeld(i)),
      test: rows.filter((i) => isHeld(i) && byTestArtist(i)),
    },
  };
}
