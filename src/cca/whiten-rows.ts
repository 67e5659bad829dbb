import type { Engine } from '../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import type { WhitenedView } from './canonical-solution.ts';
import type { ViewDiagnostics } from './joint-space.ts';
import { rowBasis } from './row-basis.ts';
import { diagnose, spreadRows } from './whitening.ts';

/** A view whitened from its rows. */
export interface RowWhitening extends WhitenedView {
  readonly diagnostics: ViewDiagnostics;
  /** The whitened rows over sqrt(n - 1), n x rank: inner products of two views' are their coherence. */
  readonly shrunk: Matrix64;
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
    diagnostics: diagnose(l, kept, x.columns),
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
 * @param ridgeShare of the mean variance, above 0
 */
export async function whitenByProducts(
  x: Matrix64,
  ridgeShare: number,
  { engine, signal }: WhitenOptions,
): Promise<RowWhitening> {
  const n = x.rows;
  const products = await engine.multiply(x, x, { transposeB: true });
  const { values, vectors } = await engine.eigenSymmetric(products, signal ? { signal } : {});
  let rank = 0;
  while (rank < n && values[rank]! > n * 2 ** -52 * values[0]!) rank++;
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

function columnSquares({ columns, data }: Matrix64): Float64Array {
  const squares = new Float64Array(columns);
  for (let p = 0; p < data.length; p++) squares[p % columns]! += data[p]! ** 2;
  return squares;
}
