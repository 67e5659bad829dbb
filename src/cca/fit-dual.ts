import { throwIfAborted } from '../errors.ts';
import type { Engine } from '../linalg/engine.ts';
import { isSparse, joinArrays, type Matrix64, row, zeros64 } from '../linalg/matrix.ts';
import { type BlockRows, type CheckedBlock, checkBlock, columnSums, pairCount } from './block-rows.ts';
import type { WhitenedView } from './canonical-solution.ts';
import { type FitOptions, planViews, type ViewPlan } from './fit-options.ts';
import { fixSigns } from './fix-signs.ts';
import type { JointSpace } from './joint-space.ts';
import { solveCanonical } from './solve-canonical.ts';
import { scaleRows } from './whitening.ts';

/** Principal directions with less than this share of the largest one's variance are left out. */
const dependentShare = 1e-10;

/**
 * CCA for fewer pairs than columns: all that covariances know is in the n x n inner products of the centred rows
 * X of each view (Hardoon et al., "Canonical correlation analysis: an overview with application to learning
 * methods", 2004, section 4). With X Xᵀ = U Λ Uᵀ the covariance has the principal directions Xᵀ U Λ^(-1/2).
 * Memory: n x d for each view, sparse blocks included.
 */
export async function fitDual(blocks: readonly BlockRows[], options: FitOptions): Promise<JointSpace> {
  const { engine, signal, dimensions } = options;
  const n = pairCount(blocks[0]!);
  const sizes = blocks.map((block) => ('of' in block ? block.rows.columns : block.columns));
  const checked = blocks.map((block, i) => checkBlock(block, i, n, sizes[i]!));
  const means = checked.map((block, i) =>
    columnSums(block, new Float64Array(sizes[i]!), i).map((sum) => sum / n),
  );
  const rows = checked.map((block, i) => centredRows(block, n, means[i]!));
  const variances = rows.map((block, i) => columnVariances(block, means[i]!));
  const views = planViews(sizes, (block) => variances[block]!, options);

  const whitened: DualView[] = [];
  for (const view of views) {
    throwIfAborted(signal);
    const centred = joinScaled(
      view.blocks.map((block) => rows[block]!),
      view,
      n,
    );
    whitened.push(await whitenRows(centred, view.ridge, engine, signal));
  }
  const coherence = (i: number, j: number) =>
    engine.multiply(whitened[i]!.shrunk, whitened[j]!.shrunk, { transposeA: true });
  const { correlations, weights } = await solveCanonical(whitened, coherence, { engine, signal, dimensions });
  views.forEach((view, i) => {
    scaleRows(weights[i]!, view.scales);
  });
  fixSigns(weights);
  return {
    count: n,
    correlations,
    views: views.map((view, i) => ({
      blocks: view.blocks.map((block) => sizes[block]!),
      mean: joinArrays(
        Float64Array,
        view.blocks.map((block) => means[block]!),
      ),
      weights: weights[i]!,
    })),
  };
}

interface DualView extends WhitenedView {
  /** U diag(s / sqrt(s² + ridge)), n x rank, for singular values s: inner products of two views' are their coherence. */
  readonly shrunk: Matrix64;
}

/** The whitening W = Xᵀ U Λ^(-1/2) (Λ / (n - 1) + ridge)^(-1/2) of the covariance of centred rows X. */
async function whitenRows(
  x: Matrix64,
  ridgeShare: number,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<DualView> {
  const n = x.rows;
  // Whitening without a ridge does not depend on the scale of columns; equal ones make the rank clear.
  const scales = ridgeShare === 0 ? equalScales(x) : undefined;
  const products = await engine.multiply(x, x, { transposeB: true });
  const { values, vectors } = await engine.eigenSymmetric(products, signal ? { signal } : {});
  let rank = 0;
  while (rank < n && values[rank]! > dependentShare * values[0]! && values[rank]! > 0) rank++;
  let trace = 0;
  for (let i = 0; i < n; i++) trace += products.data[i * n + i]!;
  const ridge = (ridgeShare * trace) / (n - 1) / x.columns;

  const shrunk = zeros64(n, rank);
  const solved = zeros64(n, rank);
  for (let c = 0; c < rank; c++) {
    const variance = values[c]! / (n - 1);
    const shrinkage = Math.sqrt(variance / (variance + ridge));
    const factor = 1 / Math.sqrt(values[c]! * (variance + ridge));
    for (let i = 0; i < n; i++) {
      const element = vectors.data[i * n + c]!;
      shrunk.data[i * rank + c] = element * shrinkage;
      solved.data[i * rank + c] = element * factor;
    }
  }
  return {
    rank,
    shrunk,
    unwhiten: async (m) => {
      const weights = await engine.multiply(x, await engine.multiply(solved, m), { transposeA: true });
      return scales ? scaleRows(weights, scales) : weights;
    },
  };
}

/** Brings every column to unit length, in place, and returns the factors; columns of zeros stay. */
function equalScales(x: Matrix64): Float64Array {
  const squares = new Float64Array(x.columns);
  for (let p = 0; p < x.data.length; p++) squares[p % x.columns]! += x.data[p]! ** 2;
  const scales = squares.map((square) => (square > 0 ? 1 / Math.sqrt(square) : 0));
  for (let p = 0; p < x.data.length; p++) x.data[p]! *= scales[p % x.columns]!;
  return scales;
}

/** The rows of a block for each pair, less their mean, as a new float64 matrix. */
function centredRows(block: CheckedBlock, n: number, mean: Float64Array): Matrix64 {
  const { rows, of } = block;
  const { columns } = rows;
  const centred = zeros64(n, columns);
  for (let i = 0; i < n; i++) {
    const r = of ? of[i]! : i;
    const target = row(centred, i);
    if (isSparse(rows))
      for (let p = rows.offsets[r]!; p < rows.offsets[r + 1]!; p++)
        target[rows.indices[p]!] = rows.values[p]!;
    else target.set(row(rows, r));
    for (let c = 0; c < columns; c++) target[c]! -= mean[c]!;
  }
  return centred;
}

/** The variances of centred columns; what rounding of the mean explains is 0. */
function columnVariances(m: Matrix64, mean: Float64Array): Float64Array {
  const { rows, columns, data } = m;
  const squares = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let c = 0; c < columns; c++) squares[c]! += data[i * columns + c]! ** 2;
  return squares.map((square, c) => {
    const variance = square / (rows - 1);
    return variance > (1e-13 * mean[c]!) ** 2 ? variance : 0;
  });
}

/** The blocks of a view side by side, columns scaled. */
function joinScaled(blocks: readonly Matrix64[], view: ViewPlan, n: number): Matrix64 {
  const columns = view.scales.length;
  const joinedRows = zeros64(n, columns);
  let start = 0;
  for (const block of blocks) {
    for (let i = 0; i < n; i++)
      for (let c = 0; c < block.columns; c++)
        joinedRows.data[i * columns + start + c] =
          block.data[i * block.columns + c]! * view.scales[start + c]!;
    start += block.columns;
  }
  return joinedRows;
}
