import type { SparseRows } from './matrix.ts';

/** Sparse rows of entries whose indices ascend. */
export function sparseRows(
  rows: readonly (readonly { index: number; value: number }[])[],
  columns: number,
): SparseRows {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((entries, i) => {
    offsets[i + 1] = offsets[i]! + entries.length;
  });
  const indices = new Uint32Array(offsets[rows.length]!);
  const values = new Float32Array(offsets[rows.length]!);
  rows.forEach((entries, i) => {
    entries.forEach(({ index, value }, j) => {
      indices[offsets[i]! + j] = index;
      values[offsets[i]! + j] = value;
    });
  });
  return { rows: rows.length, columns, offsets, indices, values };
}
