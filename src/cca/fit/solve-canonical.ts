import type { CanonicalSolution, Coherence, SolveOptions, WhitenedView } from './canonical-solution.ts';
import { solveMultiView } from './multi-view.ts';
import { solveTwoViews } from './two-view.ts';

/**
 * Finds the components that views share; without `dimensions`, as many as the smallest rank of a view: of three and more,
 * of one that varies.
 */
export function solveCanonical(
  views: readonly WhitenedView[],
  coherence: Coherence,
  options: Omit<SolveOptions, 'dimensions'> & { readonly dimensions?: number | undefined },
): Promise<CanonicalSolution> {
  const solve = views.length === 2 ? solveTwoViews : solveMultiView;
  const ranks = views.map((view) => view.rank).filter((rank) => views.length === 2 || rank > 0);
  const dimensions = options.dimensions ?? (ranks.length < 2 ? 0 : Math.min(...ranks));
  return solve(views, coherence, { ...options, dimensions });
}
