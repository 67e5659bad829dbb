import type { MultiplyOptions } from '../engine.ts';
import { productIndex, requireJointGram } from '../joint-gram.ts';
import { type Matrix, type Matrix64, zeros64 } from '../matrix.ts';
import { requireLength, requireShape } from '../shapes.ts';
import { accumulateProduct } from './product.ts';

/** op(A) op(B) with float64 sums, rounded to the element type of A at the end. */
export function multiply(a: Matrix, b: Matrix, options: MultiplyOptions = {}): Matrix {
  const { transposeA = false, transposeB = false } = options;
  const rows = transposeA ? a.columns : a.rows;
  const depth = transposeA ? a.rows : a.columns;
  const columns = transposeB ? b.rows : b.columns;
  requireShape('multiply', 'B', b, transposeB ? columns : depth, transposeB ? depth : columns);
  const product = zeros64(rows, columns);
  accumulateProduct(
    rows,
    columns,
    depth,
    {
      data: a.data,
      start: 0,
      outerStride: transposeA ? 1 : a.columns,
      innerStride: transposeA ? a.columns : 1,
    },
    {
      data: b.data,
      start: 0,
      outerStride: transposeB ? b.columns : 1,
      innerStride: transposeB ? 1 : b.columns,
    },
    { data: product.data, start: 0, rowStride: columns },
  );
  return a.data instanceof Float64Array ? product : { rows, columns, data: new Float32Array(product.data) };
}

/** into += Σ w_i (x_i - shift) (x_i - shift)ᵀ; see Engine.gram. */
export function gram(
  x: Matrix,
  into: Matrix64,
  options: { weights?: Float64Array | undefined; shift?: Float64Array | undefined } = {},
): void {
  const size = x.columns;
  const { weights, shift } = options;
  requireShape('gram', 'into', into, size, size);
  requireLength('gram', 'weights', weights, x.rows);
  requireLength('gram', 'shift', shift, size);
  const sum = zeros64(size, size);
  const factor = { data: x.data, start: 0, outerStride: 1, innerStride: size, shift };
  accumulateProduct(
    size,
    size,
    x.rows,
    factor,
    { ...factor, weights },
    { data: sum.data, start: 0, rowStride: size },
    1,
    'lower',
  );
  addSymmetric(sum, into);
}

/** into += Σ (x_i - shiftX) (y_i - shiftY)ᵀ; see Engine.crossGram. */
export function crossGram(
  x: Matrix,
  y: Matrix,
  into: Matrix64,
  options: { shiftX?: Float64Array | undefined; shiftY?: Float64Array | undefined } = {},
): void {
  const { shiftX, shiftY } = options;
  requireShape('crossGram', 'Y', y, x.rows, y.columns);
  requireShape('crossGram', 'into', into, x.columns, y.columns);
  requireLength('crossGram', 'shiftX', shiftX, x.columns);
  requireLength('crossGram', 'shiftY', shiftY, y.columns);
  accumulateProduct(
    x.columns,
    y.columns,
    x.rows,
    { data: x.data, start: 0, outerStride: 1, innerStride: x.columns, shift: shiftX },
    { data: y.data, start: 0, outerStride: 1, innerStride: y.columns, shift: shiftY },
    { data: into.data, start: 0, rowStride: y.columns },
  );
}

/** See Engine.jointGram. */
export function jointGram(
  blocks: readonly Matrix[],
  into: readonly Matrix64[],
  { shifts }: { shifts?: readonly Float64Array[] } = {},
): Float64Array[] {
  requireJointGram(blocks, into, shifts);
  const sums = blocks.map(({ rows, columns, data }, i) => {
    const sum = new Float64Array(columns);
    const shift = shifts?.[i] ?? new Float64Array(columns);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) sum[c]! += data[r * columns + c]! - shift[c]!;
    return sum;
  });
  if (!sums.every((sum) => sum.every(Number.isFinite))) return sums;
  for (const [i, x] of blocks.entries())
    for (let j = i; j < blocks.length; j++) {
      const product = into[productIndex(blocks.length, i, j)]!;
      if (i === j) gram(x, product, { shift: shifts?.[i] });
      else crossGram(x, blocks[j]!, product, { shiftX: shifts?.[i], shiftY: shifts?.[j] });
    }
  return sums;
}

/** Adds to both triangles of `into` the symmetric matrix whose lower triangle is given. */
function addSymmetric(lower: Matrix64, into: Matrix64): void {
  const size = lower.rows;
  for (let i = 0; i < size; i++) {
    into.data[i * size + i]! += lower.data[i * size + i]!;
    for (let j = 0; j < i; j++) {
      const value = lower.data[i * size + j]!;
      into.data[i * size + j]! += value;
      into.data[j * size + i]! += value;
    }
  }
}
