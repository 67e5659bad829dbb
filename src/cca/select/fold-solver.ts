import { throwIfAborted } from '../../base/errors.ts';
import type { Eigen, Engine } from '../../linalg/engine.ts';
import { leadingSvd } from '../../linalg/leading-svd.ts';
import { joinArrays, type Matrix64, row, zeros64 } from '../../linalg/matrix.ts';
import { transpose } from '../../linalg/transpose.ts';
import { type FitOptions, planViews, type ViewPlan } from '../fit/fit-options.ts';
import { fixSigns } from '../fit/fix-signs.ts';
import { eigenvalueRounding } from '../fit/rounding.ts';
import { addRidge, covarianceOf, meanDiagonal, roundingOf, scaleBothSides } from '../fit/view-covariance.ts';
import { findWhitening, scaleRows, type Whitening } from '../fit/whitening.ts';
import type { Moments } from '../moments/moments.ts';
import type { JointSpace } from '../space/joint-space.ts';

/** What a {@link FoldSolver} can change from one solution to the next, cheaply. */
interface SolverParameters {
  /** As {@link FitOptions.ridge}, for view 0 and view 1. */
  readonly ridge: readonly [number, number];
  /** As {@link FitOptions.blockWeights}. */
  readonly blockWeights: readonly number[];
  readonly dimensions: number;
}

/** Solves two-view CCA on the same moments again and again. */
export type FoldSolver = (parameters: SolverParameters) => Promise<JointSpace>;

/**
 * A solver that gives what {@link fit} does on two views, for one ridge and block weight after another, and keeps
 * what they share. A view of one block is decomposed once: with S = V Λ Vᵀ, S + r I = V (Λ + r I) Vᵀ for every r, so
 * a new ridge only rescales the rows of Vᵀ C (the block's weight has no effect, as ridges are shares of the
 * variance). A view of several blocks, whose weights change S, gets a Cholesky factor for each ridge and weights. Of
 * the coherence only the leading singular vectors are found, by {@link leadingSvd}, which costs a fraction of a full
 * decomposition.
 *
 * Memory: the covariances of the views and the decompositions above, in float64.
 * @param moments of the pairs to learn from; not kept
 */
export function foldSolver(
  moments: Moments,
  options: Omit<FitOptions, 'ridge' | 'blockWeights' | 'dimensions'>,
): FoldSolver {
  const { engine, signal } = options;
  const plans = planViews(moments.sizes, (block) => moments.variances(block), options);
  const [x, y] = plans as [ViewPlan, ViewPlan];
  const { count, sizes } = moments;
  const means = plans.map(({ blocks }) =>
    joinArrays(
      Float64Array,
      blocks.map((block) => moments.mean(block)),
    ),
  );
  const cross = covarianceOf(moments, x, y);
  const factorX = viewFactors(moments, x, options);
  const factorY = viewFactors(moments, y, options);
  // Vxᵀ C, and Vxᵀ C Vy, for the factors at hand.
  const left = latest<Matrix64>();
  const both = latest<Matrix64>();

  return async ({ ridge, blockWeights, dimensions }) => {
    throwIfAborted(signal);
    const fx = await factorX(ridge[0], blockWeights);
    const fy = await factorY(ridge[1], blockWeights);
    throwIfAborted(signal);
    const half = await left(fx.key, async () =>
      transpose(await fx.reduce(scaleRows(copy(cross), fx.weights))),
    );
    const product = await both(`${fx.key}/${fy.key}`, async () =>
      transpose(await fy.reduce(scaleRows(copy(half), fy.weights))),
    );
    const coherence = scaleBothSides(copy(product), fx.shrinkage, fy.shrinkage);
    const { u, s, v } = await leadingSvd(coherence, { engine, count: dimensions, signal });
    const weights = [await fx.unwhiten(u), await fy.unwhiten(v)];
    weights.forEach((w, i) => {
      scaleRows(w, plans[i]!.scales);
    });
    fixSigns(weights);
    return {
      count,
      correlations: s.map((value) => Math.min(value, 1)),
      views: plans.map(({ blocks }, i) => ({
        blocks: blocks.map((block) => sizes[block]!),
        mean: means[i]!,
        weights: weights[i]!,
      })),
    };
  };
}

