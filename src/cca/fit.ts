import { CovistaError, throwIfAborted } from '../errors.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import { fixSigns } from './fix-signs.ts';
import type { JointSpace } from './joint-space.ts';
import type { Moments } from './moments.ts';
import { solveMultiView } from './multi-view.ts';
import { columnScales, type Normalization } from './normalization.ts';
import { solveTwoViews } from './two-view.ts';
import { findWhitening, scaleRows, type Whitening } from './whitening.ts';

/** Options of {@link fit}. */
export interface FitOptions {
  readonly engine: Engine;
  /** Which blocks of the moments make up each view; every block is a view of its own when left out. */
  readonly views?: readonly (readonly number[])[];
  /** How each block of the moments is scaled; `none` when left out. */
  readonly normalize?: readonly Normalization[];
  /**
   * For each block of the moments the lengths of its stretches of columns that are normalised each on its own, such
   * as the layers of a network; they add up to the block. The block is one stretch when left out.
   */
  readonly parts?: readonly (readonly number[] | undefined)[];
  /** A factor for each block of the moments after normalisation; 1 when left out. */
  readonly blockWeights?: readonly number[];
  /**
   * What is added to the diagonal of each view's covariance, as a share of its mean diagonal after normalisation;
   * one number for all views or one each, from 0 on. 0 when left out.
   */
  readonly ridge?: number | readonly number[];
  /** How many canonical dimensions (k) at most; the ranks of the views bound them too. */
  readonly dimensions?: number;
  readonly signal?: AbortSignal;
}

/**
 * Canonical correlation analysis of two views, or its multi-view form for three and more, from moments.
 *
 * The canonical variates of each view have unit variance and are uncorrelated (with a ridge: unit variance plus
 * penalty, wᵀ (S + r I) w = 1). Constant columns get weight 0; where columns depend on each other, or there
 * are fewer pairs than columns and no ridge, the directions without variance are left out. The sign of each
 * component is such that the weight of largest magnitude in view 0 is positive.
 *
 * References: Hotelling 1936; Vinod, "Canonical ridge and econometrics of joint production", 1976; Kettenring 1971.
 * @returns min(dimensions, rank) dimensions; without `dimensions` the smallest rank of a view
 * @throws CovistaError `no-data` for fewer than two pairs, `usage` for options that do not fit the moments
 */
export async function fit(moments: Moments, options: FitOptions): Promise<JointSpace> {
  const { engine, signal } = options;
  const views = options.views ?? moments.sizes.map((_, block) => [block]);
  const ridges = checkOptions(moments, views, options);
  const scales = views.map((blocks) => viewScales(moments, blocks, options));
  const within = { engine, signal };

  const whitenings: Whitening[] = [];
  for (const [i, blocks] of views.entries()) {
    throwIfAborted(signal);
    const covariance = viewCovariance(moments, blocks, scales[i]!, blocks, scales[i]!);
    addRidge(covariance, ridges[i]!);
    whitenings.push(await findWhitening(covariance, within));
  }
  throwIfAborted(signal);
  const cross = (i: number, j: number) =>
    viewCovariance(moments, views[i]!, scales[i]!, views[j]!, scales[j]!);
  const dimensions = options.dimensions ?? Math.min(...whitenings.map((view) => view.rank));
  const solution =
    views.length === 2
      ? await solveTwoViews(whitenings[0]!, whitenings[1]!, cross(0, 1), dimensions, within)
      : await solveMultiView(whitenings, cross, dimensions, within);

  solution.weights.forEach((weights, i) => {
    scaleRows(weights, scales[i]!);
  });
  fixSigns(solution.weights);
  return {
    count: moments.count,
    correlations: solution.correlations,
    views: views.map((blocks, i) => ({
      blocks: blocks.map((block) => moments.sizes[block]!),
      mean: joined(blocks.map((block) => moments.mean(block))),
      weights: solution.weights[i]!,
    })),
  };
}

/** @returns the ridge of each view */
function checkOptions(
  moments: Moments,
  views: readonly (readonly number[])[],
  options: FitOptions,
): readonly number[] {
  const { ridge = 0, dimensions = 1, normalize, parts = [], blockWeights } = options;
  const blocks = moments.sizes.length;
  const fail = (why: string): never => {
    throw new CovistaError('usage', why);
  };
  if (views.length < 2) return fail(`CCA needs at least two views, got ${views.length}.`);
  const used = views.flat();
  if (used.some((block) => !(block in moments.sizes)) || new Set(used).size < used.length)
    return fail(`Each view must name blocks from 0 to ${blocks - 1}, each block at most once.`);
  if (!Number.isInteger(dimensions) || dimensions < 1)
    return fail(`dimensions must be a whole number from 1 on, got ${dimensions}.`);
  if (normalize && normalize.length !== blocks)
    return fail(`normalize must have one entry for each of ${blocks} blocks, got ${normalize.length}.`);
  for (const [block, lengths] of parts.entries())
    if (lengths && lengths.reduce((sum, length) => sum + length, 0) !== moments.sizes[block])
      return fail(`The parts of block ${block} must add up to ${moments.sizes[block]}, got [${lengths}].`);
  if (blockWeights && (blockWeights.length !== blocks || !blockWeights.every((w) => w >= 0 && w < Infinity)))
    return fail(`blockWeights must be ${blocks} numbers from 0 on, got [${blockWeights}].`);
  const ridges = typeof ridge === 'number' ? views.map(() => ridge) : ridge;
  if (ridges.length !== views.length || !ridges.every((share) => share >= 0 && share < Infinity))
    return fail(
      `ridge must be one number from 0 on or one for each of ${views.length} views, got [${ridge}].`,
    );
  return ridges;
}

/** The factor of each column of a view. */
function viewScales(moments: Moments, blocks: readonly number[], options: FitOptions): Float64Array {
  const { normalize, parts, blockWeights } = options;
  return joined(
    blocks.map((block) => {
      const weight = blockWeights?.[block] ?? 1;
      return columnScales(moments, block, normalize?.[block] ?? 'none', parts?.[block]).map(
        (scale) => scale * weight,
      );
    }),
  );
}

/** The covariance of two views, put together from blocks and scaled on both sides. */
function viewCovariance(
  moments: Moments,
  left: readonly number[],
  leftScales: Float64Array,
  right: readonly number[],
  rightScales: Float64Array,
): Matrix64 {
  const columns = rightScales.length;
  // A view that is one block needs no second copy.
  const single = left.length === 1 && right.length === 1;
  const result = single ? moments.covariance(left[0]!, right[0]!) : zeros64(leftScales.length, columns);
  if (!single) {
    let top = 0;
    for (const i of left) {
      let start = 0;
      for (const j of right) {
        const block = moments.covariance(i, j);
        for (let r = 0; r < block.rows; r++)
          result.data.set(
            block.data.subarray(r * block.columns, (r + 1) * block.columns),
            (top + r) * columns + start,
          );
        start += block.columns;
      }
      top += moments.sizes[i]!;
    }
  }
  for (let r = 0; r < result.rows; r++)
    for (let c = 0; c < columns; c++) result.data[r * columns + c]! *= leftScales[r]! * rightScales[c]!;
  return result;
}

/** Adds a share of the mean diagonal to the diagonal. */
function addRidge(covariance: Matrix64, share: number): void {
  const size = covariance.rows;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += covariance.data[i * size + i]!;
  for (let i = 0; i < size; i++) covariance.data[i * size + i]! += (share * trace) / size;
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}
