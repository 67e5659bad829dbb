// Float64 vector steps of the decompositions. Addresses need not be aligned.

import { madd64 } from './runtime';

export function dot(a: usize, b: usize, count: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    s0 = madd64(v128.load(a), v128.load(b), s0);
    s1 = madd64(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = madd64(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = madd64(v128.load(a, 48), v128.load(b, 48), s3);
    a += 64;
    b += 64;
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (; i < count; i++) {
    sum += load<f64>(a) * load<f64>(b);
    a += 8;
    b += 8;
  }
  return sum;
}

/** y += factor x. */
export function addRow(y: usize, x: usize, count: i32, factor: f64): void {
  const f = f64x2.splat(factor);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = y + (<usize>i << 3);
    const from = x + (<usize>i << 3);
    v128.store(at, madd64(v128.load(from), f, v128.load(at)));
    v128.store(at, madd64(v128.load(from, 16), f, v128.load(at, 16)), 16);
  }
  for (; i < count; i++) {
    const at = y + (<usize>i << 3);
    store<f64>(at, load<f64>(at) + factor * load<f64>(x + (<usize>i << 3)));
  }
}

/** y += f0 x0 + f1 x1 + f2 x2 + f3 x3 for four rows `stride` bytes apart: y is read and written only once. */
export function addFourRows(y: usize, x: usize, stride: usize, count: i32, f: usize): void {
  const f0 = v128.load_splat<f64>(f);
  const f1 = v128.load_splat<f64>(f, 8);
  const f2 = v128.load_splat<f64>(f, 16);
  const f3 = v128.load_splat<f64>(f, 24);
  let x1 = x + stride;
  let x2 = x1 + stride;
  let x3 = x2 + stride;
  let i = 0;
  for (; i + 2 <= count; i += 2) {
    let s = v128.load(y);
    s = madd64(v128.load(x), f0, s);
    let t = f64x2.mul(v128.load(x1), f1);
    s = madd64(v128.load(x2), f2, s);
    t = madd64(v128.load(x3), f3, t);
    v128.store(y, f64x2.add(s, t));
    y += 16;
    x += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  if (i < count)
    store<f64>(
      y,
      load<f64>(y) +
        load<f64>(x) * load<f64>(f) +
        load<f64>(x1) * load<f64>(f, 8) +
        load<f64>(x2) * load<f64>(f, 16) +
        load<f64>(x3) * load<f64>(f, 24),
    );
}

export function scaleRow(row: usize, count: i32, factor: f64): void {
  const f = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= count; i += 2) {
    const at = row + (<usize>i << 3);
    v128.store(at, f64x2.mul(v128.load(at), f));
  }
  if (i < count) {
    const at = row + (<usize>i << 3);
    store<f64>(at, load<f64>(at) * factor);
  }
}

/** Element i of a float64 vector. */
// @ts-ignore: decorator
@inline
export function get(at: usize, i: i32): f64 {
  return load<f64>(at + (<usize>i << 3));
}

// @ts-ignore: decorator
@inline
export function set(at: usize, i: i32, value: f64): void {
  store<f64>(at + (<usize>i << 3), value);
}

/** Address of element i. */
// @ts-ignore: decorator
@inline
export function at(base: usize, i: i32): usize {
  return base + (<usize>i << 3);
}
