import type { Floats, Matrix, Matrix64, SparseRows } from '../matrix.ts';
import { requireLength, requireShape } from '../shapes.ts';

/** into += (X - shiftX)ᵀ S; see Engine.sparseCrossGram. */
export function sparseCrossGram(
  x: Matrix,
  s: SparseRows,
  into: Matrix64,
  options: { shiftX?: Float64Array | undefined } = {},
): void {
  const { shiftX } = options;
  const dx = x.columns;
  requireShape('sparseCrossGram', 'S', s, x.rows, s.columns);
  requireShape('sparseCrossGram', 'into', into, dx, s.columns);
  requireLength('sparseCrossGram', 'shiftX', shiftX, dx);
  // Summed as Sᵀ X, whose rows lie together in memory, in panels of columns of X that fit the cache, for those columns of
  // S alone that hold something.
  const { used, place } = usedColumns(s);
  const panel = 64;
  for (let start = 0; start < dx; start += panel) {
    const end = Math.min(start + panel, dx);
    const wide = end - start;
    const sums = new Float64Array(used.length * wide);
    for (let i = 0; i < s.rows; i++) {
      const from = i * dx + start;
      for (let p = s.offsets[i]!; p < s.offsets[i + 1]!; p++) {
        const value = s.values[p]!;
        const to = place[s.indices[p]!]! * wide;
        if (shiftX)
          for (let c = 0; c < wide; c++) sums[to + c]! += value * (x.data[from + c]! - shiftX[start + c]!);
        else for (let c = 0; c < wide; c++) sums[to + c]! += value * x.data[from + c]!;
      }
    }
    for (let c = 0; c < wide; c++) {
      const to = (start + c) * s.columns;
      for (let j = 0; j < used.length; j++) into.data[to + used[j]!]! += sums[j * wide + c]!;
    }
  }
}

/** The columns that hold something, ascending, and for each of all columns its place among them. */
function usedColumns(s: SparseRows): { used: Uint32Array; place: Uint32Array } {
  const place = new Uint32Array(s.columns);
  for (let p = s.offsets[0]!; p < s.offsets[s.rows]!; p++) place[s.indices[p]!] = 1;
  let count = 0;
  for (let j = 0; j < s.columns; j++) count += place[j]!;
  const used = new Uint32Array(count);
  for (let j = 0, next = 0; j < s.columns; j++)
    if (place[j] === 1) {
      used[next] = j;
      place[j] = next++;
    }
  return { used, place };
}

/** into += Sᵀ diag(weights) S; see Engine.sparseGram. */
export function sparseGram(
  s: SparseRows,
  into: Matrix64,
  options: { weights?: Float64Array | undefined } = {},
): void {
  const { weights } = options;
  const { columns, offsets, indices, values } = s;
  requireShape('sparseGram', 'into', into, columns, columns);
  requireLength('sparseGram', 'weights', weights, s.rows);
  for (let i = 0; i < s.rows; i++) {
    const weight = weights ? weights[i]! : 1;
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
      const value = weight * values[p]!;
      const to = indices[p]!;
      for (let q = offsets[i]!; q < p; q++) {
        const other = indices[q]!;
        const product = value * values[q]!;
        into.data[to * columns + other]! += product;
        into.data[other * columns + to]! += product;
      }
      into.data[to * columns + to]! += value * values[p]!;
    }
  }
}

/** S B with float64 sums; see Engine.sparseMultiply. */
export function sparseMultiply(s: SparseRows, b: Matrix): Matrix {
  const { columns } = b;
  requireShape('sparseMultiply', 'B', b, s.columns, columns);
  const data: Floats =
    b.data instanceof Float64Array ? new Float64Array(s.rows * columns) : new Float32Array(s.rows * columns);
  const sums = new Float64Array(columns);
  for (let i = 0; i < s.rows; i++) {
    sums.fill(0);
    for (let p = s.offsets[i]!; p < s.offsets[i + 1]!; p++) {
      const value = s.values[p]!;
      const from = s.indices[p]! * columns;
      for (let c = 0; c < columns; c++) sums[c]! += value * b.data[from + c]!;
    }
    data.set(sums, i * columns);
  }
  return { rows: s.rows, columns, data };
}
