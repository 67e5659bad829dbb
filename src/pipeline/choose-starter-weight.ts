import { fitRows, normalizeRows, project, scaleComponents } from '../cca/index.ts';
import { throwIfAborted } from '../errors.ts';
import { captionRanks } from '../evaluation/index.ts';
import { isSparse, joinRows, type Matrix32, type Rows, row, selectRows, zeros32 } from '../linalg/matrix.ts';
import { createRandom } from '../linalg/random.ts';
import type { TextEncoder } from '../text/index.ts';
import { extendTextEncoder } from './merge-starter.ts';
import { imageRows } from './model.ts';
import { featuresWhere, fitOptions, type PairSource } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';
import { type PairRows, type Placed, starterSubspace } from './starter-subspace.ts';
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

/** How often a pair of the starter may count beside an own pair, apart from once. */
const WEIGHTS = [0.3, 0.1, 0.03, 0.01, 0.003];

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
    { from: 'merged', weight: 1 },
    { from: 'starter', weight: 1 },
    { from: 'joined', weight: 1 },
    ...WEIGHTS.flatMap((weight): Candidate[] => [
      { from: 'merged', weight },
      { from: 'joined', weight },
    ]),
    { from: 'own', weight: 0 },
  ];
  const logRanks = await heldOutRanks(candidates, written, recipe, starter, options);
  const ranks = logRanks.map(mean);
  const lowest = ranks.indexOf(Math.min(...ranks));
  const best =
    ranks.at(-1)! < ranks[lowest]! + OWN_ENOUGH
      ? ranks.length - 1
      : logRanks.findIndex((some) => isAsGood(some, logRanks[lowest]!));
  const shown = candidates
    .map((candidate, i) => ({ candidate, rank: ranks[i]! }))
    .filter(({ candidate }, i) => i === best || candidate.from === 'starter' || candidate.from === 'own')
    .map(({ candidate, rank }) => `${nameOf(candidate)} ${Math.exp(rank).toFixed(2)}`);
  const name = nameOf(candidates[best]!);
  return {
    ...candidates[best]!,
    reason: `${name[0]!.toUpperCase()}${name.slice(1)}: chosen from ${candidates.length} by the mean rank on ${pictures} own pictures held out in turn (${shown.join(', ')}).`,
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
): Promise<number[][]> {
  const { engine, signal, onProgress } = options;
  const own = await ownPictures(pairs, recipe);
  const ownText = await fitTextEncoder(own, recipe, options);
  const union = extendTextEncoder(starter.model.text, ownText);
  const { folds, tested } = foldsFor(own.captions.length);
  const foldOf = foldsOf(own.captions, folds);
  const rows = own.captions.map((_, i) => i);
  const subspace = await starterSubspace(starter, await denseRows(own, rows, union), recipe, engine);
  const alone = await subspace.learn(1, undefined);
  const found = candidates.map((): number[] => []);
  for (let fold = 0; fold < tested; fold++) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'choose the weight of the starter', done: fold, total: tested });
    const part = (isHeld: boolean) => rows.filter((i) => (foldOf[i] === fold) === isHeld);
    const kept = await denseRows(own, part(false), union);
    const held = await denseRows(own, part(true), union);
    const byOwn = await placedByOwn(own, part(false), part(true), ownText, recipe, options);
    const rank = async (placed: Placed) => {
      const { images, texts } = placed;
      const { imageToText, textToImage } = await captionRanks(engine, images, texts, held.of);
      return pictureLogRanks(imageToText, textToImage, held.of);
    };
    let last = 0;
    let merged: Placed = byOwn;
    for (const [i, { from, weight }] of candidates.entries()) {
      if ((from === 'merged' || from === 'joined') && weight !== last) {
        merged = await (await subspace.learn(weight, kept))(held);
        last = weight;
      }
      if (from === 'starter') found[i]!.push(...(await rank(await alone(held))));
      else if (from === 'merged') found[i]!.push(...(await rank(merged)));
      else if (from === 'joined') found[i]!.push(...(await rank(joinPlaced(merged, byOwn))));
      else found[i]!.push(...(await rank(byOwn)));
    }
  }
  onProgress?.({ stage: 'choose the weight of the starter', done: tested, total: tested });
  return found;
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

function textRows({ captions }: OwnPictures, rows: readonly number[], text: TextEncoder): Promise<Rows[]> {
  return text.encode(rows.flatMap((i) => captions[i]!));
}

function pictureOf({ captions }: OwnPictures, rows: readonly number[]): Uint32Array {
  return Uint32Array.from(rows.flatMap((i, picture) => captions[i]!.map(() => picture)));
}

async function denseRows(own: OwnPictures, rows: readonly number[], text: TextEncoder): Promise<PairRows> {
  const images = selectRows(own.features, rows);
  return { images, texts: sideBySide(await textRows(own, rows, text)), of: pictureOf(own, rows) };
}

/** Places held-out pairs in the space that the others alone give. */
async function placedByOwn(
  own: OwnPictures,
  kept: readonly number[],
  held: readonly number[],
  text: TextEncoder,
  recipe: Recipe,
  { engine }: TrainOptions,
): Promise<Placed> {
  const images = { rows: selectRows(own.features, kept), of: pictureOf(own, kept) };
  const space = await fitRows([images, ...(await textRows(own, kept, text))], {
    ...fitOptions(recipe, own.encoder),
    engine,
  });
  const embed = async (view: number, rows: readonly Rows[]) =>
    normalizeRows(
      scaleComponents(await project(space, view, rows, { engine }), space.correlations, recipe.scaling),
    );
  return {
    images: await embed(0, [selectRows(own.features, held)]),
    texts: await embed(1, await textRows(own, held, text)),
  };
}

/** Embeddings side by side: cosines become the mean of both. */
function joinPlaced(one: Placed, other: Placed): Placed {
  return {
    images: normalizeRows(sideBySide([one.images, other.images])),
    texts: normalizeRows(sideBySide([one.texts, other.texts])),
  };
}

/** Blocks side by side as one dense matrix. */
function sideBySide(blocks: readonly Rows[]): Matrix32 {
  const columns = blocks.reduce((sum, block) => sum + block.columns, 0);
  const joined = zeros32(blocks[0]!.rows, columns);
  let start = 0;
  for (const block of blocks) {
    for (let i = 0; i < joined.rows; i++) {
      const to = i * columns + start;
      if (isSparse(block))
        for (let p = block.offsets[i]!; p < block.offsets[i + 1]!; p++)
          joined.data[to + block.indices[p]!] = block.values[p]!;
      else joined.data.set(row(block, i), to);
    }
    start += block.columns;
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
