import { holdOut, type ReadOptions } from '../datasets/index.ts';
import { CovistaError } from '../errors.ts';
import type { Library } from '../library/index.ts';
import { matrix } from '../linalg/matrix.ts';
import type { Experiment } from './experiment.ts';
import { libraryPairs } from './fit-library.ts';
import { readCategories } from './read-categories.ts';

/** What is held out of a library, and what it is tested by. */
interface LibraryExperimentOptions {
  /** Share of the pictures to hold out, between 0 and 1. */
  readonly share: number;
  readonly seed: number;
  /** A file of what the pictures show; see {@link readCategories}. */
  readonly categories?: string | undefined;
}

/**
 * An experiment on a library's captioned pictures: a share of them, chosen by the seed, is held out to test on.
 * @throws CovistaError `no-data` with fewer than 10 captioned pictures, of which no number could be trusted
 */
export async function libraryExperiment(
  library: Library,
  { share, seed, categories }: LibraryExperimentOptions,
  work: ReadOptions = {},
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
  const { kept, held } = holdOut(n, share, seed);
  return {
    encoder: pairs.encoder,
    features: matrix(n, library.encoder.size, data),
    captions: pairs.captions,
    categories: categories === undefined ? undefined : await readCategories(categories, pairs.paths, work),
    pictures: pairs.paths,
    train: kept,
    validation: [],
    test: held,
  };
}
