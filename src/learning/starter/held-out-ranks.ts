import { throwIfAborted } from '../../base/errors.ts';
import { createRandom } from '../../base/random.ts';
import { evenSelection, shuffle } from '../../base/sampling.ts';
import { fitRows, normalizeRows, project, scaleComponents } from '../../cca/index.ts';
import { captionRanks } from '../../evaluation/index.ts';
import {
  isSparse,
  joinRows,
  type Matrix32,
  type Rows,
  row,
  selectRows,
  zeros32,
} from '../../linalg/matrix.ts';
import { selectSparseRows } from '../../linalg/sparse-rows.ts';
import { imageRows, type Model } from '../../model/model.ts';
import type { Recipe } from '../../model/recipe.ts';
import { featuresWhere, fitOptions, type PairSource } from '../pairs.ts';
import { fitTextEncoder } from '../text-view.ts';
import { captionGroups } from '../train.ts';
import type { TrainOptions } from '../train-options.ts';
import { extendTextEncoder, inStarterColumns } from './merge-starter.ts';
import type { Starter } from './starter.ts';
import type { StarterSpan } from './starter-span.ts';

/**
 * What a model is learned from: the `starter` alone, both `merged` into one space, that space `joined` with one of own
 * pairs alone, or `own` pairs alone.
 */
export interface Candidate {
  readonly from: 'starter' | 'merged' | 'joined' | 'own';
  /** How often each pair of the starter counts where it is merged. */
  readonly weight: number;
}

/** Pictures that are chosen on at most; an even selection of more. */
const MOST_CHOSEN_ON = 3000;

/** Many parts where pairs are few, as a model of few pairs misses each of them; one that is held out of thousands. */
function foldsFor(pictures: number): { readonly folds: number; readonly tested: number } {
  if (pictures < 300) return { folds: 5, tested: 5 };
  return { folds: 3, tested: pictures < 1000 ? 3 : 1 };
}

/**
 * For each candidate the logarithm of the rank of what belongs together, of each held-out picture: the mean of the
 * picture as a query and of its captions as queries.
 */
export async function heldOutRanks(
  candidates: readonly Candidate[],
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
  span: StarterSpan,
): Promise<readonly (readonly number[])[]> {
  const { signal, onProgress } = options;
  const weights = [
    ...new Set(candidates.filter(({ from }) => from === 'merged').map(({ weight }) => weight)),
  ];
  const report = (done: number) =>
    onProgress?.({ stage: 'choose the weight of the starter', done, total: weights.length + 1 });
  report(0);
  const folds = await heldOutFolds(pairs, recipe, starter, options, span);
  const found = candidates.map((): readonly number[] => []);
  const over = async (place: (fold: HeldOut) => Placed) => {
    const ranks: number[] = [];
    for (const fold of folds) {
      throwIfAborted(signal);
      ranks.push(...(await fold.logRanks(place(fold))));
    }
    return ranks;
  };
  const at = (from: Candidate['from'], weight: number) =>
    candidates.findIndex((one) => one.from === from && one.weight === weight);
  found[at('starter', 1)] = await over((fold) => fold.byStarter);
  found[at('own', 0)] = await over((fold) => fold.byOwn);
  for (const [done, weight] of weights.entries()) {
    report(done + 1);
    const merged = new Map<HeldOut, Placed>();
    await inPairs(folds, async (fold) => {
      throwIfAborted(signal);
      merged.set(fold, await fold.byMerged(weight));
    });
    found[at('merged', weight)] = await over((fold) => merged.get(fold)!);
    found[at('joined', weight)] = await over((fold) => joinPlaced(merged.get(fold)!, fold.byOwn));
  }
  report(weights.length + 1);
  return found;
}

/** Pairs that were held out, placed by what was learned from the others. */
interface HeldOut {
  readonly byStarter: Placed;
  readonly byOwn: Placed;
  /** By the starter and the others merged. */
  byMerged(weight: number): Promise<Placed>;
  /** What each picture's rank and those of its captions are. */
  logRanks(placed: Placed): Promise<number[]>;
}

