import { isSparse, type Matrix64, type Rows, type SparseRows, zeros64 } from '../../linalg/matrix.ts';
import type { CheckedBlock } from './block-rows.ts';

/**
 * Σ (y - shift) over the pairs that share each of `groups` rows: what stands against one row of the other block
 * when products are summed. Dense sums are float64; sparse ones are stored in float32, and what that rounds away, where it
 * is to be kept, in rows of its own.
 * @param of for each pair the group it belongs to
 * @returns rows that add up to the sums
 */
export function sumByGroup(
  block: CheckedBlock,
  shift: Float64Array | undefined,
  of: Uint32Array,
  groups: number,
  exact: boolean,
): Rows[] {
  return isSparse(block.rows)
    ? sumSparse(block.rows, block.of, of, groups, exact)
    : [sumDense(block.rows, block.of, shift, of, groups)];
}

function sumDense(
  rows: Exclude<Rows, SparseRows>,
  rowOf: Uint32Array | undefined,
  shift: Float64Array | undefined,
  of: Uint32Array,
  groups: number,
): Matrix64 {
  const { columns, data } = rows;
  const sums = zeros64(groups, columns);
  for (let p = 0; p < of.length; p++) {
    const from = (rowOf ? rowOf[p]! : p) * columns;
    const to = of[p]! * columns;
    for (let c = 0; c < columns; c++) sums.data[to + c]! += data[from + c]! - (shift ? shift[c]! : 0);
  }
  return sums;
}

function sumSparse(
  rows: SparseRows,
  rowOf: Uint32Array | undefined,
  of: Uint32Array,
  groups: number,
  exact: boolean,
): SparseRows[] {
  // The pairs of each group, by counting.
  const ends = new Uint32Array(groups + 1);
  for (let p = 0; p < of.length; p++) ends[of[p]! + 1]!++;
  for (let g = 0; g < groups; g++) ends[g + 1]! += ends[g]!;
  const next = ends.slice(0, groups);
  const pairs = new Uint32Array(of.length);
  let stored = 0;
  for (let p = 0; p < of.length; p++) {
    pairs[next[of[p]!]!++] = p;
    const r = rowOf ? rowOf[p]! : p;
    stored += rows.offsets[r + 1]! - rows.offsets[r]!;
  }

  const offsets = new Uint32Array(groups + 1);
  const indices = new Uint32Array(stored);
  const values = new Float32Array(stored);
  const rest = new Float32Array(exact ? stored : 0);
  const sums = new Float64Array(rows.columns);
  const lastGroup = new Int32Array(rows.columns).fill(-1);
  let end = 0;
  for (let g = 0; g < groups; g++) {
    const start = end;
    for (let q = ends[g]!; q < ends[g + 1]!; q++) {
      const r = rowOf ? rowOf[pairs[q]!]! : pairs[q]!;
      for (let p = rows.offsets[r]!; p < rows.offsets[r + 1]!; p++) {
        const column = rows.indices[p]!;
        if (lastGroup[column] !== g) {
          lastGroup[column] = g;
          sums[column] = 0;
          indices[end++] = column;
        }
        sums[column]! += rows.values[p]!;
      }
    }
    const touched = indices.subarray(start, end).sort();
    for (let p = 0; p < touched.length; p++) {
      const sum = sums[touched[p]!]!;
      values[start + p] = sum;
      if (exact) rest[start + p] = sum - values[start + p]!;
    }
    offsets[g + 1] = end;
  }
  const parts = rest.some((value) => value !== 0) ? [values, rest] : [values];
  return parts.map((part) => ({
    rows: groups,
    columns: rows.columns,
    offsets,
    indices: indices.subarray(0, end),
    values: part.subarray(0, end),
  }));
}
