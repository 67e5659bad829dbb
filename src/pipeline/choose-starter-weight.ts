import { fitRows, normalizeRows, project, scaleComponents } from '../cca/index.ts';
import { throwIfAborted } from '../errors.ts';
import { captionRanks } from '../evaluation/index.ts';
import { joinRows, type Matrix32, type Rows, row, selectRows, zeros32 } from '../linalg/matrix.ts';
import { createRandom } from '../linalg/random.ts';
import type { TextEncoder } from '../text/index.ts';
import { extendTextEncoder, inStarterColumns } from './merge-starter.ts';
import { imageRows, type Model } from './model.ts';
import { featuresWhere, fitOptions, type PairSource } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';
import { type StarterSpan, starterSpan } from './starter-span.ts';
import { fitTextEncoder } from './text-view.ts';
import { captionGroups } from './train.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * What a model is learned from: the `starter` alone, both `merged` into one space, that space `joined` with one of own
 * pairs alone, or `own` pairs alone.
 */
export interface StarterChoice {
  readonly from: 'starter' | 'merged' | 'joined' | 'own';
  /** How often each pair of the starter counts where it is merged. */
  readonly weight: number;
  /** One line that says why. */
  readonly reason: string;
}

type Candidate = Omit<StarterChoice, 'reason'>;

/**
 * With fewer pictures of different words nothing can be chosen on them: they are added to the starter, whose pairs count this
 * much. It costs nothing where they are like the starter's, and is better than the whole weight where they are not. Where as
 * many have accepted tags only, the starter knows such pictures and counts once: on 79 photos of MS COCO, one of them with
 * words and ten with accepted tags, P@5 of the tags of the other photos is 31.0 instead of 28.4 (30.7 before it is taught).
 */
const CHOOSE_FROM = 20;
const FEW_WEIGHT = 0.1;

/** How often a pair of the starter may count beside an own pair; between them results differ by less than they vary. */
const WEIGHTS = [1, 0.1, 0.01];

/** Own pairs alone are taken where no mean rank is lower by more than this share: the simplest model, and well calibrated. */
const OWN_ENOUGH = 0.01;

/** Pictures that are chosen on at most; an even selection of more. */
const MOST_CHOSEN_ON = 3000;

/**
 * Chooses how much of a starter to learn from beside own pairs by the mean logarithm of the rank of what belongs
 * together, on own pairs held out in turn; pictures of the same words are held out together. Accepted tags are no such
 * pairs: the starter gave them itself. Of what differs from the best by less than a standard error of the difference,
 * picture by picture, that with most of the starter is taken (after the one-standard-error rule of Breiman et al.,
 * "Classification and Regression Trees", 1984, section 3.4.3): few pairs cannot show that the starter is to be forgotten.
 */
export async function chooseStarterWeight(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
  span: StarterSpan = starterSpan(starter, recipe, options.engine),
): Promise<StarterChoice> {
  if (pairs.captions.length === 0)
    return { from: 'starter', weight: 1, reason: 'Starter only: no picture of the library has words.' };
  const written = withoutAccepted(pairs);
  const pictures = written.captions.length;
  const different = new Set(captionGroups(written.captions)).size;
  if (different < CHOOSE_FROM) {
    const accepted = pairs.captions.length - pictures;
    const weight = accepted >= pictures ? 1 : FEW_WEIGHT;
    const others = accepted > 0 ? ', the others accepted tags' : '';
    const reason = `Starter x ${weight} and ${pairs.captions.length} own pictures: too few (${different}) have different words of their own to choose a weight on${others}.`;
    return { from: 'merged', weight, reason };
  }
  // Where nothing differs, own pairs that count like the starter's: they do no harm, and their words become known.
  const candidates: Candidate[] = [
    ...WEIGHTS.flatMap((weight): Candidate[] => [
      { from: 'merged', weight },
      ...(weight === 1 ? [{ from: 'starter', weight } as const] : []),
      { from: 'joined', weight },
    ]),
    { from: 'own', weight: 0 },
  ];
  const logRanks = await heldOutRanks(candidates, written, recipe, starter, options, span);
  const tried = candidates.map((candidate, i) => ({
    candidate,
    logRanks: logRanks[i]!,
    rank: mean(logRanks[i]!),
  }));
  const lowest = tried.reduce((one, other) => (other.rank < one.rank ? other : one));
  const own = tried.at(-1)!;
  const best =
    own.rank < lowest.rank + OWN_ENOUGH
      ? own
      : tried.find(({ logRanks }) => isAsGood(logRanks, lowest.logRanks))!;
  const shown = tried
    .filter((one) => one === best || one.candidate.from === 'starter' || one.candidate.from === 'own')
    .map(({ candidate, rank }) => `${nameOf(candidate)} ${Math.exp(rank).toFixed(2)}`);
  const name = nameOf(best.candidate);
  return {
    ...best.candidate,
    reason: `${name[0]!.toUpperCase()}${name.slice(1)}: chosen from ${tried.length} by the mean rank on ${pictures} own pictures held out in turn (${shown.join(', ')}).`,
  };
}

function nameOf({ from, weight }: Candidate): string {
  if (from === 'merged') return `starter x ${weight} and own`;
  if (from === 'joined') return `starter x ${weight} and own, joined with own`;
  return `${from} only`;
}

/** Many parts where pairs are few, as a model of few pairs misses each of them; one that is held out of thousands. */
function foldsFor(pictures: number): { readonly folds: number; readonly tested: number } {
  if (pictures < 300) return { folds: 5, tested: 5 };
  return { folds: 3, tested: pictures < 1000 ? 3 : 1 };
}

