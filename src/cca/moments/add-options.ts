import { anEngine, aSignal, type OptionRules, oneOf, required } from '../../base/check-options.ts';
import type { Engine } from '../../linalg/engine.ts';

/** Options of `Moments.add`. */
export interface AddOptions {
  readonly engine: Engine;
  /**
   * The precision in which float32 features are multiplied. `float64` (when left out) keeps directions of little
   * variance, which CCA without a ridge depends on; `float32` takes half the time, errs by about 5e-7 of a variance, and
   * serves where every view has a ridge of 0.001 or more; see {@link productsFor}.
   */
  readonly products?: 'float32' | 'float64' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What they may be. */
export const addRules: OptionRules<AddOptions> = {
  engine: required(anEngine),
  products: oneOf(['float32', 'float64']),
  signal: aSignal,
};

/** From this ridge on, as a share of the mean variance, float32 products lose nothing that matters to a fit. */
const HARMLESS_RIDGE = 1e-3;

/** The precision of products that serves a fit with these ridges, as shares of the views' mean variances. */
export function productsFor(ridges: readonly number[]): 'float32' | 'float64' {
  return ridges.every((ridge) => ridge >= HARMLESS_RIDGE) ? 'float32' : 'float64';
}
