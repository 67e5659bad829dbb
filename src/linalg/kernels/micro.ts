// The micro-kernels: the product of a narrow packed panel of A and one of B, kept in registers. Twelve sums, two vectors
// of B and one element of A fill the fifteen registers that are free, and each vector of B is used six times.
//
// Panels of A are HEIGHT rows wide, those of B 32 bytes (8 float32 or 4 float64): element r of step p lies at
// panel + width p + size r, where width counts bytes.

import { madd32, madd64 } from './runtime';

/** Rows of a panel of A. */
export const HEIGHT: i32 = 6;

/** out (6 x 8 float32, contiguous) = the 6 rows at `a` times the 8 columns at `b`, over `depth` steps. */
export function micro32(depth: i32, a: usize, b: usize, out: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  const end = a + <usize>depth * 24;
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a);
    c00 = madd32(s, b0, c00);
    c01 = madd32(s, b1, c01);
    s = v128.load_splat<f32>(a, 4);
    c10 = madd32(s, b0, c10);
    c11 = madd32(s, b1, c11);
    s = v128.load_splat<f32>(a, 8);
    c20 = madd32(s, b0, c20);
    c21 = madd32(s, b1, c21);
    s = v128.load_splat<f32>(a, 12);
    c30 = madd32(s, b0, c30);
    c31 = madd32(s, b1, c31);
    s = v128.load_splat<f32>(a, 16);
    c40 = madd32(s, b0, c40);
    c41 = madd32(s, b1, c41);
    s = v128.load_splat<f32>(a, 20);
    c50 = madd32(s, b0, c50);
    c51 = madd32(s, b1, c51);
    a += 24;
    b += 32;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c10, 32);
  v128.store(out, c11, 48);
  v128.store(out, c20, 64);
  v128.store(out, c21, 80);
  v128.store(out, c30, 96);
  v128.store(out, c31, 112);
  v128.store(out, c40, 128);
  v128.store(out, c41, 144);
  v128.store(out, c50, 160);
  v128.store(out, c51, 176);
}

/** out (6 x 4 float64, contiguous) = the 6 rows at `a` times the 4 columns at `b`, over `depth` steps. */
export function micro64(depth: i32, a: usize, b: usize, out: usize): void {
  let c00 = f64x2.splat(0);
  let c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0);
  let c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0);
  let c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0);
  let c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0);
  let c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0);
  let c51 = f64x2.splat(0);
  const end = a + <usize>depth * 48;
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f64>(a);
    c00 = madd64(s, b0, c00);
    c01 = madd64(s, b1, c01);
    s = v128.load_splat<f64>(a, 8);
    c10 = madd64(s, b0, c10);
    c11 = madd64(s, b1, c11);
    s = v128.load_splat<f64>(a, 16);
    c20 = madd64(s, b0, c20);
    c21 = madd64(s, b1, c21);
    s = v128.load_splat<f64>(a, 24);
    c30 = madd64(s, b0, c30);
    c31 = madd64(s, b1, c31);
    s = v128.load_splat<f64>(a, 32);
    c40 = madd64(s, b0, c40);
    c41 = madd64(s, b1, c41);
    s = v128.load_splat<f64>(a, 40);
    c50 = madd64(s, b0, c50);
    c51 = madd64(s, b1, c51);
    a += 48;
    b += 32;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c10, 32);
  v128.store(out, c11, 48);
  v128.store(out, c20, 64);
  v128.store(out, c21, 80);
  v128.store(out, c30, 96);
  v128.store(out, c31, 112);
  v128.store(out, c40, 128);
  v128.store(out, c41, 144);
  v128.store(out, c50, 160);
  v128.store(out, c51, 176);
}
