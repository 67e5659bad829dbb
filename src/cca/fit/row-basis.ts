import { throwIfAborted } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import { pivotedCholesky } from './pivoted-cholesky.ts';
import { isIndependent } from './rounding.ts';

/** X[:, kept] = Q Lᵀ, with orthonormal columns in Q. */
export interface RowBasis {
  /** The columns kept, in the order in which they were taken. */
  readonly kept: Uint32Array;
  /** rows x rank. */
  readonly q: Matrix64;
  /** rank x rank, lower triangular. */
  readonly l: Matrix64;
}

/** Columns that are taken at a time. */
const PANEL = 128;

/** Of a panel, columns of which the others leave less than this share are left for a later one, without loss of digits. */
const WELL_APART = 1e-6;

/** Columns with less left than this share of what the best one has left wait, so that large ones go first. */
const COMPARABLE = 0.01;

/** How far float64 arithmetic moves a column of unit length that was made orthogonal to others. */
const ARITHMETIC = (2 ** -49) ** 2;

/**
 * An orthonormal basis of columns by block Gram-Schmidt with pivoting, each panel orthonormalised twice (Björck, "Numerics of
 * Gram-Schmidt orthogonalization", 1994; Yamamoto and others, "CholeskyQR2", 2015). Works on the rows themselves, so that the
 * condition number is not squared: columns that differ by 1e-13 of their length are told apart. What rounding may have made
 * of a column grows with the columns taken out of it.
 * @param x columns of unit length, or of zeros; kept as it is
 * @param rounding how far the rounding of its numbers may have moved each column: the square of a share of its length
 */
