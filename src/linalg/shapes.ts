import { CovistaError } from '../base/errors.ts';
import type { Matrix, SparseRows } from './matrix.ts';

type Shape = Pick<Matrix | SparseRows, 'rows' | 'columns'>;

/** Writes a shape as `3 x 4`. */
export function shapeOf(m: Shape): string {
  return `${m.rows} x ${m.columns}`;
}

/** @throws CovistaError `bad-values` naming the operation and the matrix unless it has this shape */
export function requireShape(operation: string, name: string, m: Shape, rows: number, columns: number): void {
  if (m.rows !== rows || m.columns !== columns)
    throw new CovistaError(
      'bad-values',
      `${operation}: ${name} must be ${rows} x ${columns}, got ${shapeOf(m)}.`,
    );
}

/** @throws CovistaError `bad-values` unless the matrix is square */
export function requireSquare(operation: string, name: string, m: Shape): void {
  if (m.rows !== m.columns)
    throw new CovistaError('bad-values', `${operation}: ${name} must be square, got ${shapeOf(m)}.`);
}

/** @throws CovistaError `bad-values` unless the vector is left out or has this length */
export function requireLength(
  operation: string,
  name: string,
  vector: { readonly length: number } | undefined,
  length: number,
): void {
  if (vector && vector.length !== length)
    throw new CovistaError(
      'bad-values',
      `${operation}: ${name} must have ${length} elements, got ${vector.length}.`,
    );
}
