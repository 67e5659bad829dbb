import type { Floats, Matrix } from './matrix.ts';

/** Aᵀ as a new matrix, copied in tiles so that both sides stay in the cache. */
export function transpose<T extends Floats>(a: Matrix<T>): Matrix<T> {
  const { rows, columns } = a;
  const data = new (a.data.constructor as new (length: number) => T)(rows * columns);
  for (let i = 0; i < rows; i += 32)
    for (let j = 0; j < columns; j += 32)
      for (let r = i; r < Math.min(i + 32, rows); r++)
        for (let c = j; c < Math.min(j + 32, columns); c++) data[c * rows + r] = a.data[r * columns + c]!;
  return { rows: columns, columns: rows, data };
}