/** The pictures that have words of their own, not only accepted tags. */
function withoutAccepted(pairs: PairSource): PairSource {
  const isWritten = (position: number) =>
    pairs.captions[position]!.some((_, caption) => !pairs.isAccepted?.(position, caption));
  if (pairs.captions.every((_, i) => isWritten(i))) return pairs;
  return {
    encoder: pairs.encoder,
    captions: pairs.captions.filter((_, i) => isWritten(i)),
    async *features() {
      yield* featuresWhere(pairs.features(), isWritten);
    },
  };
}

/** Whether means of paired numbers differ by no more than the standard error of their difference. */
function isAsGood(some: readonly number[], best: readonly number[]): boolean {
  const differences = some.map((value, i) => value - best[i]!);
  const difference = mean(differences);
  const variance = mean(differences.map((value) => (value - difference) ** 2));
  return difference <= Math.sqrt(variance / differences.length);
}

/**
 * For each candidate the logarithm of the rank of what belongs together, of each held-out picture: the mean of the
 * picture as a query and of its captions as queries.
 */
async function heldOutRanks(
  candidates: readonly Candidate[],
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
  span: StarterSpan,
): Promise<readonly (readonly number[])[]> {
  const { signal, onProgress } = options;
  const report = (done: number) =>
    onProgress?.({ stage: 'choose the weight of the starter', done, total: WEIGHTS.length + 1 });
  report(0);
  const folds = await heldOutFolds(pairs, recipe, starter, options, span);
  const found = candidates.map((): readonly number[] => []);
  const over = async (place: (fold: HeldOut) => Promise<Placed> | Placed) => {
    const ranks: number[] = [];
    for (const fold of folds) {
      throwIfAborted(signal);
      ranks.push(...(await fold.logRanks(await place(fold))));
    }
    return ranks;
  };
  const at = (from: StarterChoice['from'], weight: number) =>
    candidates.findIndex((one) => one.from === from && one.weight === weight);
  found[at('starter', 1)] = await over((fold) => fold.byStarter);
  found[at('own', 0)] = await over((fold) => fold.byOwn);
  for (const [done, weight] of WEIGHTS.entries()) {
    report(done + 1);
    const merged = new Map<HeldOut, Placed>();
    for (const fold of folds) {
      throwIfAborted(signal);
      merged.set(fold, await fold.byMerged(weight));
    }
    found[at('merged', weight)] = await over((fold) => merged.get(fold)!);
    found[at('joined', weight)] = await over((fold) => joinPlaced(merged.get(fold)!, fold.byOwn));
  }
  report(WEIGHTS.length + 1);
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
  const rows = own.captions.map((_, i) => i);
  const embed = async ({ space }: Pick<Model, 'space'>, { images, texts }: PairRows): Promise<Placed> => {
    const place = async (view: number, some: readonly Rows[]) =>
      normalizeRows(
        scaleComponents(await project(space, view, some, { engine }), space.correlations, recipe.scaling),
      );
    return { images: await place(0, images), texts: await place(1, texts) };
  };
  const result: HeldOut[] = [];
  for (let fold = 0; fold < tested; fold++) {
    throwIfAborted(signal);
    const kept = rows.filter((i) => foldOf[i] !== fold);
    const held = rows.filter((i) => foldOf[i] === fold);
    const of = pictureOf(own, held);
    const learned = await pairRows(own, kept, ownText);
    const alone = await fitRows([{ rows: learned.images[0]!, of: pictureOf(own, kept) }, ...learned.texts], {
      ...fitOptions(recipe, own.encoder),
      engine,
    });
    const merged = await span.with(inStarterColumns(alone, ownText, union));
    const placed = async (some: PairRows) => ({
      images: [await merged.place(0, some.images)],
      texts: [await merged.place(1, some.texts)],
    });
    const moments = merged.none();
    const { images, texts } = await placed(await pairRows(own, kept, union));
    await moments.add([{ rows: images[0]!, of: pictureOf(own, kept) }, texts[0]!], { engine });
    const others = await placed(await pairRows(own, held, union));
    result.push({
      byStarter: await embed(starter.model, await pairRows(own, held, starter.model.text)),
      byOwn: await embed({ space: alone }, await pairRows(own, held, ownText)),
      byMerged: async (weight) => embed({ space: await merged.learn(weight, moments) }, others),
      async logRanks(where) {
        const { imageToText, textToImage } = await captionRanks(engine, where.images, where.texts, of);
        return pictureLogRanks(imageToText, textToImage, of);
      },
    });
  }
  return result;
}

/** Features of pictures and of their captions, block by block. */
interface PairRows {
  readonly images: readonly Rows[];
  readonly texts: readonly Rows[];
}

/** Pictures and texts in a joint space, rows of unit length. */
interface Placed {
  readonly images: Matrix32;
  readonly texts: Matrix32;
}

/** Own pictures in memory: features as the recipe takes them. */
interface OwnPictures extends Pick<PairSource, 'captions' | 'encoder'> {
  readonly features: Matrix32;
}

async function ownPictures(pairs: PairSource, recipe: Recipe): Promise<OwnPictures> {
  const step = Math.ceil(pairs.captions.length / MOST_CHOSEN_ON);
  const isTaken = (position: number) => position % step === 0;
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
  const random = createRandom(1);
  const order = Array.from({ length: Math.max(...groups) + 1 }, (_, i) => i % folds);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return Array.from(groups, (group) => order[group]!);
}

function pictureOf({ captions }: OwnPictures, rows: readonly number[]): Uint32Array {
  return Uint32Array.from(rows.flatMap((i, picture) => captions[i]!.map(() => picture)));
}

async function pairRows(own: OwnPictures, rows: readonly number[], text: TextEncoder): Promise<PairRows> {
  return {
    images: [selectRows(own.features, rows)],
    texts: await text.encode(rows.flatMap((i) => own.captions[i]!)),
  };
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

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
