import { readAnnotations, readNamedFeatures, readSplit, requireDisjoint } from '../datasets/index.ts';
import { CovistaError } from '../errors.ts';
import { type WorkOptions, workOf } from '../progress.ts';
import type { Experiment } from './experiment.ts';
import { captionsOf } from './fit-library.ts';
import { readCategories } from './read-categories.ts';

/** The files of an experiment on precomputed features. */
export interface ExperimentFiles {
  /** Features, one row a picture. */
  readonly imageFeatures: string;
  /** Picture names, one a line, in the order of the rows; a Parquet file may hold them itself. */
  readonly imageNames?: string | undefined;
  /** Captions in any known format. */
  readonly captions: string;
  /** What the pictures show, in any known format that has tags; see {@link readCategories}. */
  readonly categories?: string | undefined;
  /** Split files: one picture name a line. */
  readonly train: string;
  readonly validation?: string;
  readonly test: string;
}

/**
 * Reads an experiment from files.
 * @throws CovistaError `bad-values` when splits overlap or name pictures that have no feature, and as the readers
 */
export async function readExperiment(files: ExperimentFiles, work: WorkOptions = {}): Promise<Experiment> {
  const warn = (warning: string) => work.onProgress?.({ stage: 'read files', done: 0, warning });
  work.onProgress?.({ stage: 'read files', done: 0 });
  const { features, names } = await readNamedFeatures(files.imageFeatures, files.imageNames);
  const namesFile = files.imageNames ?? files.imageFeatures;
  const annotations = await readAnnotations(files.captions, workOf(work));
  for (const warning of annotations.warnings) warn(warning);
  const annotationOf = new Map(annotations.pictures.map((one) => [one.picture, one]));
  const captions = names.map((name) => captionsOf(annotationOf.get(name)));
  const without = names.filter((_, i) => captions[i]!.length === 0);
  if (without.length > 0)
    warn(
      `${without.length} pictures of ${namesFile} have no caption in ${files.captions}, ${without[0]} first.`,
    );

  const categories =
    files.categories === undefined ? undefined : await readCategories(files.categories, names, work);

  const rowOf = new Map(names.map((name, i) => [name, i]));
  const split = async (file: string | undefined) => {
    if (file === undefined) return { names: [] as readonly string[], rows: [] as number[] };
    const read = await readSplit(file);
    for (const warning of read.warnings) warn(warning);
    const missing = read.names.filter((name) => !rowOf.has(name));
    if (missing.length === read.names.length)
      throw new CovistaError('bad-values', `None of the pictures in ${file} is named in ${namesFile}.`, {
        hint: `The first one is ${missing[0]}; the names file begins with ${names[0]}.`,
      });
    if (missing.length > 0)
      warn(`${missing.length} pictures of ${file} have no features and are left out, ${missing[0]} first.`);
    return { names: read.names, rows: read.names.flatMap((name) => rowOf.get(name) ?? []) };
  };
  const [train, validation, test] = [
    await split(files.train),
    await split(files.validation),
    await split(files.test),
  ];
  requireDisjoint({ train: train.names, validation: validation.names, test: test.names });
  return {
    encoder: {
      id: `features:${files.imageFeatures}`,
      size: features.columns,
      blocks: [{ name: 'features', size: features.columns }],
    },
    features,
    captions,
    categories,
    train: train.rows,
    validation: validation.rows,
    test: test.rows,
  };
}
