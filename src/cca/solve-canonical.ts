import type { CanonicalSolution, Coherence, SolveOptions, WhitenedView } from './canonical-solution.ts';
import { solveMultiView } from './multi-view.ts';
import { solveTwoViews } from './two-view.ts';

/** Finds the components that views share; without `dimensions`, as many as the smallest rank of a view. */
export function solveCanonical(
  views: readonly WhitenedView[],
  coherence: Coherence,
  options: Omit<SolveOptions, 'dimensions'> & { readonly dimensions?: number | undefined },
): Promise<CanonicalSolution> {
  const dimensions = options.dimensions ?? Math.min(...views.map((view) => view.rank));
  const solve = views.length === 2 ? solveTwoViews : solveMultiView;
  return solve(views, coherence, { ...options, dimensions });
}
