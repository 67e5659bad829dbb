import { throwIfAborted } from '../errors.ts';
import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import { transpose } from '../linalg/transpose.ts';
import { type FitOptions, joined, planViews, type ViewPlan } from './fit-options.ts';
import { fixSigns } from './fix-signs.ts';
import type { JointSpace } from './joint-space.ts';
import type { Moments } from './moments.ts';
import { solveCanonical } from './solve-canonical.ts';
import { findWhitening, scaleRows, type Whitening } from './whitening.ts';

/**
 * Canonical correlation analysis of two views, or its multi-view form for three and more, from moments.
 *
 * The canonical variates of each view have unit variance and are uncorrelated (with a ridge: unit variance plus
 * penalty, wᵀ (S + r I) w = 1). Constant columns get weight 0; where columns depend on each other, or there
 * are fewer pairs than columns and no ridge, the directions without variance are left out. The sign of each
 * component is such that the weight of largest magnitude in view 0 is positive.
 *
 * References: Hotelling 1936; Vinod, "Canonical ridge and econometrics of joint production", 1976; Kettenring 1971.
 * @returns min(dimensions, rank) dimensions; without `dimensions` the smallest rank of a view. Of two views no
 *   component is given whose correlation is but rounding (1e-10)
 * @throws CovistaError `no-data` for fewer than two pairs, `usage` for options that do not fit the moments
 */
export async function fit(moments: Moments, options: FitOptions): Promise<JointSpace> {
  const { engine, signal, dimensions } = options;
  const views = planViews(moments.sizes, (block) => moments.variances(block), options);
  const whitenings: Whitening[] = [];
  for (const view of views) {
    throwIfAborted(signal);
    const covariance = covarianceOf(moments, view, view);
    addRidge(covariance, view.ridge);
    whitenings.push(await findWhitening(covariance, { engine, signal }));
  }
  const coherence = async (i: number, j: number) => {
    throwIfAborted(signal);
    const half = await whitenings[i]!.whiten(covarianceOf(moments, views[i]!, views[j]!));
    return transpose(await whitenings[j]!.whiten(transpose(half)));
  };
  const { correlations, weights } = await solveCanonical(whitenings, coherence, {
    engine,
    signal,
    dimensions,
  });
  views.forEach((view, i) => {
    scaleRows(weights[i]!, view.scales);
  });
  fixSigns(weights);
  return {
    count: moments.count,
    correlations,
    views: views.map(({ blocks }, i) => ({
      blocks: blocks.map((block) => moments.sizes[block]!),
      mean: joined(blocks.map((block) => moments.mean(block))),
      weights: weights[i]!,
    })),
  };
}

/** The covariance of two views, put together from blocks and scaled on both sides. */
function covarianceOf(moments: Moments, left: ViewPlan, right: ViewPlan): Matrix64 {
  const single = left.blocks.length === 1 && right.blocks.length === 1;
  // A view that is one block needs no second copy.
  const result = single
    ? moments.covariance(left.blocks[0]!, right.blocks[0]!)
    : joinedCovariance(moments, left, right);
  const { columns, data } = result;
  for (let r = 0; r < result.rows; r++)
    for (let c = 0; c < columns; c++) data[r * columns + c]! *= left.scales[r]! * right.scales[c]!;
  return result;
}

function joinedCovariance(moments: Moments, left: ViewPlan, right: ViewPlan): Matrix64 {
  const result = zeros64(left.scales.length, right.scales.length);
  let top = 0;
  for (const i of left.blocks) {
    let start = 0;
    for (const j of right.blocks) {
      const { rows, columns, data } = moments.covariance(i, j);
      for (let r = 0; r < rows; r++)
        result.data.set(data.subarray(r * columns, (r + 1) * columns), (top + r) * result.columns + start);
      start += columns;
    }
    top += moments.sizes[i]!;
  }
  return result;
}

/** Adds a share of the mean diagonal to the diagonal. */
function addRidge(covariance: Matrix64, share: number): void {
  const size = covariance.rows;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += covariance.data[i * size + i]!;
  for (let i = 0; i < size; i++) covariance.data[i * size + i]! += (share * trace) / size;
}
