import { throwIfAborted } from '../../base/errors.ts';
import { joinArrays } from '../../linalg/matrix.ts';
import { transpose } from '../../linalg/transpose.ts';
import type { Moments } from '../moments/moments.ts';
import type { JointSpace } from '../space/joint-space.ts';
import { checkFitOptions, type FitOptions, planViews } from './fit-options.ts';
import { fixSigns } from './fix-signs.ts';
import { solveCanonical } from './solve-canonical.ts';
import { addRidge, covarianceOf, roundingOf } from './view-covariance.ts';
import { findWhitening, scaleRows, type Whitening } from './whitening.ts';

/**
 * Canonical correlation analysis of two views, or its multi-view form for three and more, from moments.
 *
 * The canonical variates of each of two views have unit variance and are uncorrelated (with a ridge: unit variance plus
 * penalty, wᵀ (S + r I) w = 1). The sign of each component is such that the weight of largest magnitude in view 0 is
 * positive.
 *
 * Columns that are constant, and those that other columns explain, get weight 0 and change nothing else; each view's
 * {@link ViewDiagnostics} name them, beside rank and condition number. What counts as explained follows from the precision
 * of the moments: with float64 products columns that differ by more than about 1e-6 of their standard deviation are told
 * apart (R's `cancor`: 1e-7), with float32 products by 0.01; {@link fitRows} tells apart 1e-13 in float64 features. With no
 * more pairs than columns and no ridge, all correlations are 1 and mean nothing.
 *
 * Three and more views: the weights maximise λ = Σ of all covariances of variates over Σ of their variances (Kettenring's
 * MAXVAR-like generalised eigenproblem, `MCCA` of cca_zoo), components are in the order of λ, and the correlation reported is
 * the mean of the correlations of all pairs of variates (cca_zoo's `average_pairwise_correlations`). Views without variance
 * are left out of it.
 *
 * References: Hotelling 1936; Vinod, "Canonical ridge and econometrics of joint production", 1976; Kettenring 1971.
 * @returns min(dimensions, rank) dimensions; without `dimensions` the smallest rank of a view that varies. Of two views no
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
    const ridge = addRidge(covariance, view.ridge);
    whitenings.push(await findWhitening(covariance, ridge, roundingOf(moments, view), { engine, signal }));
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
      diagnostics: whitenings[i]!.diagnostics,
    })),
  };
}
