import type { Engine } from '../../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import type { ViewDiagnostics } from '../space/joint-space.ts';
import type { WhitenedView } from './canonical-solution.ts';
import { extremeEigenvalues } from './condition.ts';
import { columnSquares, rowBasis } from './row-basis.ts';
import { diagnose, spreadRows } from './whitening.ts';

/** A view whitened from its rows. */
export interface RowWhitening extends WhitenedView {
  readonly diagnostics: ViewDiagnostics;
  /** The whitened rows over sqrt(n - 1), n x rank: inner products of two views' are their coherence. */
  readonly shrunk: Matrix64;
}

/** Rows that pairs share: for each pair the number of its row, and how many pairs each row has. */
interface RepeatedRows {
  readonly of: Uint32Array;
  readonly counts: Float64Array;
}

interface WhitenOptions {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The whitening of the covariance of centred rows X from an orthonormal basis of their columns: of [X; sqrt(r (n - 1)) I] for
 * the ridge r, with columns at unit length, = Q Lᵀ, the whitening is W = sqrt(n - 1) D L⁻ᵀ and X W = sqrt(n - 1) Q. Nothing is
 * squared (Björck and Golub, "Numerical methods for computing angles between linear subspaces", 1973).
 * @param rounding what share of each column's variance rounding of its numbers may be
 * @param ridgeShare of the mean variance
 */
export async function whitenByBasis(
  x: Matrix64,
  rounding: Float64Array,
  ridgeShare: number,
  options: WhitenOptions,
): Promise<RowWhitening> {
  const { engine } = options;
  const n = x.rows;
  const squares = columnSquares(x);
  const added = (ridgeShare * squares.reduce((sum, value) => sum + value, 0)) / x.columns;
  const scales = squares.map((square) => (square > 0 ? 1 / Math.sqrt(square + added) : 0));
  const { kept, q, l } = await rowBasis(unitColumns(x, scales, added), rounding, options);
  const shrunk = { rows: n, columns: q.columns, data: q.data.subarray(0, n * q.columns) };
  const spread = scales.map((scale) => scale * Math.sqrt(n - 1));
  return {
    rank: kept.length,
    ridge: added / (n - 1),
    shrunk,
    diagnostics: diagnose(extremeEigenvalues(l), kept, x.columns),
    unwhiten: async (m) => spreadRows(await engine.solveTriangular(l, m, { transpose: true }), kept, spread),
  };
}

/** The columns of X times their scales, and where there is a ridge below them its root on the diagonal. */
function unitColumns(x: Matrix64, scales: Float64Array, added: number): Matrix64 {
  const { rows, columns } = x;
  const result = zeros64(rows + (added > 0 ? columns : 0), columns);
  for (let p = 0; p < x.data.length; p++) result.data[p] = x.data[p]! * scales[p % columns]!;
  if (added > 0)
    for (let c = 0; c < columns; c++) result.data[(rows + c) * columns + c] = Math.sqrt(added) * scales[c]!;
  return result;
}

/**
 * The whitening W = Xᵀ U Λ^(-1/2) (Λ / (n - 1) + ridge)^(-1/2) of the covariance of centred rows X for fewer pairs than
 * columns: all that covariances know is in the n x n inner products X Xᵀ = U Λ Uᵀ (Hardoon et al., "Canonical correlation
 * analysis: an overview with application to learning methods", 2004, section 4).
 * Rows that pairs share are looked at once: with each row times the root of its number of pairs, X Xᵀ has the same
 * eigenvalues but for zeros, and its eigenvectors over that root are those of the pairs.
 * @param x for `repeats` a row for each row that pairs share, times the root of how many do
 * @param ridgeShare of the mean variance, above 0
 */
export async function whitenByProducts(
  x: Matrix64,
  ridgeShare: number,
  { engine, signal, repeats }: WhitenOptions & { readonly repeats?: RepeatedRows | undefined },
): Promise<RowWhitening> {
  const rows = x.rows;
  const n = repeats ? repeats.of.length : rows;
  const products = await engine.multiply(x, x, { transposeB: true });
  const { values, vectors } = await engine.eigenSymmetric(products, signal ? { signal } : {});
  let rank = 0;
  while (rank < rows && values[rank]! > n * 2 ** -52 * values[0]!) rank++;
  let trace = 0;
  for (let i = 0; i < rows; i++) trace += products.data[i * rows + i]!;
  const ridge = (ridgeShare * trace) / (n - 1) / x.columns;

  const shrunk = zeros64(n, rank);
  const solved = zeros64(rows, rank);
  for (let c = 0; c < rank; c++) {
    const variance = values[c]! / (n - 1);
    const shrinkage = Math.sqrt(variance / (variance + ridge));
    const factor = 1 / Math.sqrt(values[c]! * (variance + ridge));
    for (let i = 0; i < rows; i++) solved.data[i * rank + c] = vectors.data[i * rows + c]! * factor;
    for (let i = 0; i < n; i++) {
      const r = repeats ? repeats.of[i]! : i;
      const share = repeats ? 1 / Math.sqrt(repeats.counts[r]!) : 1;
      shrunk.data[i * rank + c] = vectors.data[r * rows + c]! * share * shrinkage;
    }
  }
  const squares = columnSquares(x);
  const dropped = Uint32Array.from(squares.keys()).filter((c) => squares[c] === 0);
  return {
    rank,
    ridge,
    shrunk,
    diagnostics: {
      rank: x.columns - dropped.length,
      dropped,
      condition: rank === 0 ? 1 : Math.sqrt((values[0]! / (n - 1) + ridge) / ridge),
    },
    unwhiten: async (m) => engine.multiply(x, await engine.multiply(solved, m), { transposeA: true }),
  };
}
