import { CovistaError } from '../../base/errors.ts';
import { type Matrix64, zeros64 } from '../matrix.ts';
import { requireShape, requireSquare } from '../shapes.ts';
import { accumulateProduct } from './product.ts';

/** Rows that are factored or solved one by one before the rest is updated by one matrix product. */
const block = 64;

/** The lower triangular L with L Lᵀ = A (right-looking, blocked); see Engine.cholesky. */
export function cholesky(a: Matrix64): Matrix64 {
  requireSquare('cholesky', 'A', a);
  const size = a.rows;
  const l = zeros64(size, size);
  for (let i = 0; i < size; i++) l.data.set(a.data.subarray(i * size, i * size + i + 1), i * size);
  for (let start = 0; start < size; start += block) {
    const end = Math.min(start + block, size);
    factorColumns(l, start, end);
    // What is left of A after these columns: A22 - L21 L21ᵀ.
    const panel = { data: l.data, start: end * size + start, outerStride: size, innerStride: 1 };
    const rest = { data: l.data, start: end * size + end, rowStride: size };
    accumulateProduct(size - end, size - end, end - start, panel, panel, rest, -1, 'lower');
  }
  for (let i = 0; i < size; i++) l.data.fill(0, i * size + i + 1, (i + 1) * size);
  return l;
}

/** Factors the columns start .. end of the remaining matrix, all rows below included. */
function factorColumns(l: Matrix64, start: number, end: number): void {
  const size = l.rows;
  for (let i = start; i < size; i++) {
    for (let j = start; j < Math.min(i + 1, end); j++) {
      let sum = l.data[i * size + j]!;
      for (let p = start; p < j; p++) sum -= l.data[i * size + p]! * l.data[j * size + p]!;
      if (i !== j) {
        l.data[i * size + j] = sum / l.data[j * size + j]!;
      } else if (sum > 0) {
        l.data[i * size + i] = Math.sqrt(sum);
      } else {
        throw new CovistaError(
          'numeric',
          `The ${size} x ${size} matrix is not positive definite: pivot ${i} is ${sum}.`,
          { hint: 'Add a ridge, or remove columns that are constant or repeat others.' },
        );
      }
    }
  }
}

/** X with L X = B, or Lᵀ X = B when `transpose`; see Engine.solveTriangular. */
export function solveTriangular(
  l: Matrix64,
  b: Matrix64,
  options: { transpose?: boolean | undefined } = {},
): Matrix64 {
  requireSquare('solveTriangular', 'L', l);
  requireShape('solveTriangular', 'B', b, l.rows, b.columns);
  const x: Matrix64 = { rows: b.rows, columns: b.columns, data: b.data.slice() };
  if (options.transpose) solveBackward(l, x);
  else solveForward(l, x);
  return x;
}

function solveForward(l: Matrix64, x: Matrix64): void {
  const size = l.rows;
  const { columns } = x;
  for (let start = 0; start < size; start += block) {
    const end = Math.min(start + block, size);
    for (let i = start; i < end; i++) {
      for (let p = start; p < i; p++) subtractRow(x, i, p, l.data[i * size + p]!);
      divideRow(x, i, l.data[i * size + i]!);
    }
    accumulateProduct(
      size - end,
      columns,
      end - start,
      { data: l.data, start: end * size + start, outerStride: size, innerStride: 1 },
      { data: x.data, start: start * columns, outerStride: 1, innerStride: columns },
      { data: x.data, start: end * columns, rowStride: columns },
      -1,
    );
  }
}

function solveBackward(l: Matrix64, x: Matrix64): void {
  const size = l.rows;
  const { columns } = x;
  for (let end = size; end > 0; end -= Math.min(block, end)) {
    const start = Math.max(0, end - block);
    for (let i = end - 1; i >= start; i--) {
      for (let p = i + 1; p < end; p++) subtractRow(x, i, p, l.data[p * size + i]!);
      divideRow(x, i, l.data[i * size + i]!);
    }
    accumulateProduct(
      start,
      columns,
      end - start,
      { data: l.data, start: start * size, outerStride: 1, innerStride: size },
      { data: x.data, start: start * columns, outerStride: 1, innerStride: columns },
      { data: x.data, start: 0, rowStride: columns },
      -1,
    );
  }
}

function subtractRow(x: Matrix64, i: number, p: number, factor: number): void {
  const { columns, data } = x;
  for (let c = 0; c < columns; c++) data[i * columns + c]! -= factor * data[p * columns + c]!;
}

function divideRow(x: Matrix64, i: number, divisor: number): void {
  const { columns, data } = x;
  for (let c = 0; c < columns; c++) data[i * columns + c]! /= divisor;
}
