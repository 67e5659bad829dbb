import type { Engine } from '../../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import type { CanonicalSolution, Coherence, SolveOptions, WhitenedView } from './canonical-solution.ts';

/** A product of two views' shares of a component's variance that is rounding. */
const NO_PART = 1e-24;

/** A share of a variance that may be rounding where most of it, the penalty, was taken away. */
const REMAINDER = 1e-12;

/**
 * Multi-view CCA, which maximises the covariance of all pairs of views under one common constraint on their variances
 * (Kettenring, "Canonical analysis of several sets of variables", 1971; Nielsen, "Multiset canonical correlations
 * analysis", IEEE TIP 2002): the generalised eigenproblem C w = λ D w, where C is the covariance of all views together and D
 * its diagonal blocks.
 *
 * The correlation of a component is the mean of the correlations of its variates over all pairs of views that vary. It is
 * (λ - 1) / (views - 1) only where the variates have equal variances and there is no ridge. Weights are scaled so that the
 * variances of the views' variates, penalty included, average 1. For two views without ridges all is what two-view CCA gives.
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

  const { vectors } = await engine.eigenSymmetric(whitened, signal ? { count, signal } : { count });
  const varying = views.filter((view) => view.rank > 0).length;
  const weights: Matrix64[] = [];
  const penalties: Float64Array[] = [];
  for (const [i, view] of views.entries()) {
    const data = vectors.data.slice(starts[i]! * count, starts[i + 1]! * count);
    for (let p = 0; p < data.length; p++) data[p]! *= Math.sqrt(varying);
    const weight = await view.unwhiten({ rows: view.rank, columns: count, data });
    weights.push(weight);
    const share = view.ridge / varying;
    penalties.push(products(weight, weight, [0, weight.rows], 0, count).map((square) => share * square));
  }
  return { correlations: await meanCorrelations(whitened, vectors, starts, penalties, engine), weights };
}

/**
 * For each component the mean correlation of the variates of two views, over all pairs of views that vary.
 * @param penalties what of the squares of each view's part of the vectors its ridge makes
 */
async function meanCorrelations(
  whitened: Matrix64,
  vectors: Matrix64,
  starts: readonly number[],
  penalties: readonly Float64Array[],
  engine: Engine,
): Promise<Float64Array> {
  const count = vectors.columns;
  const views = starts.length - 1;
  const means = new Float64Array(count);
  const varying = Array.from({ length: views }, (_, i) => i).filter(
    (i) => starts[i + 1]! > starts[i]!,
  ).length;
  const pairs = (varying * (varying - 1)) / 2;
  // The covariances of each view's variates with those of the others: vᵢᵀ Cᵢⱼ vⱼ.
  const variances = penalties.map((penalty, i) =>
    products(vectors, vectors, starts, i, count).map((square, c) =>
      square - penalty[c]! > REMAINDER * penalty[c]! ? square - penalty[c]! : 0,
    ),
  );
  for (let j = 1; j < views; j++) {
    const only = zeros64(vectors.rows, count);
    const range = [starts[j]! * count, starts[j + 1]! * count] as const;
    only.data.set(vectors.data.subarray(...range), range[0]);
    const reached = await engine.multiply(whitened, only);
    for (let i = 0; i < j; i++) {
      const covariances = products(vectors, reached, starts, i, count);
      for (let c = 0; c < count; c++) {
        const variance = variances[i]![c]! * variances[j]![c]!;
        // A view that takes no part in a component correlates with nothing.
        if (variance < NO_PART) continue;
        means[c]! += covariances[c]! / Math.sqrt(variance);
      }
    }
  }
  return means.map((sum) => sum / Math.max(pairs, 1));
}

/** For each column c the inner product of the rows of view i of a and b. */
function products(a: Matrix64, b: Matrix64, starts: readonly number[], i: number, count: number) {
  const sums = new Float64Array(count);
  for (let p = starts[i]! * count; p < starts[i + 1]! * count; p++)
    sums[p % count]! += a.data[p]! * b.data[p]!;
  return sums;
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
