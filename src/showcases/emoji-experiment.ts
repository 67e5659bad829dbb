import type { WorkOptions } from '../base/progress.ts';
import { type EmojiSet, holdOut } from '../datasets/index.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import type { Experiment } from '../experiments/experiment.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import { cachedFeatures } from './cached-features.ts';

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
  work: WorkOptions,
): Promise<Matrix32> {
  return cachedFeatures(
    'emoji',
    emoji.pictures.map(({ svg, concept, artist }) => ({
      name: `${emoji.concepts[concept]!.key} by ${artist}`,
      bytes: Buffer.from(svg),
    })),
    encoder,
    work,
  );
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
