import { CovistaError, throwIfAborted } from '../base/errors.ts';
import { createRandom } from '../base/random.ts';
import { shuffle, twinGroups } from '../base/sampling.ts';
import {
  Moments,
  productsFor,
  type Selection,
  type SelectionFold,
  type SimilarityForm,
  type SpaceParameters,
  select,
} from '../cca/index.ts';
import { captionRanks, recallAt } from '../evaluation/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { joinRows, type Matrix32, selectRows } from '../linalg/matrix.ts';
import { imageRows } from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import { bankCorrection } from '../retrieval/index.ts';
import type { TextEncoder } from '../text/index.ts';
import { type PairSource, paired } from './pairs.ts';
import { fitTextEncoder } from './text-view.ts';
import type { TrainOptions } from './train-options.ts';

/** What {@link selectRecipe} takes. */
export interface SelectRecipeOptions extends TrainOptions {
  /** How many sets of pictures are held out in turn; 3 when left out, 5 of fewer than 2,000 pictures. */
  readonly folds?: number;
  /** Of the choice of the pictures held out; 1 when left out. */
  readonly seed?: number;
  /** No new candidate is begun after so many seconds; 120 when left out. */
  readonly seconds?: number;
  /** So many candidates are tried at most. */
  readonly candidates?: number;
  /** Forms of similarity to compare beside the recipe's cosine, which alone a {@link Recipe} can express. */
  readonly forms?: readonly SimilarityForm[];
}

/** The recipe that was chosen, and how. */
export interface SelectedRecipe {
  /** The given recipe with the chosen ridge, block weights, dimensions and scaling. */
  readonly recipe: Recipe;
  /** The curve; its scores are the mean of Recall@1, @5 and @10 in both directions on held-out pairs, in per cent. */
  readonly selection: Selection;
}

/** Pictures scored in a fold at most, so that recalls of small and large collections compare. */
const LARGEST_FOLD = 1000;

/** Pictures that tell hubs from others in a fold, each with one caption. */
const BANK = 1500;

/**
 * Chooses a recipe's ridge, dimensions, scaling and block weights by cross-validation on the training pairs, in one
 * pass over their features: see {@link select}. The vocabulary and its document frequencies are those of all pairs.
 * Pictures with the same captions are held out together, and one of them is scored.
 * @throws CovistaError `no-data` for fewer than ten pictures that differ in their captions
 */
export async function selectRecipe(
  pairs: PairSource,
  recipe: Recipe,
  options: SelectRecipeOptions,
): Promise<SelectedRecipe> {
  const { engine, seconds = 120, seed = 1, signal, onProgress } = options;
  const pictures = pairs.captions.length;
  const { folds = pictures < 2000 ? 5 : 3 } = options;
  const plan = planFolds(pairs.captions, folds, seed);
  const text = await fitTextEncoder(pairs, recipe, options);
  const { total, foldMoments, features } = await foldsInOnePass(pairs, plan, recipe, text, options);
  const parts = plan.scored.map((scored, fold) => foldItems(scored, plan.bank[fold]!, pairs, recipe));
  const selectionFolds: SelectionFold[] = [];
  for (const [fold, { rows, texts }] of parts.entries()) {
    const images = selectRows(
      features.rows,
      rows.map((row) => features.at.get(row)!),
    );
    selectionFolds.push({ moments: foldMoments[fold]!, items: [[images], await text.encode(texts)] });
  }
  const start: SpaceParameters = {
    ridge: recipe.ridge,
    blockWeights: recipe.blockWeights ?? [1, ...recipe.text.map(() => 1)],
    dimensions: recipe.dimensions,
    similarity: { form: 'cosine', power: recipe.scaling },
  };
  const selection = await select(total, selectionFolds, {
    engine,
    views: [[0], recipe.text.map((_, i) => i + 1)],
    normalize: [recipe.normalize.image, ...recipe.text.map(() => recipe.normalize.text)],
    parts: [pairs.encoder.blocks.map((block) => block.size)],
    start,
    forms: options.forms,
    seconds,
    candidates: options.candidates,
    signal,
    onProgress,
    score: ([images, texts], fold) => scoreFold(engine, images, texts, parts[fold]!, recipe),
  });
  const { parameters } = selection;
  return {
    recipe: {
      ...recipe,
      ridge: parameters.ridge,
      blockWeights: parameters.blockWeights,
      dimensions: parameters.dimensions,
      scaling: parameters.similarity.power,
    },
    selection,
  };
}

/** Which pictures are held out, scored, and used to tell hubs. */
interface FoldPlan {
  /** For each picture the fold it is held out in, or -1. */
  readonly foldOf: Int32Array;
  readonly scored: readonly (readonly number[])[];
  readonly bank: readonly (readonly number[])[];
}

