import type { Floats } from './matrix.ts';

/** Adds the lower triangle of a matrix (n x n) to that of another. */
export function addLower(sum: Floats, into: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let p = i * n; p <= i * n + i; p++) into[p]! += sum[p]!;
}

/**
 * Copies the lower triangle of a matrix (n x n) to the upper, in squares of a cache line's eight numbers: of a stride
 * that is a power of two, a first-level cache keeps no more than eight lines.
 */
export function mirrorLower(a: Float64Array, n: number): void {
  const square = 8;
  for (let i0 = 0; i0 < n; i0 += square) {
    const i1 = Math.min(n, i0 + square);
    for (let j = 0; j < i0; j++)
      for (let i = i0, from = i0 * n + j; i < i1; i++, from += n) a[j * n + i] = a[from]!;
    for (let i = i0; i < i1; i++) for (let j = i0; j < i; j++) a[j * n + i] = a[i * n + j]!;
  }
}
