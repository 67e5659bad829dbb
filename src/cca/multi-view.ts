import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import type { CanonicalSolution, Coherence, SolveOptions, WhitenedView } from './canonical-solution.ts';

/**
 * Multi-view CCA, which maximises the sum of the correlations of all pairs of views under one common constraint
 * (Kettenring, "Canonical analysis of several sets of variables", 1971): the generalised eigenproblem
 * C w = λ D w, where C is the covariance of all views together and D its diagonal blocks.
 *
 * λ is 1 plus the number of other views times their mean correlation, so the correlation of a component is
 * (λ - 1) / (views - 1). Weights are scaled so that the variances of the views' variates average 1. For two
 * views both are what two-view CCA gives.
 */
export async function solveMultiView(
  views: readonly WhitenedView[],
  coherence: Coherence,
  options: SolveOptions,
): Promise<CanonicalSolution> {
  const { engine, signal, dimensions } = options;
  const starts = [0];
  for (const view of views) starts.push(starts.at(-1)! + view.rank);
  const total = starts.at(-1)!;
  const count = Math.min(dimensions, total);

  const whitened = zeros64(total, total);
  for (let i = 0; i < total; i++) whitened.data[i * total + i] = 1;
  for (let j = 1; j < views.length; j++)
    for (let i = 0; i < j; i++) placeSymmetric(await coherence(i, j), whitened, starts[i]!, starts[j]!);

  const { values, vectors } = await engine.eigenSymmetric(whitened, signal ? { count, signal } : { count });
  const weights: Matrix64[] = [];
  for (const [i, view] of views.entries()) {
    const data = vectors.data.slice(starts[i]! * count, starts[i + 1]! * count);
    for (let p = 0; p < data.length; p++) data[p]! *= Math.sqrt(views.length);
    weights.push(await view.unwhiten({ rows: view.rank, columns: count, data }));
  }
  return { correlations: values.map((value) => (value - 1) / (views.length - 1)), weights };
}

/** Writes a block at (row, column), and its transpose at (column, row). */
function placeSymmetric(block: Matrix64, into: Matrix64, row: number, column: number): void {
  for (let i = 0; i < block.rows; i++)
    for (let j = 0; j < block.columns; j++) {
      const value = block.data[i * block.columns + j]!;
      into.data[(row + i) * into.columns + column + j] = value;
      into.data[(column + j) * into.columns + row + i] = value;
    }
}
