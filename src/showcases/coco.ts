import { relative } from 'node:path';
import { CovistaError } from '../base/errors.ts';
import { type WorkOptions, workOf } from '../base/progress.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import { type Evaluation, evaluateModel, type TestSet } from '../experiments/evaluate.ts';
import { evaluateFolds, type FoldedQuality } from '../experiments/fold-evaluation.ts';
import { train } from '../learning/train.ts';
import type { TrainOptions } from '../learning/train-options.ts';
import type { Library } from '../library/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { selectRows } from '../linalg/matrix.ts';
import type { Model } from '../model/model.ts';
import { saveModel } from '../model/model-file.ts';
import { RECIPES, withSentences } from '../model/recipe.ts';
import { type Tag, tagFeatures } from '../model/tagging.ts';
import { captionsOf, libraryPairs } from '../pipeline/fit-library.ts';
import { type IndexResult, indexPictures } from '../pipeline/index-pictures.ts';
import { readCategories } from '../pipeline/read-categories.ts';
import { indexRow } from '../retrieval/index.ts';
import { pictureIndex, placePictures, search } from '../search/search.ts';
import { type CocoFolders, type CocoHalf, findCoco } from './coco-folders.ts';

/** What {@link runCoco} takes; with a sentence encoder, the text view is that and the bag of words. */
export interface CocoOptions extends TrainOptions {
  /** Folder in which the official archives were unpacked. */
  readonly root: string;
  /** 2014 or 2017; the one that is there, 2017 of both, when left out. */
  readonly year?: number;
}

/** One recipe: what it learned, and how well it does on the validation half. */
export interface CocoResult {
  readonly model: Model;
  /** Folds of 1,000 pictures, averaged; missing with fewer than 1,000 pictures. */
  readonly thousand: FoldedQuality | undefined;
  /** All pictures at once, 5,000 at most. */
  readonly all: Evaluation;
  readonly seconds: { readonly fit: number; readonly test: number };
}

/** A query in words, and the validation photos that it found, best first. */
interface CocoQuery {
  readonly words: string;
  readonly results: readonly { readonly path: string; readonly score: number }[];
}

/** A validation photo and the words it was given, best first. */
interface CocoTagging {
  readonly path: string;
  readonly captions: readonly string[];
  readonly tags: readonly (Tag & { readonly right: boolean })[];
}

/** Everything that the experiment found out. */
export interface CocoExperiment {
  readonly folders: CocoFolders;
  readonly indexed: { readonly train: IndexResult; readonly validation: IndexResult };
  /** Validation photos with captions. */
  readonly validationPictures: number;
  readonly ours: CocoResult;
  readonly article: CocoResult;
  readonly queries: readonly CocoQuery[];
  readonly taggings: readonly CocoTagging[];
}

/** The queries of the article's first figure. */
const QUERIES = ['a man playing tennis', 'a man jumping in the air on a skateboard'];

/** The field tests on 5,000 pictures with five captions each, at once ("5K") and in folds of 1,000 ("1K"). */
const LARGEST_TEST = 5000;
const FOLD = 1000;
const CAPTIONS = 5;

/** Photos found by a query, photos tagged, and tags of each, as the figures show them. */
const FOUND = 8;
const TAGGED = 12;
const TAGS = 6;

/**
 * The experiment that Covista started from, on the official folders of MS COCO: learns from the photos and captions of
 * train, tests on those of val, none of which is learned from, and compares with the plain recipe. Photos are
 * encoded into the library once; run again, it goes on where it was.
 * @param library of the encoder's features; its model becomes the default recipe's, so that it can be searched
 * @throws CovistaError `not-found` without the folders, `no-data` when a half has no photo with captions
 */
