import { CovistaError } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { createRandom } from '../base/random.ts';
import { shuffle, twinGroups } from '../base/sampling.ts';
import type { Experiment } from '../experiments/experiment.ts';
import type { Library } from '../library/index.ts';
import { matrix } from '../linalg/matrix.ts';
import { libraryPairs } from './fit-library.ts';
import { readCategories } from './read-categories.ts';

/** Fewer different sets of words than this name classes, which are to be recognised: their pictures are no twins. */
const CLASSES = 20;

/** What is held out of a library, and what it is tested by. */
interface LibraryExperimentOptions {
  /** Share of the pictures to hold out, between 0 and 1. */
  readonly share: number;
  readonly seed: number;
  /** A file of what the pictures show; see {@link readCategories}. */
  readonly categories?: string | undefined;
}

/**
 * An experiment on a library's captioned pictures: a share of them, chosen by the seed, is held out to test on, pictures of
 * the same words together: were a twin learned from, its caption would be found by heart. Pictures that have only tags
 * which a model gave and somebody accepted are learned from, not tested on.
 * @throws CovistaError `no-data` with fewer than 10 captioned pictures, of which no number could be trusted, and where
 * too many have the same words
 */
export async function libraryExperiment(
  library: Library,
  { share, seed, categories }: LibraryExperimentOptions,
  work: WorkOptions = {},
): Promise<Experiment> {
  const pairs = await libraryPairs(library);
  const n = pairs.captions.length;
  if (n < 10)
    throw new CovistaError('no-data', `Only ${n} pictures of the library in ${library.folder} have words.`, {
      hint: 'At least 10 are needed to measure anything; index pictures with captions or tags.',
    });
  const data = new Float32Array(n * library.encoder.size);
  let at = 0;
  for await (const batch of pairs.features()) {
    data.set(batch.data, at);
    at += batch.data.length;
  }
  const isWritten = (row: number) => pairs.captions[row]!.some((_, i) => !pairs.isAccepted?.(row, i));
  const held = heldOutWithTwins(pairs.captions, share, seed, isWritten);
  if (held.size === 0)
    throw new CovistaError(
      'no-data',
      `No pictures of the library in ${library.folder} can be held out: too few have words that differ from all others'.`,
      {
        hint: 'Pictures of the same words are held out together; index pictures with other words, or hold out more.',
      },
    );
  const rows = Array.from({ length: n }, (_, i) => i);
  return {
    encoder: pairs.encoder,
    features: matrix(n, library.encoder.size, data),
    captions: pairs.captions,
    categories: categories === undefined ? undefined : await readCategories(categories, pairs.paths, work),
    pictures: pairs.paths,
    isAccepted: pairs.isAccepted,
    train: rows.filter((i) => !held.has(i)),
    validation: [],
    test: rows.filter((i) => held.has(i)),
  };
}

/**
 * Draws pictures until a share of them is held out, those of the same words at once. Letter case and the order of words do
 * not make words different. Where there are but a few sets of words, pictures are drawn one by one.
 */
function heldOutWithTwins(
  captions: readonly (readonly string[])[],
  share: number,
  seed: number,
  isTested: (row: number) => boolean,
): Set<number> {
  const words = captions.map((some) =>
    some
      .map((caption) =>
        caption
          .toLowerCase()
          .split(/[\s\p{P}]+/u)
          .filter(Boolean)
          .sort()
          .join(' '),
      )
      .sort(),
  );
  const twins = twinGroups(words.map((some) => some.join('\n')));
  const parted = twins.length < CLASSES ? captions.map((_, row) => [row]) : twins;
  const groups = shuffle(
    parted.filter((rows) => rows.every(isTested)),
    createRandom(seed),
  );
  const most = Math.max(1, Math.round(captions.length * share));
  const held = new Set<number>();
  for (const rows of groups) if (held.size + rows.length <= most) for (const row of rows) held.add(row);
  return held;
}