async function heldOutFolds(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
  span: StarterSpan,
): Promise<HeldOut[]> {
  const { engine, signal } = options;
  const own = await ownPictures(pairs, recipe);
  const ownText = await fitTextEncoder(own, recipe, options);
  const union = extendTextEncoder(starter.model.text, ownText);
  const { folds, tested } = foldsFor(own.captions.length);
  const foldOf = foldsOf(own.captions, folds);
  const captions = own.captions.flat();
  const all = {
    starter: await starter.model.text.encode(captions),
    own: await ownText.encode(captions),
    union: await union.encode(captions),
  };
  const embed = async (
    { space }: Pick<Model, 'space'>,
    images: Rows,
    texts: readonly Rows[],
  ): Promise<Placed> => {
    const place = async (view: number, some: readonly Rows[]) =>
      normalizeRows(
        scaleComponents(await project(space, view, some, { engine }), space.correlations, recipe.scaling),
      );
    return { images: await place(0, [images]), texts: await place(1, texts) };
  };
  const byStarter = await embed(starter.model, own.features, all.starter);
  const learnFold = async (fold: number): Promise<HeldOut> => {
    throwIfAborted(signal);
    const kept = partOf(own.captions, (i) => foldOf[i] !== fold);
    const held = partOf(own.captions, (i) => foldOf[i] === fold);
    const alone = await fitRows(
      [
        { rows: selectRows(own.features, kept.pictures), of: kept.of },
        ...all.own.map((rows) => selectAny(rows, kept.captions)),
      ],
      { ...fitOptions(recipe, own.encoder), engine },
    );
    const byOwn = await embed({ space: alone }, own.features, all.own);
    const merged = await span.with(inStarterColumns(alone, ownText, union));
    const images = await merged.place(0, [own.features]);
    const texts = await merged.place(1, all.union);
    const moments = merged.none();
    await moments.add(
      [{ rows: selectRows(images, kept.pictures), of: kept.of }, selectRows(texts, kept.captions)],
      { engine },
    );
    const others = partPlaced({ images, texts }, held);
    return {
      byStarter: partPlaced(byStarter, held),
      byOwn: partPlaced(byOwn, held),
      byMerged: async (weight) =>
        embed({ space: await merged.learn(weight, moments) }, others.images, [others.texts]),
      async logRanks(where) {
        const { imageToText, textToImage } = await captionRanks(engine, where.images, where.texts, held.of);
        return pictureLogRanks(imageToText, textToImage, held.of);
      },
    };
  };
  return inPairs(
    Array.from({ length: tested }, (_, fold) => fold),
    learnFold,
  );
}

/** Works on two items at a time: while one waits for the engine, the other prepares what it needs. */
async function inPairs<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += 2)
    results.push(...(await Promise.all(items.slice(i, i + 2).map(work))));
  return results;
}

/** Some of the pictures, and all of their captions. */
interface Part {
  /** The numbers of the pictures. */
  readonly pictures: readonly number[];
  /** The numbers of their captions among those of all pictures. */
  readonly captions: readonly number[];
  /** For each of these captions the position of its picture among the part's. */
  readonly of: Uint32Array;
}

function partOf(captions: OwnPictures['captions'], isTaken: (picture: number) => boolean): Part {
  const pictures: number[] = [];
  const taken: number[] = [];
  const of: number[] = [];
  let first = 0;
  captions.forEach((some, picture) => {
    if (isTaken(picture)) {
      for (const i of some.keys()) {
        taken.push(first + i);
        of.push(pictures.length);
      }
      pictures.push(picture);
    }
    first += some.length;
  });
  return { pictures, captions: taken, of: Uint32Array.from(of) };
}

function partPlaced({ images, texts }: Placed, part: Part): Placed {
  return { images: selectRows(images, part.pictures), texts: selectRows(texts, part.captions) };
}

function selectAny(rows: Rows, numbers: readonly number[]): Rows {
  return isSparse(rows) ? selectSparseRows(rows, numbers) : selectRows(rows, numbers);
}

/** Pictures and their captions in a space. */
interface Placed {
  readonly images: Matrix32;
  readonly texts: Matrix32;
}

/** Own pictures in memory: features as the recipe takes them. */
interface OwnPictures extends Pick<PairSource, 'captions' | 'encoder'> {
  readonly features: Matrix32;
}

async function ownPictures(pairs: PairSource, recipe: Recipe): Promise<OwnPictures> {
  const isTaken = evenSelection(pairs.captions.length, MOST_CHOSEN_ON);
  const parts: Matrix32[] = [];
  for await (const some of featuresWhere(pairs.features(), isTaken)) parts.push(imageRows(recipe, some));
  const captions = pairs.captions.filter((_, i) => isTaken(i));
  return {
    encoder: pairs.encoder,
    features: joinRows(parts),
    captions: recipe.unit === 'picture' ? captions.map((some) => [some.join(' ')]) : captions,
  };
}

/** The fold of each picture; pictures of the same captions share one, so that no twin is learned from. */
function foldsOf(captions: OwnPictures['captions'], folds: number): number[] {
  const groups = captionGroups(captions);
  const order = shuffle(
    Array.from({ length: Math.max(...groups) + 1 }, (_, i) => i % folds),
    createRandom(1),
  );
  return Array.from(groups, (group) => order[group]!);
}

/** Embeddings side by side: cosines become the mean of both. */
function joinPlaced(one: Placed, other: Placed): Placed {
  return {
    images: normalizeRows(sideBySide(one.images, other.images)),
    texts: normalizeRows(sideBySide(one.texts, other.texts)),
  };
}

function sideBySide(one: Matrix32, other: Matrix32): Matrix32 {
  const joined = zeros32(one.rows, one.columns + other.columns);
  for (let i = 0; i < joined.rows; i++) {
    row(joined, i).set(row(one, i));
    row(joined, i).set(row(other, i), one.columns);
  }
  return joined;
}

/** The mean of the logarithms of each picture's rank and of its captions' ranks. */
function pictureLogRanks(
  pictures: ArrayLike<number>,
  captions: ArrayLike<number>,
  of: ArrayLike<number>,
): number[] {
  const sums = new Float64Array(pictures.length);
  const counts = new Float64Array(pictures.length);
  for (let i = 0; i < captions.length; i++) {
    sums[of[i]!]! += Math.log(captions[i]!);
    counts[of[i]!]! += 1;
  }
  return Array.from(pictures, (rank, i) => (Math.log(rank) + sums[i]! / counts[i]!) / 2);
}