export async function runCoco(
  library: Library,
  encoder: ImageEncoder,
  options: CocoOptions,
): Promise<CocoExperiment> {
  const { engine } = options;
  const folders = findCoco(options.root, options.year);
  const index = ({ photos, captions }: CocoHalf) =>
    indexPictures(library, encoder, photos, { ...workOf(options), captions });
  const indexed = { train: await index(folders.train), validation: await index(folders.validation) };
  const training = await libraryPairs(library, await photosOf(library, folders.train));
  const validation = await validationSet(library, folders.validation, options);
  const run = async (recipe: (typeof RECIPES)[string]): Promise<CocoResult> => {
    const started = performance.now();
    const model = await train(training, recipe, options);
    const fitted = performance.now();
    const few = validation.paths.length < FOLD;
    options.onProgress?.({ stage: `test on ${validation.paths.length} pictures`, done: 0 });
    const thousand = few ? undefined : await evaluateFolds(model, validation, FOLD, 5, engine);
    const all = await evaluateModel(model, validation, engine);
    const seconds = { fit: (fitted - started) / 1000, test: (performance.now() - fitted) / 1000 };
    return { model, thousand, all, seconds };
  };
  const article = await run(RECIPES.article!);
  const ours = await run(options.sentences ? withSentences(RECIPES.default!) : RECIPES.default!);
  await saveModel(library.modelFile, ours.model);
  return {
    folders,
    indexed,
    validationPictures: validation.paths.length,
    ours,
    article,
    queries: await findPhotos(ours.model, validation, engine),
    taggings: await tagPhotos(ours, validation, engine),
  };
}

/** The paths of a half's photos that are in the library. */
async function photosOf(library: Library, { photos }: CocoHalf): Promise<Set<string>> {
  const paths = new Set<string>();
  for await (const batch of library.paths())
    for (const path of batch.paths) if (!relative(photos, path).startsWith('..')) paths.add(path);
  return paths;
}

/** Photos to test on, in the order of their names. */
interface ValidationSet extends TestSet {
  readonly paths: readonly string[];
}

/** The first 5,000 photos of a half with captions, by name, which in MS COCO says nothing of what they show. */
async function validationSet(library: Library, half: CocoHalf, work: WorkOptions): Promise<ValidationSet> {
  const words = await library.words();
  const captioned = [...(await photosOf(library, half))].filter((path) => words.has(path)).sort();
  const chosen = captioned.slice(0, LARGEST_TEST);
  if (chosen.length === 0)
    throw new CovistaError('no-data', `No photo of ${half.photos} has captions in ${half.captions}.`);
  const { paths, vectors } = await library.featuresOf(chosen);
  const rowOf = new Map(paths.map((path, i) => [path, i]));
  return {
    paths: chosen,
    features: selectRows(
      vectors,
      chosen.map((path) => rowOf.get(path)!),
    ),
    captions: chosen.map((path) => captionsOf(words.get(path)).slice(0, CAPTIONS)),
    categories: half.instances === undefined ? undefined : await readCategories(half.instances, chosen, work),
  };
}

async function findPhotos(
  model: Model,
  { paths, features }: ValidationSet,
  engine: Engine,
): Promise<CocoQuery[]> {
  const index = pictureIndex(await placePictures(model, { paths, vectors: features }, engine), engine);
  const found: CocoQuery[] = [];
  for (const words of QUERIES)
    found.push({ words, results: await search(index, model, { words }, FOUND, engine) });
  return found;
}

/** Tags of an even selection of the photos; right is a word in at least two of a photo's captions. */
async function tagPhotos(
  { model, all }: CocoResult,
  { paths, features, captions }: ValidationSet,
  engine: Engine,
): Promise<CocoTagging[]> {
  const shown = Math.min(TAGGED, paths.length);
  const chosen = Array.from({ length: shown }, (_, i) => Math.floor((i * paths.length) / shown));
  const tags = await tagFeatures(model, selectRows(features, chosen), TAGS, engine);
  return chosen.map((picture, i) => {
    const right = new Set(Array.from(indexRow(all.truth, picture), (id) => model.tags[id]!));
    return {
      path: paths[picture]!,
      captions: captions[picture]!,
      tags: tags[i]!.map((tag) => ({ ...tag, right: right.has(tag.word) })),
    };
  });
}
