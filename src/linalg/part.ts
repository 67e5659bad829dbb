import type { Floats, Matrix, Matrix64 } from './matrix.ts';

/** A copy of the rows `top` to `bottom` and columns `left` to `right` (ends left out) of a matrix. */
export function copyPart<T extends Floats>(
  m: Matrix<T>,
  top: number,
  bottom: number,
  left: number,
  right: number,
): Matrix<T> {
  const columns = right - left;
  const Data = m.data.constructor as new (length: number) => T;
  const data = new Data((bottom - top) * columns);
  for (let i = top; i < bottom; i++)
    data.set(m.data.subarray(i * m.columns + left, i * m.columns + right), (i - top) * columns);
  return { rows: bottom - top, columns, data };
}

/** Adds a matrix to the part of another that starts at (top, left). */
export function addPart(part: Matrix, into: Matrix, top: number, left: number): void {
  for (let i = 0; i < part.rows; i++) {
    const from = i * part.columns;
    const to = (top + i) * into.columns + left;
    for (let c = 0; c < part.columns; c++) into.data[to + c]! += part.data[from + c]!;
  }
}

/** Subtracts the lower triangle of a matrix (n x n) from that of another. */
export function subtractLower(m: Matrix64, from: Matrix64): void {
  for (let i = 0; i < m.rows; i++)
    for (let p = i * m.columns; p <= i * m.columns + i; p++) from.data[p]! -= m.data[p]!;
}