function planFolds(captions: readonly (readonly string[])[], folds: number, seed: number): FoldPlan {
  const groups = twinGroups(captions.map((some) => some.join('\n')));
  const shuffled = shuffle(groups, createRandom(seed));
  const size = Math.min(LARGEST_FOLD, Math.floor(shuffled.length / 5));
  if (size < 2 || folds < 1 || folds * size > shuffled.length)
    throw new CovistaError('no-data', `${shuffled.length} pictures are too few to hold out ${folds} folds.`, {
      hint: 'Choose from ten pictures on, with at most 5 folds.',
    });
  const foldOf = new Int32Array(captions.length).fill(-1);
  const held = Array.from({ length: folds }, (_, fold) => shuffled.slice(fold * size, (fold + 1) * size));
  held.forEach((some, fold) => {
    for (const picture of some.flat()) foldOf[picture] = fold;
  });
  return {
    foldOf,
    scored: held.map((some) => some.map((group) => group[0]!)),
    bank: held.map((_, fold) =>
      shuffled
        .map((group) => group[0]!)
        .filter((picture) => foldOf[picture] !== fold)
        .slice(0, BANK),
    ),
  };
}

/** The moments of all pairs and of each fold, and the features of the pictures that are scored or tell hubs. */
async function foldsInOnePass(
  pairs: PairSource,
  plan: FoldPlan,
  recipe: Recipe,
  text: TextEncoder,
  { engine, signal, onProgress }: TrainOptions,
) {
  const sizes = [pairs.encoder.size, ...text.blocks.map((block) => block.size)];
  const rest = Moments.zero(sizes);
  const foldMoments = plan.scored.map(() => Moments.zero(sizes));
  const needed = new Set([...plan.scored.flat(), ...plan.bank.flat()]);
  const kept: Matrix32[] = [];
  const at = new Map<number, number>();
  const total = pairs.captions.length;
  let first = 0;
  for await (const batch of pairs.features()) {
    onProgress?.({ stage: 'add up moments', done: first, total, unit: 'pictures' });
    const rows = Array.from({ length: batch.rows }, (_, i) => i);
    for (const [fold, moments] of [[-1, rest] as const, ...foldMoments.entries()]) {
      throwIfAborted(signal);
      const own = rows.filter((i) => plan.foldOf[first + i] === fold);
      if (own.length === 0) continue;
      const captions = own.map((i) => pairs.captions[first + i]!);
      const features = imageRows(recipe, selectRows(batch, own));
      const products = productsFor(recipe.ridge);
      await moments.add(await paired(features, captions, recipe, text), { engine, signal, products });
    }
    const wanted = rows.filter((i) => needed.has(first + i));
    for (const i of wanted) at.set(first + i, at.size);
    if (wanted.length > 0) kept.push(imageRows(recipe, selectRows(batch, wanted)));
    first += batch.rows;
  }
  return {
    total: foldMoments.reduce((sum, moments) => sum.merge(moments), rest),
    foldMoments,
    features: { rows: joinRows(kept), at },
  };
}

/** The items of a fold: first those that are scored, then the bank that tells hubs. */
interface FoldItems {
  /** Pictures by their number among all. */
  readonly rows: readonly number[];
  readonly texts: readonly string[];
  /** The picture, among the scored ones, of each scored caption. */
  readonly pictureOf: Uint32Array;
  readonly scored: number;
}

function foldItems(
  scored: readonly number[],
  bank: readonly number[],
  pairs: PairSource,
  recipe: Recipe,
): FoldItems {
  const used = recipe.hubness ? bank : [];
  const captions = scored.map((picture) => pairs.captions[picture]!);
  return {
    rows: [...scored, ...used],
    texts: [...captions.flat(), ...used.map((picture) => pairs.captions[picture]![0]!)],
    pictureOf: Uint32Array.from(captions.flatMap((some, picture) => some.map(() => picture))),
    scored: scored.length,
  };
}

/** The mean of Recall@1, @5 and @10 in both directions, with hubs corrected where the recipe does so. */
async function scoreFold(
  engine: Engine,
  images: Matrix32,
  texts: Matrix32,
  { pictureOf, scored }: FoldItems,
  { hubness }: Recipe,
): Promise<number> {
  const pictures = rowRange(images, 0, scored);
  const captions = rowRange(texts, 0, pictureOf.length);
  const corrections = hubness && {
    images: await bankCorrection(engine, pictures, rowRange(texts, pictureOf.length, texts.rows), hubness),
    captions: await bankCorrection(engine, captions, rowRange(images, scored, images.rows), hubness),
  };
  const ranks = await captionRanks(engine, pictures, captions, pictureOf, corrections);
  const recalls = [1, 5, 10].flatMap((k) => [recallAt(ranks.imageToText, k), recallAt(ranks.textToImage, k)]);
  return recalls.reduce((sum, value) => sum + value, 0) / recalls.length;
}

/** Rows as a view of the same memory. */
function rowRange(m: Matrix32, from: number, to: number): Matrix32 {
  return { rows: to - from, columns: m.columns, data: m.data.subarray(from * m.columns, to * m.columns) };
}
