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

/** The named rows, in that order, as new sparse rows. */
export function selectSparseRows(s: SparseRows, rows: ArrayLike<number>): SparseRows {
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++)
    offsets[i + 1] = offsets[i]! + s.offsets[rows[i]! + 1]! - s.offsets[rows[i]!]!;
  const indices = new Uint32Array(offsets[rows.length]!);
  const values = new Float32Array(offsets[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    const [from, end] = [s.offsets[rows[i]!]!, s.offsets[rows[i]! + 1]!];
    indices.set(s.indices.subarray(from, end), offsets[i]!);
    values.set(s.values.subarray(from, end), offsets[i]!);
  }
  return { rows: rows.length, columns: s.columns, offsets, indices, values };
}
