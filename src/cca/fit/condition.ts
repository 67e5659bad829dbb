import type { Matrix64 } from '../../linalg/matrix.ts';

/** Steps of power and inverse iteration: enough for the size of both ends of a spectrum, if not for their digits. */
const STEPS = 8;

/** Both ends of a spectrum. */
export interface Extremes {
  readonly largest: number;
  readonly smallest: number;
}

/**
 * Estimates the largest and the smallest eigenvalue of L Lᵀ by power and inverse iteration (Golub and Van Loan, "Matrix
 * computations", 2013, section 7.3), at a cost of 32 size² operations: the largest is found from below and the smallest
 * from above, within a few per cent as a rule.
 * @param l lower triangular with a positive diagonal
 */
export function extremeEigenvalues({ rows: size, data }: Matrix64): Extremes {
  if (size === 0) return { largest: 0, smallest: 0 };
  const begin = () => {
    // No eigenvector of a matrix that occurs is orthogonal to this one.
    const v = Float64Array.from({ length: size }, (_, i) => 1 + ((i * 0.6180339887498949) % 1));
    normalize(v);
    return v;
  };
  let v = begin();
  let largest = 0;
  for (let step = 0; step < STEPS; step++) {
    v = timesLower(data, size, timesUpper(data, size, v));
    largest = normalize(v);
  }
  v = begin();
  let inverse = 0;
  for (let step = 0; step < STEPS; step++) {
    solveLower(data, size, v);
    solveUpper(data, size, v);
    inverse = normalize(v);
  }
  return { largest, smallest: 1 / inverse };
}

/** Brings a vector to unit length, and returns its length. */
function normalize(v: Float64Array): number {
  const length = Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
  for (let i = 0; i < v.length; i++) v[i]! /= length || 1;
  return length;
}

/** Lᵀ v. */
function timesUpper(l: Float64Array, size: number, v: Float64Array): Float64Array<ArrayBuffer> {
  const result = new Float64Array(size);
  for (let i = 0; i < size; i++)
    for (let j = 0, from = i * size; j <= i; j++) result[j]! += l[from + j]! * v[i]!;
  return result;
}

/** L v. */
function timesLower(l: Float64Array, size: number, v: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  return v.map((_, i) => {
    let sum = 0;
    for (let j = 0, from = i * size; j <= i; j++) sum += l[from + j]! * v[j]!;
    return sum;
  });
}

/** v <- L⁻¹ v. */
function solveLower(l: Float64Array, size: number, v: Float64Array): void {
  for (let i = 0; i < size; i++) {
    let sum = v[i]!;
    for (let j = 0, from = i * size; j < i; j++) sum -= l[from + j]! * v[j]!;
    v[i] = sum / l[i * size + i]!;
  }
}

/** v <- L⁻ᵀ v. */
function solveUpper(l: Float64Array, size: number, v: Float64Array): void {
  for (let i = size - 1; i >= 0; i--) {
    const value = v[i]! / l[i * size + i]!;
    v[i] = value;
    for (let j = 0, from = i * size; j < i; j++) v[j]! -= value * l[from + j]!;
  }
}
