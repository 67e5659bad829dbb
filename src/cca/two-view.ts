import type { Engine } from '../linalg/engine.ts';
import type { Matrix64 } from '../linalg/matrix.ts';
import { transpose } from '../linalg/transpose.ts';
import type { Whitening } from './whitening.ts';

/** Canonical correlations and, for each view, the canonical weights (d x k). */
export interface CanonicalSolution {
  readonly correlations: Float64Array;
  readonly weights: readonly Matrix64[];
}

/**
 * Two-view CCA: the singular value decomposition of Wxᵀ Cxy Wy for whitened views (Hotelling, "Relations
 * between two sets of variates", 1936; Hardoon et al., "Canonical correlation analysis", 2004).
 * @param cross Cxy, dx x dy; overwritten
 * @param dimensions how many components at most; the smaller rank bounds them too
 */
export async function solveTwoViews(
  x: Whitening,
  y: Whitening,
  cross: Matrix64,
  dimensions: number,
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<CanonicalSolution> {
  const { engine, signal } = options;
  const k = Math.min(dimensions, x.rank, y.rank);
  const half = transpose(await x.whiten(cross));
  const coherence = await y.whiten(half);
  const { u, s, v } = await engine.svd(coherence, signal ? { count: k, signal } : { count: k });
  return {
    correlations: s.map((value) => Math.min(value, 1)),
    weights: [await x.unwhiten(v), await y.unwhiten(u)],
  };
}
