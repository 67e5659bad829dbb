import type { Matrix64 } from '../linalg/matrix.ts';
import type { CanonicalSolution, Coherence, SolveOptions, WhitenedView } from './canonical-solution.ts';

/**
 * Two-view CCA: the singular value decomposition of the coherence of the whitened views (Hotelling, "Relations
 * between two sets of variates", 1936; Björck and Golub, "Numerical methods for computing angles between linear
 * subspaces", 1973).
 */
export async function solveTwoViews(
  views: readonly WhitenedView[],
  coherence: Coherence,
  options: SolveOptions,
): Promise<CanonicalSolution> {
  const { engine, signal, dimensions } = options;
  const [x, y] = views as readonly [WhitenedView, WhitenedView];
  const count = Math.min(dimensions, x.rank, y.rank);
  const { u, s, v } = await engine.svd(await coherence(0, 1), signal ? { count, signal } : { count });
  const weights: Matrix64[] = [await x.unwhiten(u), await y.unwhiten(v)];
  return { correlations: s.map((value) => Math.min(value, 1)), weights };
}
