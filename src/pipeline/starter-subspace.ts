import { planViews } from '../cca/fit-options.ts';
import { fit, Moments, normalizeRows, project, scaleComponents } from '../cca/index.ts';
import { covarianceOf, meanDiagonal } from '../cca/view-covariance.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, type Matrix64, zeros32, zeros64 } from '../linalg/matrix.ts';
import { fitOptions } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';

/** Directions that hold less than this share of the longest one's square are left out. */
const DEPENDENT = 1e-8;

/** Own rows that give directions; an even selection of more. */
const MOST_OWN = 400;

/** Pairs: pictures, and texts, each of which belongs to one of the pictures. */
export interface PairRows {
  /** One row a picture. */
  readonly images: Matrix32;
  /** One row a text, its blocks side by side. */
  readonly texts: Matrix32;
  /** The picture of each text. */
  readonly of: Uint32Array;
}

/** Pictures and texts in a joint space, rows of unit length. */
export type Placed = Pick<PairRows, 'images' | 'texts'>;

/** A starter and own pairs in a few hundred coordinates. */
export interface StarterSubspace {
  /**
   * Learns from the starter, each of whose pairs counts `weight` times, and from own pairs.
   * @param pairs none: the starter alone
   * @returns places pairs
   */
  learn(weight: number, pairs: PairRows | undefined): Promise<(pairs: PairRows) => Promise<Placed>>;
}

/**
 * Merges a starter with own pairs again and again, in a fraction of a second: to choose by, not to search with.
 *
 * The weights of a regularised CCA lie in the span of the rows that were learned from. For the starter's, its own
 * canonical directions stand in; with the own rows they span a few hundred dimensions, in which CCA is solved (a
 * Rayleigh-Ritz projection). Columns keep the scale that they have in the starter.
 * @param own all own pairs, held-out ones too: they only give directions; text columns begin with those of the starter
 */
export async function starterSubspace(
  { moments, model }: Pick<Starter, 'moments' | 'model'>,
  own: PairRows,
  recipe: Recipe,
  engine: Engine,
): Promise<StarterSubspace> {
  const plans = planViews(moments.sizes, (block) => moments.variances(block), {
    engine,
    ...fitOptions(recipe, model.encoder),
  });
  const views: { basis: Matrix64; ridge: number; place: (rows: Matrix32) => Promise<Matrix32> }[] = [];
  for (const [view, plan] of plans.entries()) {
    const { mean, weights } = model.space.views[view]!;
    const rows = [own.images, own.texts][view]!;
    // A word that the starter never saw is scaled like its neighbours, which share one factor.
    const usual = plan.scales.at(-1)!;
    const scale = (c: number) => plan.scales[c] ?? usual;
    const centred = (some: Matrix32): Matrix32 => {
      const result = zeros32(some.rows, some.columns);
      for (let i = 0, at = 0; i < some.rows; i++)
        for (let c = 0; c < some.columns; c++, at++)
          result.data[at] = (some.data[at]! - (mean[c] ?? 0)) * scale(c);
      return result;
    };
    const step = Math.ceil(rows.rows / MOST_OWN);
    const some = centred(rows);
    const taken = Array.from({ length: some.rows }, (_, i) => i).filter((i) => i % step === 0);
    const k = weights.columns;
    // Own rows as they are, and what of them are columns that the starter does not have.
    const directions = zeros64(rows.columns, k + 2 * taken.length);
    for (let c = 0; c < rows.columns; c++) {
      const at = c * directions.columns;
      const isNew = c >= weights.rows;
      if (!isNew && scale(c) > 0)
        for (let j = 0; j < k; j++) directions.data[at + j] = weights.data[c * k + j]! / scale(c);
      taken.forEach((i, j) => {
        const value = some.data[i * rows.columns + c]!;
        directions.data[at + k + j] = value;
        if (isNew) directions.data[at + k + taken.length + j] = value;
      });
    }
    const basis = await orthonormal(directions, engine);
    const narrow = { ...basis, data: Float32Array.from(basis.data) };
    views.push({
      basis: firstRows(basis, mean.length),
      ridge: plan.ridge * meanDiagonal(covarianceOf(moments, plan, plan)) * (mean.length / rows.columns),
      place: (one) => engine.multiply(centred(one), narrow),
    });
  }
  const base = await reducedMoments(moments, plans, views, engine);
  return {
    async learn(weight, pairs) {
      let total = base(weight);
      if (pairs !== undefined) {
        const added = Moments.zero(total.sizes);
        const images = await views[0]!.place(pairs.images);
        await added.add([{ rows: images, of: pairs.of }, await views[1]!.place(pairs.texts)], { engine });
        total = total.merge(added);
      }
      // A ridge is a share of the mean variance of all columns, and not of those of the subspace.
      const ridge = views.map(({ ridge: share }, view) => {
        const variances = total.variances(view);
        return (share * variances.length) / variances.reduce((sum, value) => sum + value, 0);
      });
      const space = await fit(total, { engine, ridge, dimensions: recipe.dimensions });
      const embed = async (view: number, rows: Matrix32) => {
        const projected = await project(space, view, [await views[view]!.place(rows)], { engine });
        return normalizeRows(scaleComponents(projected, space.correlations, recipe.scaling));
      };
      return async ({ images, texts }) => ({ images: await embed(0, images), texts: await embed(1, texts) });
    },
  };
}

/** The starter's moments in the coordinates of the bases, by the weight of its pairs. */
async function reducedMoments(
  moments: Moments,
  plans: ReturnType<typeof planViews>,
  views: readonly { readonly basis: Matrix64 }[],
  engine: Engine,
): Promise<(weight: number) => Moments> {
  const products: Matrix64[] = [];
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const half = await engine.multiply(covarianceOf(moments, plans[i]!, plans[j]!), views[j]!.basis);
    products.push(await engine.multiply(views[i]!.basis, half, { transposeA: true }));
  }
  const zeros = () => views.map(({ basis }) => new Float64Array(basis.columns));
  return (weight) =>
    new Moments({
      count: moments.count * weight,
      shifts: zeros(),
      sums: zeros(),
      rounding: zeros(),
      products: products.map((product) => ({
        ...product,
        data: product.data.map((value) => value * weight * (moments.count - 1)),
      })),
    });
}

/** An orthonormal basis of the columns of a matrix, from the eigenvectors of its Gram matrix. */
async function orthonormal(columns: Matrix64, engine: Engine): Promise<Matrix64> {
  const count = columns.columns;
  // Columns of unit length: canonical weights and features are of quite different sizes.
  const lengths = new Float64Array(count);
  columns.data.forEach((value, i) => {
    lengths[i % count]! += value * value;
  });
  for (let i = 0; i < columns.data.length; i++) columns.data[i]! /= Math.sqrt(lengths[i % count]!) || 1;
  const gram = await engine.multiply(columns, columns, { transposeA: true });
  const { values, vectors } = await engine.eigenSymmetric(gram);
  let rank = 0;
  while (rank < values.length && values[rank]! > DEPENDENT * values[0]!) rank++;
  const kept = zeros64(count, rank);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < rank; j++)
      kept.data[i * rank + j] = vectors.data[i * count + j]! / Math.sqrt(values[j]!);
  return engine.multiply(columns, kept);
}

function firstRows({ columns, data }: Matrix64, rows: number): Matrix64 {
  return { rows, columns, data: data.slice(0, rows * columns) };
}
