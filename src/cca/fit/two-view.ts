import { type Matrix64, row, zeros64 } from '../../linalg/matrix.ts';
import type { CanonicalSolution, Coherence, SolveOptions, WhitenedView } from './canonical-solution.ts';

/** Correlations up to this are rounding: the views share no further component. */
const uncorrelated = 1e-10;

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
  let k = 0;
  while (k < s.length && s[k]! > uncorrelated) k++;
  return {
    correlations: s.subarray(0, k).map((value) => Math.min(value, 1)),
    weights: [await x.unwhiten(leadingColumns(u, k)), await y.unwhiten(leadingColumns(v, k))],
  };
}

function leadingColumns(m: Matrix64, k: number): Matrix64 {
  if (k === m.columns) return m;
  const leading = zeros64(m.rows, k);
  for (let i = 0; i < m.rows; i++) row(leading, i).set(row(m, i).subarray(0, k));
  return leading;
}
