import type { Engine } from '../../linalg/engine.ts';
import type { Matrix64 } from '../../linalg/matrix.ts';

/** A view turned into `rank` uncorrelated features of unit variance by some W (d x rank). */
export interface WhitenedView {
  readonly rank: number;
  /** What was added to the variance of each feature: Wᵀ (S + ridge I) W = I. */
  readonly ridge: number;
  /** W M for M (rank x columns): from weights for whitened features to weights for features. */
  unwhiten(m: Matrix64): Promise<Matrix64>;
}

/** Wᵢᵀ Cᵢⱼ Wⱼ (rank of i x rank of j): the correlations between the whitened features of the views i < j. */
export type Coherence = (i: number, j: number) => Promise<Matrix64>;

/** Canonical correlations and, for each view, the canonical weights (d x k). */
export interface CanonicalSolution {
  readonly correlations: Float64Array;
  readonly weights: readonly Matrix64[];
}

/** What solvers need besides the views. */
export interface SolveOptions {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
  /** How many components at most; the ranks bound them too. */
  readonly dimensions: number;
}
