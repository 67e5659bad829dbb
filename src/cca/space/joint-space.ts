import type { Matrix64 } from '../../linalg/matrix.ts';

/** How well the columns of a view told directions apart when a space was fitted. */
export interface ViewDiagnostics {
  /** How many directions of the view's variance were told apart: columns less those dropped. */
  readonly rank: number;
  /**
   * The columns without weight, ascending: they are constant, or other columns explain them but for what rounding may have
   * made. All else is as if they had not been there.
   */
  readonly dropped: Uint32Array;
  /**
   * The condition number of the other columns, brought to unit variance (ridge included): the largest singular value over
   * the smallest, estimated within a few per cent. From 30 on columns are collinear (Belsley, Kuh and Welsch, "Regression
   * diagnostics", 1980); correlations err by about its square times 1e-16 from moments of float64 products, and by about the
   * condition number times 1e-16 from rows ({@link fitRows}).
   */
  readonly condition: number;
}

/** How one view is projected: an embedding is (x - mean) weights. */
export interface ViewProjection {
  /** Sizes of the blocks that make up the view, in order; they add up to d. */
  readonly blocks: readonly number[];
  /** Mean of the raw features, length d. */
  readonly mean: Float64Array;
  /** Canonical weights for raw features, d x k. */
  readonly weights: Matrix64;
  /** Of the fit; not there for spaces that were not fitted in one step, or whose fit was not kept. */
  readonly diagnostics?: ViewDiagnostics | undefined;
}

/** What CCA learns: for each view a projection into one space of k dimensions, strongest first. */
export interface JointSpace {
  /** Number of pairs it was learned from. */
  readonly count: number;
  /**
   * Canonical correlations of the training pairs, length k. Of two views descending, and shrunk when a ridge was used: the
   * covariances of variates whose variances are 1 with the penalty. Of more views the mean correlation of the variates of all
   * pairs of views, with a ridge too, in the order of the eigenvalues; see {@link fit}.
   */
  readonly correlations: Float64Array;
  /** The views; of two, the picture side is view 0 and the word side is view 1. */
  readonly views: readonly ViewProjection[];
}
