import { type Matrix64, zeros64 } from '../matrix.ts';

/** A P = Q R with Q kept as Householder vectors; column j of A is row j of `columns` (n x m, m >= n). */
export interface PivotedQr {
  /** Row i holds Householder vector i from element i on, with its factor 2 / |u|² in `factors`. */
  readonly reflectors: Matrix64;
  readonly factors: Float64Array;
  /** R, n x n, upper triangular with diagonal falling in size. */
  readonly r: Matrix64;
  /** Column i of A P is column `order[i]` of A. */
  readonly order: Uint32Array;
}

/**
 * Householder QR with column pivoting (Businger and Golub 1965) of the tall matrix whose columns are the rows
 * of `columns`, which is overwritten.
 */
export function pivotedQr(columns: Matrix64): PivotedQr {
  const { rows: n, columns: m, data } = columns;
  const factors = new Float64Array(n);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const norms = new Float64Array(n);
  for (let j = 0; j < n; j++) norms[j] = squareNorm(data, j * m, m);
  const known = norms.slice();
  const r = zeros64(n, n);
  for (let i = 0; i < n; i++) {
    let best = i;
    for (let j = i + 1; j < n; j++) if (norms[j]! > norms[best]!) best = j;
    if (best !== i) swapColumns(columns, r, norms, known, order, i, best);
    const u = data.subarray(i * m + i, (i + 1) * m);
    const norm = Math.sqrt(squareNorm(u, 0, m - i));
    if (norm === 0) continue;
    const diagonal = u[0]! > 0 ? -norm : norm;
    r.data[i * n + i] = diagonal;
    u[0]! -= diagonal;
    factors[i] = 1 / (norm * Math.abs(u[0]!));
    for (let j = i + 1; j < n; j++) {
      const v = data.subarray(j * m + i, (j + 1) * m);
      applyReflector(u, factors[i]!, v);
      r.data[i * n + j] = v[0]!;
      norms[j]! -= v[0]! * v[0]!;
      // The difference loses its digits as it shrinks: measure again then.
      if (norms[j]! < 1e-6 * known[j]!) {
        norms[j] = squareNorm(v, 1, m - i - 1);
        known[j] = norms[j]!;
      }
    }
  }
  return { reflectors: columns, factors, r, order };
}

/** Q z for each row z of `rows` (count x m), in place. */
export function applyQ(qr: PivotedQr, rows: Matrix64): void {
  const { reflectors, factors } = qr;
  const m = reflectors.columns;
  for (let row = 0; row < rows.rows; row++)
    for (let i = reflectors.rows - 1; i >= 0; i--) {
      if (factors[i] === 0) continue;
      const u = reflectors.data.subarray(i * m + i, (i + 1) * m);
      applyReflector(u, factors[i]!, rows.data.subarray(row * m + i, (row + 1) * m));
    }
}

function applyReflector(u: Float64Array, factor: number, v: Float64Array): void {
  let sum = 0;
  for (let p = 0; p < u.length; p++) sum += u[p]! * v[p]!;
  sum *= factor;
  for (let p = 0; p < u.length; p++) v[p]! -= sum * u[p]!;
}

function squareNorm(data: Float64Array, start: number, length: number): number {
  let sum = 0;
  for (let p = start; p < start + length; p++) sum += data[p]! * data[p]!;
  return sum;
}

function swapColumns(
  columns: Matrix64,
  r: Matrix64,
  norms: Float64Array,
  known: Float64Array,
  order: Uint32Array,
  i: number,
  j: number,
): void {
  const m = columns.columns;
  const held = columns.data.slice(i * m, (i + 1) * m);
  columns.data.copyWithin(i * m, j * m, (j + 1) * m);
  columns.data.set(held, j * m);
  for (let p = 0; p < i; p++) swap(r.data, p * r.columns + i, p * r.columns + j);
  swap(norms, i, j);
  swap(known, i, j);
  swap(order, i, j);
}

function swap(values: Float64Array | Uint32Array, i: number, j: number): void {
  const held = values[i]!;
  values[i] = values[j]!;
  values[j] = held;
}
