import { CovistaError } from '../base/errors.ts';
import {
  type Annotations,
  lostRows,
  matchAnnotations,
  officialSplits,
  type ReadOptions,
  readAnnotations,
  readNamedFeatures,
  readSplit,
  requireDisjoint,
} from '../datasets/index.ts';
import type { Experiment } from '../experiments/experiment.ts';
import { captionsOf } from './fit-library.ts';
import { readCategories } from './read-categories.ts';

/** The files of an experiment on precomputed features. */
export interface ExperimentFiles {
  /** Features, one row a picture, or one column. */
  readonly imageFeatures: string;
  /**
   * Picture names, one a line, in the order of the rows; a Parquet file may hold them itself, and features that belong
   * to one of Karpathy's data sets are in the order of its images.
   */
  readonly imageNames?: string | undefined;
  /** Whether a picture is a row or a column of the features; the side that is as long as the list of names if left out. */
  readonly picturesIn?: 'rows' | 'columns' | undefined;
  /** Captions in any known format. */
  readonly captions: string;
  /** What the pictures show, in any known format that has tags; see {@link readCategories}. */
  readonly categories?: string | undefined;
  /** Split files: one picture name a line. The splits of the captions, as Karpathy's have them, for what is left out. */
  readonly train?: string | undefined;
  readonly validation?: string | undefined;
  readonly test?: string | undefined;
}

/** Pictures of one split, and where they come from. */
interface SplitNames {
  readonly source: string;
  readonly names: readonly string[];
}

/**
 * Reads an experiment from files.
 * @param reading how to read the captions, where they leave a choice
 * @throws CovistaError `bad-values` when splits overlap or name pictures that have no feature, `usage` when there are no
 *   splits, and as the readers
 */
export async function readExperiment(files: ExperimentFiles, reading: ReadOptions = {}): Promise<Experiment> {
  const warn = (warning: string | undefined) => {
    if (warning !== undefined) reading.onProgress?.({ stage: 'read files', done: 0, warning });
  };
  reading.onProgress?.({ stage: 'read files', done: 0 });
  const annotations = await readAnnotations(files.captions, reading);
  for (const warning of annotations.warnings) warn(warning);
  warn(lostRows(files.captions, annotations.rows));
  const inOrder = annotations.format === 'karpathy' && !/\.parquet$/i.test(files.imageFeatures);
  const { features, names, warning } = await readNamedFeatures(
    files.imageFeatures,
    files.imageNames ?? (inOrder ? annotations.pictures.map(({ picture }) => picture) : undefined),
    { picturesIn: files.picturesIn },
  );
  warn(warning);
  const namesFile = files.imageNames ?? files.imageFeatures;
  const match = matchAnnotations(names, annotations.pictures);
  for (const ambiguous of match.ambiguous) warn(ambiguous);
  const captions = match.annotations.map(captionsOf);
  const without = names.filter((_, i) => captions[i]!.length === 0);
  if (without.length > 0)
    warn(
      `${without.length} pictures of ${namesFile} have no caption in ${files.captions}, ${without[0]} first.`,
    );

  const { format: _, captionColumn: __, ...sameTable } = reading;
  const categories =
    files.categories === undefined ? undefined : await readCategories(files.categories, names, sameTable);

  const splits = await splitsOf(files, annotations, warn);
  const rows = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  for (const [split, { source, names: wanted }] of Object.entries(splits)) {
    const found = rowsOf(wanted, names);
    const missing = wanted.filter((name) => !found.has(name));
    if (missing.length > 0 && missing.length === wanted.length)
      throw new CovistaError('bad-values', `None of the pictures in ${source} is named in ${namesFile}.`, {
        hint: `The first one is ${missing[0]}; the names begin with ${names[0]}.`,
      });
    if (missing.length > 0)
      warn(`${missing.length} pictures of ${source} have no features and are left out, ${missing[0]} first.`);
    rows[split as keyof typeof rows] = [...found.values()];
  }
  const named = (of: readonly number[]) => of.map((row) => names[row]!);
  requireDisjoint({ train: named(rows.train), validation: named(rows.validation), test: named(rows.test) });
  return {
    encoder: {
      id: `features:${files.imageFeatures}`,
      size: features.columns,
      blocks: [{ name: 'features', size: features.columns }],
    },
    features,
    captions,
    categories,
    ...rows,
  };
}

/** The splits in the files that are named, or else those of the captions. */
async function splitsOf(
  files: ExperimentFiles,
  annotations: Annotations,
  warn: (warning: string) => void,
): Promise<Record<'train' | 'validation' | 'test', SplitNames>> {
  const official = officialSplits(annotations);
  const split = async (file: string | undefined, names: readonly string[]): Promise<SplitNames> => {
    if (file === undefined) return { source: files.captions, names };
    const read = await readSplit(file);
    for (const warning of read.warnings) warn(warning);
    return { source: file, names: read.names };
  };
  const missing = (['train', 'test'] as const).filter((name) => {
    const names = name === 'test' ? [...official.test, ...official.validation] : official.train;
    return files[name] === undefined && names.length === 0;
  });
  if (missing.length > 0)
    throw new CovistaError(
      'usage',
      `${files.captions} has no split to ${missing.includes('train') ? 'learn from' : 'test on'}.`,
      { hint: `Name the pictures: ${missing.map((name) => `--${name} <file>`).join(', ')}, one a line.` },
    );
  // MS COCO as published has no captions for its test pictures: the field tests on val.
  const isTestedOnValidation = files.test === undefined && official.test.length === 0;
  if (isTestedOnValidation) warn(`${files.captions} has no test split: its validation split is tested on.`);
  return {
    train: await split(files.train, official.train),
    validation: await split(files.validation, isTestedOnValidation ? [] : official.validation),
    test: await split(files.test, isTestedOnValidation ? official.validation : official.test),
  };
}

/** The row of each picture, by its name in a split. */
function rowsOf(wanted: readonly string[], names: readonly string[]): Map<string, number> {
  const named = wanted.map((picture) => ({ picture, captions: [], tags: [] }));
  const rows = new Map<string, number>();
  for (const [row, one] of matchAnnotations(names, named).annotations.entries())
    if (one !== undefined) rows.set(one.picture, row);
  // In the order of the split, whatever that of the features is.
  return new Map(wanted.flatMap((name) => (rows.has(name) ? [[name, rows.get(name)!]] : [])));
}
