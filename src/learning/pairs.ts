import { CovistaError, throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { fit } from '../cca/fit/fit.ts';
import { type FitOptions, fitRows, type IndexedRows, type JointSpace } from '../cca/index.ts';
import { productsFor } from '../cca/moments/add-options.ts';
import { Moments } from '../cca/moments/moments.ts';
import type { Engine } from '../linalg/engine.ts';
import { joinRows, type Matrix32, type Rows, selectRows } from '../linalg/matrix.ts';
import { imageRows, type Model } from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import type { TextEncoder } from '../text/index.ts';

/** Pictures and their words, to learn from. */
export interface PairSource {
  readonly encoder: Model['encoder'];
  /** The captions of each picture, at least one each, in the order in which `features` gives them. */
  readonly captions: readonly (readonly string[])[];
  /** The features of the same pictures, batch by batch. */
  features(): AsyncIterable<Matrix32> | Iterable<Matrix32>;
  /**
   * Whether a caption of the picture at a position is nothing but tags that somebody accepted, who was shown them: it says
   * which of a model's tags are right, not what it misses. None are when left out.
   */
  isAccepted?(position: number, caption: number): boolean;
}

/**
 * The numbers of the accepted captions among those of all pictures that are used.
 * @returns ascending; undefined when there are none
 */
export function acceptedCaptions(
  pairs: PairSource,
  isUsed: (position: number) => boolean = () => true,
): Uint32Array | undefined {
  const found: number[] = [];
  let first = 0;
  pairs.captions.forEach((some, position) => {
    if (!isUsed(position)) return;
    for (const caption of some.keys()) if (pairs.isAccepted?.(position, caption)) found.push(first + caption);
    first += some.length;
  });
  return found.length === 0 ? undefined : Uint32Array.from(found);
}

/** The moments of all pairs but a few that were held out, the moments of those, and their features. */
export interface PairMoments {
  readonly kept: Moments;
  readonly held: Moments;
  /** Features of the held-out pictures, in their order; none when nothing was held out. */
  readonly heldFeatures: Matrix32 | undefined;
}

/**
 * Adds up the moments of image features and of each text block in one pass over the features.
 * @param isHeld whether the picture at a position is held out
 */
export async function pairMoments(
  pairs: PairSource,
  recipe: Recipe,
  text: TextEncoder,
  isHeld: (position: number) => boolean,
  { engine, signal, onProgress }: WorkOptions & { readonly engine: Engine },
): Promise<PairMoments> {
  const sizes = [pairs.encoder.size, ...text.blocks.map((block) => block.size)];
  const kept = Moments.zero(sizes);
  const held = Moments.zero(sizes);
  const heldFeatures: Matrix32[] = [];
  const total = pairs.captions.length;
  let first = 0;
  const add = async (moments: Moments, features: Matrix32, rows: readonly number[]) => {
    if (rows.length === 0) return;
    const some = rows.length === features.rows ? features : selectRows(features, rows);
    const captions = rows.map((i) => pairs.captions[first + i]!);
    await moments.add(await paired(imageRows(recipe, some), captions, recipe, text), {
      engine,
      signal,
      products: productsFor(recipe.ridge),
    });
    if (moments === held) heldFeatures.push(some);
  };
  for await (const features of pairs.features()) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'add up moments', done: first, total, unit: 'pictures' });
    const rows = Array.from({ length: features.rows }, (_, i) => i);
    await add(
      kept,
      features,
      rows.filter((i) => !isHeld(first + i)),
    );
    await add(
      held,
      features,
      rows.filter((i) => isHeld(first + i)),
    );
    first += features.rows;
  }
  requireAll(pairs, first);
  onProgress?.({ stage: 'add up moments', done: total, total, unit: 'pictures' });
  return { kept, held, heldFeatures: heldFeatures.length === 0 ? undefined : joinRows(heldFeatures) };
}

/**
 * The features of some pictures only, batch by batch; batches without any are passed over.
 * @param isTaken whether the picture at a position is wanted
 */
export async function* featuresWhere(
  features: AsyncIterable<Matrix32> | Iterable<Matrix32>,
  isTaken: (position: number) => boolean,
): AsyncGenerator<Matrix32> {
  let first = 0;
  for await (const batch of features) {
    const rows = Array.from({ length: batch.rows }, (_, i) => i).filter((i) => isTaken(first + i));
    if (rows.length > 0) yield selectRows(batch, rows);
    first += batch.rows;
  }
}

/** The rows of one batch of pairs: each picture with its joined captions, or with each of them in turn. */
export async function paired(
  features: Matrix32,
  captions: readonly (readonly string[])[],
  recipe: Recipe,
  text: TextEncoder,
): Promise<(Rows | { rows: Rows; of: Uint32Array })[]> {
  if (recipe.unit === 'picture')
    return [features, ...(await text.encode(captions.map((some) => some.join(' '))))];
  const of = Uint32Array.from(captions.flatMap((some, picture) => some.map(() => picture)));
  return [{ rows: features, of }, ...(await text.encode(captions.flat()))];
}

/** How a recipe has CCA solved, on an image block and those of the text. */
export function fitOptions(recipe: Recipe, encoder: Model['encoder']): Omit<FitOptions, 'engine'> {
  return {
    views: [[0], recipe.text.map((_, i) => i + 1)],
    normalize: [recipe.normalize.image, ...recipe.text.map(() => recipe.normalize.text)],
    parts: [encoder.blocks.map((block) => block.size)],
    blockWeights: recipe.blockWeights,
    ridge: [...recipe.ridge],
    dimensions: recipe.dimensions,
  };
}

/** CCA of the moments of pairs, as the recipe asks for. */
export function solveRecipe(
  moments: Moments,
  recipe: Recipe,
  encoder: Model['encoder'],
  { engine, signal }: WorkOptions & { readonly engine: Engine },
): Promise<JointSpace> {
  return fit(moments, { ...fitOptions(recipe, encoder), engine, signal });
}

/** The rows of all pairs at once, for {@link solveRows}: an image block, whose rows captions share, and those of the text. */
export async function pairRows(
  pairs: PairSource,
  recipe: Recipe,
  text: TextEncoder,
  { signal }: WorkOptions,
): Promise<(Rows | IndexedRows)[]> {
  const parts: Matrix32[] = [];
  for await (const features of pairs.features()) {
    throwIfAborted(signal);
    parts.push(imageRows(recipe, features));
  }
  const features = joinRows(parts);
  requireAll(pairs, features.rows);
  return paired(features, pairs.captions, recipe, text);
}

/** CCA of the rows of pairs, as the recipe asks for: of few pairs much faster than from their moments. */
export function solveRows(
  rows: readonly (Rows | IndexedRows)[],
  recipe: Recipe,
  encoder: Model['encoder'],
  { engine, signal }: WorkOptions & { readonly engine: Engine },
): Promise<JointSpace> {
  return fitRows(rows, { ...fitOptions(recipe, encoder), engine, signal });
}

function requireAll({ captions }: PairSource, features: number): void {
  if (features !== captions.length)
    throw new CovistaError(
      'bad-values',
      `${captions.length} pictures have captions, but there are ${features} features.`,
    );
}
