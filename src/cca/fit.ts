import { throwIfAborted } from '../errors.ts';
import { joinArrays } from '../linalg/matrix.ts';
import { transpose } from '../linalg/transpose.ts';
import { checkFitOptions, type FitOptions, planViews } from './fit-options.ts';
import { fixSigns } from './fix-signs.ts';
import type { JointSpace } from './joint-space.ts';
import type { Moments } from './moments.ts';
import { solveCanonical } from './solve-canonical.ts';
import { addRidge, covarianceOf } from './view-covariance.ts';
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
  checkFitOptions('fit', options);
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
      mean: joinArrays(
        Float64Array,
        blocks.map((block) => moments.mean(block)),
      ),
      weights: weights[i]!,
    })),
  };
}
