// Small parallel steps around the products: the other triangle, other element types.

import { draw } from './runtime';

/** Side of the squares in which the triangle is copied: rows and columns of them stay in the cache. */
const SQUARE: i32 = 64;

/** Copies the lower triangle of a float64 matrix (n x n) to the upper; threads draw rows of squares. */
export function mirror(a: usize, n: i32): void {
  const stride = <usize>n << 3;
  const count = (n + SQUARE - 1) / SQUARE;
  for (let block = draw(); block < count; block = draw()) {
    const i0 = block * SQUARE;
    const i1 = min(n, i0 + SQUARE);
    for (let j0 = 0; j0 <= i0; j0 += SQUARE) {
      for (let i = i0; i < i1; i++) {
        const j1 = min(i, j0 + SQUARE);
        const row = a + <usize>i * stride;
        for (let j = j0; j < j1; j++) store<f64>(a + <usize>j * stride + (<usize>i << 3), load<f64>(row + (<usize>j << 3)));
      }
    }
  }
}