/** A whitening in two steps, W = D F diag(shrinkage), of which only the last depends on the ridge in one-block views. */
interface ViewFactor {
  /** Tells apart different D F. */
  readonly key: string;
  /** The diagonal of D: the weight of each column's block. */
  readonly weights: Float64Array;
  /** Fᵀ M; M may be overwritten. */
  reduce(m: Matrix64): Promise<Matrix64>;
  readonly shrinkage: Float64Array;
  /** W M; M is overwritten. */
  unwhiten(m: Matrix64): Promise<Matrix64>;
}

function viewFactors(
  moments: Moments,
  view: ViewPlan,
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): (ridge: number, blockWeights: readonly number[]) => Promise<ViewFactor> {
  const covariance = covarianceOf(moments, view, view);
  const rounding = roundingOf(moments, view);
  return view.blocks.length === 1
    ? principalFactors(covariance, rounding, options)
    : choleskyFactors(covariance, rounding, view, moments.sizes, options);
}

function principalFactors(
  covariance: Matrix64,
  rounding: Float64Array,
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): (ridge: number) => Promise<ViewFactor> {
  const size = covariance.rows;
  const mean = meanDiagonal(covariance);
  const weights = new Float64Array(size).fill(1);
  const decomposed = latest<Eigen>();
  return async (ridge) => {
    const { values, vectors } = await decomposed('', async () =>
      independent(
        await engine.eigenSymmetric(covariance, signal ? { signal } : {}),
        eigenvalueRounding(rounding),
      ),
    );
    const shrinkage = values.map((value) => 1 / Math.sqrt(value + ridge * mean));
    return {
      key: '',
      weights,
      shrinkage,
      reduce: (m) => engine.multiply(vectors, m, { transposeA: true }),
      unwhiten: (m) => engine.multiply(vectors, scaleRows(m, shrinkage)),
    };
  };
}

/** Without the directions that hold no variance but rounding: many, where there are fewer pictures than features. */
function independent({ values, vectors }: Eigen, rounding: number): Eigen {
  let rank = 0;
  while (rank < values.length && values[rank]! > rounding + 2 ** -50 * values[0]!) rank++;
  const kept = zeros64(vectors.rows, rank);
  for (let i = 0; i < vectors.rows; i++) row(kept, i).set(row(vectors, i).subarray(0, rank));
  return { values: values.subarray(0, rank), vectors: kept };
}

function choleskyFactors(
  covariance: Matrix64,
  rounding: Float64Array,
  view: ViewPlan,
  sizes: readonly number[],
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): (ridge: number, blockWeights: readonly number[]) => Promise<ViewFactor> {
  const whitenings = latest<Whitening>();
  return async (ridge, blockWeights) => {
    const weights = joinArrays(
      Float64Array,
      view.blocks.map((block) => new Float64Array(sizes[block]!).fill(blockWeights[block]!)),
    );
    const key = `${ridge} ${view.blocks.map((block) => blockWeights[block])}`;
    const whitening = await whitenings(key, () => {
      const scaled = scaleBothSides(copy(covariance), weights, weights);
      const added = addRidge(scaled, ridge);
      const noise = rounding.map((value, c) => value * weights[c]! ** 2);
      return findWhitening(scaled, added, noise, options);
    });
    return {
      key,
      weights,
      shrinkage: new Float64Array(whitening.rank).fill(1),
      reduce: (m) => whitening.whiten(m),
      unwhiten: async (m) => scaleRows(await whitening.unwhiten(m), weights),
    };
  };
}

/** Keeps the value of the latest key. */
function latest<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  let kept: { readonly key: string; readonly value: T } | undefined;
  return async (key, make) => {
    if (kept?.key !== key) {
      // What is replaced can be large: it need not wait for its successor.
      kept = undefined;
      kept = { key, value: await make() };
    }
    return kept.value;
  };
}

function copy(m: Matrix64): Matrix64 {
  const result = zeros64(m.rows, m.columns);
  result.data.set(m.data);
  return result;
}
