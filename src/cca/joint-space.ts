import type { Matrix64 } from '../linalg/matrix.ts';

/** How one view is projected: an embedding is (x - mean) weights. */
export interface ViewProjection {
  /** Sizes of the blocks that make up the view, in order; they add up to d. */
  readonly blocks: readonly number[];
  /** Mean of the raw features, length d. */
  readonly mean: Float64Array;
  /** Canonical weights for raw features, d x k. */
  readonly weights: Matrix64;
}

/** What CCA learns: for each view a projection into one space of k dimensions, strongest first. */
export interface JointSpace {
  /** Number of pairs it was learned from. */
  readonly count: number;
  /** Canonical correlations, descending, length k; of the training pairs, and shrunk when a ridge was used. */
  readonly correlations: Float64Array;
  /** The views; of two, the picture side is view 0 and the word side is view 1. */
  readonly views: readonly ViewProjection[];
}