export async function rowBasis(
  x: Matrix64,
  rounding: Float64Array,
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<RowBasis> {
  const { rows, columns } = x;
  const left: Matrix64 = { rows, columns, data: x.data.slice() };
  const uncertain = rounding.map((value) => value + ARITHMETIC);
  const kept: number[] = [];
  let q = zeros64(rows, 0);
  for (;;) {
    throwIfAborted(signal);
    const lengths = columnSquares(left);
    const panel = choosePanel(lengths, uncertain, kept);
    if (panel.length === 0) break;
    const candidates = pickColumns(left, panel, (c) => 1 / Math.sqrt(lengths[c]!));
    const gram = await engine.multiply(candidates, candidates, { transposeA: true });
    const share = new Float64Array(panel.length).fill(WELL_APART / 100);
    const apart = await pivotedCholesky(unitDiagonal(gram), share, { engine, signal });
    const taken = apart.kept.map((i) => panel[i]!);
    let fresh = pickColumns(candidates, apart.kept, () => 1);
    fresh = await orthonormalize(fresh, q, engine);
    fresh = await orthonormalize(fresh, q, engine);
    const shares = await engine.multiply(fresh, left, { transposeA: true });
    const moved = Float64Array.from(taken, (c) => uncertain[c]! / lengths[c]!);
    passOnRounding(uncertain, shares, moved, apart.l);
    subtract(left, await engine.multiply(fresh, shares));
    for (const c of taken) {
      clearColumn(left, c);
      kept.push(c);
    }
    q = beside(q, fresh);
  }
  const columnsKept = Uint32Array.from(kept);
  const l = await engine.multiply(
    pickColumns(x, columnsKept, () => 1),
    q,
    { transposeA: true },
  );
  for (let i = 0; i < l.rows; i++) l.data.fill(0, i * l.columns + i + 1, (i + 1) * l.columns);
  return { kept: columnsKept, q, l };
}

/** The columns with most left, most first: those that are not rounding and comparable with the best. */
function choosePanel(lengths: Float64Array, uncertain: Float64Array, kept: readonly number[]): Uint32Array {
  const done = new Set(kept);
  const open = Array.from(lengths.keys()).filter(
    (c) => !done.has(c) && isIndependent(lengths[c]!, uncertain[c]!),
  );
  // Sorting is stable: of equal columns the first comes first, although rounding sets them apart by a little.
  const rank = (c: number) => Math.round(1e6 * Math.log(lengths[c]!));
  open.sort((a, b) => rank(b) - rank(a));
  const least = COMPARABLE * (open.length > 0 ? lengths[open[0]!]! : 0);
  return Uint32Array.from(open.slice(0, PANEL).filter((c) => lengths[c]! >= least));
}

/**
 * Adds to the rounding of every column what it takes over with the columns that are taken out of it, as the elimination of
 * {@link pivotedCholesky} does: a column of small numbers cannot be told from a sum of others better than these are known.
 * @param shares of every column along each of the panel's orthonormal columns; panel x columns
 * @param moved the rounding of the panel's own columns at unit length
 * @param l the Cholesky factor of their products
 */
function passOnRounding(
  uncertain: Float64Array,
  shares: Matrix64,
  moved: Float64Array,
  { columns: size, data: l }: Matrix64,
): void {
  const { columns } = shares;
  for (let p = 0; p < size; p++) {
    const own = moved[p]! / l[p * size + p]! ** 2;
    for (let i = p + 1; i < size; i++) moved[i]! += l[i * size + p]! ** 2 * own;
    for (let c = 0; c < columns; c++) uncertain[c]! += shares.data[p * columns + c]! ** 2 * own;
  }
}

/** Columns made orthogonal to Q and to each other, at unit length, in their order; they are far from dependent. */
async function orthonormalize(columns: Matrix64, q: Matrix64, engine: Engine): Promise<Matrix64> {
  if (q.columns > 0) {
    const shares = await engine.multiply(q, columns, { transposeA: true });
    subtract(columns, await engine.multiply(q, shares));
  }
  const gram = await engine.multiply(columns, columns, { transposeA: true });
  const l = await engine.cholesky(gram, { overwrite: true });
  // Q = C L⁻ᵀ: its transpose solves L Qᵀ = Cᵀ, and L⁻ᵀ alone is small.
  const inverse = await engine.solveTriangular(l, identity(l.rows), { transpose: true });
  return engine.multiply(columns, inverse);
}

function identity(size: number): Matrix64 {
  const result = zeros64(size, size);
  for (let i = 0; i < size; i++) result.data[i * size + i] = 1;
  return result;
}

/** The squared length of each column. */
export function columnSquares({ rows, columns, data }: Matrix64): Float64Array {
  const squares = new Float64Array(columns);
  for (let i = 0, p = 0; i < rows; i++) for (let c = 0; c < columns; c++, p++) squares[c]! += data[p]! ** 2;
  return squares;
}

function unitDiagonal(m: Matrix64): Matrix64 {
  for (let i = 0; i < m.rows; i++) m.data[i * m.columns + i] = 1;
  return m;
}

function pickColumns(m: Matrix64, columns: Uint32Array, factor: (column: number) => number): Matrix64 {
  const result = zeros64(m.rows, columns.length);
  const factors = Float64Array.from(columns, factor);
  for (let i = 0, p = 0; i < m.rows; i++)
    for (let c = 0; c < columns.length; c++, p++)
      result.data[p] = factors[c]! * m.data[i * m.columns + columns[c]!]!;
  return result;
}

/** a -= b. */
function subtract(a: Matrix64, b: Matrix64): void {
  for (let p = 0; p < a.data.length; p++) a.data[p]! -= b.data[p]!;
}

function clearColumn({ rows, columns, data }: Matrix64, column: number): void {
  for (let i = 0; i < rows; i++) data[i * columns + column] = 0;
}

/** The columns of b behind those of a. */
function beside(a: Matrix64, b: Matrix64): Matrix64 {
  const columns = a.columns + b.columns;
  const result = zeros64(a.rows, columns);
  for (let i = 0; i < a.rows; i++) {
    result.data.set(a.data.subarray(i * a.columns, (i + 1) * a.columns), i * columns);
    result.data.set(b.data.subarray(i * b.columns, (i + 1) * b.columns), i * columns + a.columns);
  }
  return result;
}
