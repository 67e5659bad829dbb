// Cholesky factor and triangular solves of float64 matrices, recursively, so that almost all work is products.

import { SUBTRACT } from './add-tile';
import { F64, product, update } from './product';
import { barrier, setStatus, share, status, thread } from './runtime';
import { addRow, dot, scaleRow } from './vector';

/** Below this size the recursion ends. */
const BASE: i32 = 32;

/** A = L Lᵀ in place, lower triangle only. Status becomes the number of the pivot (from 1) that is not positive. */
export function factor(a: usize, ld: i32, n: i32, first: i32): void {
  if (n <= BASE) {
    if (thread == 0) factorBase(a, <usize>ld << 3, n, first);
    barrier();
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const a21 = a + ((<usize>n1 * <usize>ld) << 3);
  const a22 = a21 + (<usize>n1 << 3);
  factor(a, ld, n1, first);
  if (status() != 0) return;
  solveRight(a, ld, n1, a21, ld, n2);
  product(F64, n2, n2, n1, a21, ld, false, a21, ld, true, a22, ld, SUBTRACT, true, 0, 0, 0);
  factor(a22, ld, n2, first + n1);
}

/** About half, so that the parts stay aligned with the micro-kernel. */
// @ts-ignore: decorator
@inline
function half(n: i32): i32 {
  return ((n >> 1) + 15) & ~15;
}

function factorBase(a: usize, stride: usize, n: i32, first: i32): void {
  for (let j = 0; j < n; j++) {
    const rowJ = a + <usize>j * stride;
    for (let i = 0; i < j; i++) {
      const rowI = a + <usize>i * stride;
      let sum = load<f64>(rowJ + (<usize>i << 3));
      for (let p = 0; p < i; p++) sum -= load<f64>(rowJ + (<usize>p << 3)) * load<f64>(rowI + (<usize>p << 3));
      store<f64>(rowJ + (<usize>i << 3), sum / load<f64>(rowI + (<usize>i << 3)));
    }
    let pivot = load<f64>(rowJ + (<usize>j << 3));
    for (let p = 0; p < j; p++) {
      const value = load<f64>(rowJ + (<usize>p << 3));
      pivot -= value * value;
    }
    if (!(pivot > 0) || pivot == Infinity) {
      setStatus(first + j + 1);
      return;
    }
    store<f64>(rowJ + (<usize>j << 3), Math.sqrt(pivot));
  }
}

/** X Lᵀ = B in place of B (m x n), L lower triangular n x n. */
function solveRight(l: usize, ldl: i32, n: i32, b: usize, ldb: i32, m: i32): void {
  if (n <= BASE) {
    const from = share(m, thread);
    const to = share(m, thread + 1);
    for (let i = from; i < to; i++) {
      const row = b + ((<usize>i * <usize>ldb) << 3);
      for (let j = 0; j < n; j++) {
        const rowL = l + ((<usize>j * <usize>ldl) << 3);
        const sum = dot(row, rowL, j);
        const at = row + (<usize>j << 3);
        store<f64>(at, (load<f64>(at) - sum) / load<f64>(rowL + (<usize>j << 3)));
      }
    }
    barrier();
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const l21 = l + ((<usize>n1 * <usize>ldl) << 3);
  const b2 = b + (<usize>n1 << 3);
  solveRight(l, ldl, n1, b, ldb, m);
  update(m, n2, n1, b, ldb, false, l21, ldl, true, b2, ldb, true);
  solveRight(l21 + (<usize>n1 << 3), ldl, n2, b2, ldb, m);
}

/** L X = B, or Lᵀ X = B, in place of B (n x m), L lower triangular n x n. */
export function solveLeft(l: usize, ldl: i32, n: i32, b: usize, ldb: i32, m: i32, transpose: bool): void {
  if (n <= BASE) {
    // Each thread takes some columns; a row of them is updated at once.
    const from = share(m, thread);
    const columns = share(m, thread + 1) - from;
    for (let step = 0; step < n; step++) {
      const j = transpose ? n - 1 - step : step;
      const rowJ = b + ((<usize>j * <usize>ldb + <usize>from) << 3);
      scaleRow(rowJ, columns, 1 / load<f64>(l + ((<usize>j * <usize>ldl + <usize>j) << 3)));
      const begin = transpose ? 0 : j + 1;
      const end = transpose ? j : n;
      for (let i = begin; i < end; i++) {
        const at = transpose ? <usize>j * <usize>ldl + <usize>i : <usize>i * <usize>ldl + <usize>j;
        addRow(b + ((<usize>i * <usize>ldb + <usize>from) << 3), rowJ, columns, -load<f64>(l + (at << 3)));
      }
    }
    barrier();
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const l21 = l + ((<usize>n1 * <usize>ldl) << 3);
  const l22 = l21 + (<usize>n1 << 3);
  const b2 = b + ((<usize>n1 * <usize>ldb) << 3);
  if (transpose) {
    solveLeft(l22, ldl, n2, b2, ldb, m, true);
    update(n1, m, n2, l21, ldl, true, b2, ldb, false, b, ldb, true);
    solveLeft(l, ldl, n1, b, ldb, m, true);
  } else {
    solveLeft(l, ldl, n1, b, ldb, m, false);
    update(n2, m, n1, l21, ldl, false, b, ldb, false, b2, ldb, true);
    solveLeft(l22, ldl, n2, b2, ldb, m, false);
  }
}
