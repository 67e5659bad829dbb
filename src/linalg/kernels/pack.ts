// Packing: rearranges a part of a matrix into the panels that the micro-kernels read.
//
// A panel holds 32 bytes of each of `depth` steps: panel q starts at `to + 32 depth q`. "Straight" sources have the
// elements of one step side by side (the columns of B, or of Aᵀ); "across" sources have the steps side by side.

/** How many panels a straight source is copied into at a time: long enough reads, few enough write streams. */
const GROUP: i32 = 16;

/** Panels first .. last of a straight source with `count` elements of `size` bytes a step, `stride` bytes apart. */
export function packStraight(
  from: usize,
  stride: usize,
  count: i32,
  size: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
): void {
  const bytes = count * size;
  for (let start = first; start < last; start += GROUP) {
    const end = min(last, start + GROUP);
    for (let p = 0; p < depth; p++) {
      let source = from + <usize>p * stride + (<usize>start << 5);
      let target = to + <usize>start * (<usize>depth << 5) + (<usize>p << 5);
      for (let q = start; q < end; q++) {
        if (((q + 1) << 5) <= bytes) {
          v128.store(target, v128.load(source));
          v128.store(target, v128.load(source, 16), 16);
        } else {
          const present = bytes - (q << 5);
          for (let i = 0; i < 32; i += 4)
            store<i32>(target + <usize>i, i < present ? load<i32>(source + <usize>i) : 0);
        }
        source += 32;
        target += <usize>depth << 5;
      }
    }
  }
}

/** Like packStraight for float32, with (element - shift) * weight of its step; either address may be 0 for none. */
export function packShifted32(
  from: usize,
  stride: usize,
  count: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
  shift: usize,
  weights: usize,
): void {
  for (let q = first; q < last; q++) {
    let target = to + <usize>q * (<usize>depth << 5);
    const width = min(8, count - (q << 3));
    const column = <usize>q << 5;
    if (width == 8 && shift != 0) {
      const s0 = v128.load(shift + (column << 1));
      const s1 = v128.load(shift + (column << 1), 16);
      const s2 = v128.load(shift + (column << 1), 32);
      const s3 = v128.load(shift + (column << 1), 48);
      for (let p = 0; p < depth; p++) {
        const source = from + <usize>p * stride + column;
        let d0 = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(source)), s0);
        let d1 = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(source, 8)), s1);
        let d2 = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(source, 16)), s2);
        let d3 = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(source, 24)), s3);
        if (weights != 0) {
          const w = v128.load_splat<f64>(weights + (<usize>p << 3));
          d0 = f64x2.mul(d0, w);
          d1 = f64x2.mul(d1, w);
          d2 = f64x2.mul(d2, w);
          d3 = f64x2.mul(d3, w);
        }
        v128.store64_lane(target, f32x4.demote_f64x2_zero(d0), 0);
        v128.store64_lane(target, f32x4.demote_f64x2_zero(d1), 0, 8);
        v128.store64_lane(target, f32x4.demote_f64x2_zero(d2), 0, 16);
        v128.store64_lane(target, f32x4.demote_f64x2_zero(d3), 0, 24);
        target += 32;
      }
    } else {
      for (let p = 0; p < depth; p++) {
        const source = from + <usize>p * stride + column;
        const w = weights != 0 ? load<f64>(weights + (<usize>p << 3)) : 1;
        for (let i = 0; i < 8; i++) {
          let value: f64 = 0;
          if (i < width) {
            value = <f64>load<f32>(source + (<usize>i << 2));
            if (shift != 0) value -= load<f64>(shift + (column << 1) + (<usize>i << 3));
            value *= w;
          }
          store<f32>(target + (<usize>i << 2), <f32>value);
        }
        target += 32;
      }
    }
  }
}

/** Like packStraight for float64, with (element - shift) * weight of its step; either address may be 0 for none. */
export function packShifted64(
  from: usize,
  stride: usize,
  count: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
  shift: usize,
  weights: usize,
): void {
  for (let q = first; q < last; q++) {
    let target = to + <usize>q * (<usize>depth << 5);
    const width = min(4, count - (q << 2));
    const column = <usize>q << 5;
    for (let p = 0; p < depth; p++) {
      const source = from + <usize>p * stride + column;
      const w = weights != 0 ? load<f64>(weights + (<usize>p << 3)) : 1;
      for (let i = 0; i < 4; i++) {
        let value: f64 = 0;
        if (i < width) {
          value = load<f64>(source + (<usize>i << 3));
          if (shift != 0) value -= load<f64>(shift + column + (<usize>i << 3));
          value *= w;
        }
        store<f64>(target + (<usize>i << 3), value);
      }
      target += 32;
    }
  }
}

/** Panels first .. last of a float32 source whose `count` elements of a step lie `stride` bytes apart. */
export function packAcross32(
  from: usize,
  stride: usize,
  count: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
): void {
  for (let q = first; q < last; q++) {
    let target = to + <usize>q * (<usize>depth << 5);
    const width = min(8, count - (q << 3));
    const source = from + <usize>(q << 3) * stride;
    let p = 0;
    if (width == 8) {
      for (; p + 4 <= depth; p += 4) {
        transpose32(source + (<usize>p << 2), stride, target);
        transpose32(source + (<usize>p << 2) + (stride << 2), stride, target + 16);
        target += 128;
      }
    }
    for (; p < depth; p++) {
      for (let i = 0; i < 8; i++)
        store<f32>(
          target + (<usize>i << 2),
          i < width ? load<f32>(source + <usize>i * stride + (<usize>p << 2)) : 0,
        );
      target += 32;
    }
  }
}

/** Panels first .. last of a float64 source whose `count` elements of a step lie `stride` bytes apart. */
export function packAcross64(
  from: usize,
  stride: usize,
  count: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
): void {
  for (let q = first; q < last; q++) {
    let target = to + <usize>q * (<usize>depth << 5);
    const width = min(4, count - (q << 2));
    const source = from + <usize>(q << 2) * stride;
    let p = 0;
    if (width == 4) {
      for (; p + 2 <= depth; p += 2) {
        const row = source + (<usize>p << 3);
        const r0 = v128.load(row);
        const r1 = v128.load(row + stride);
        const r2 = v128.load(row + 2 * stride);
        const r3 = v128.load(row + 3 * stride);
        v128.store(target, v128.shuffle<f64>(r0, r1, 0, 2));
        v128.store(target, v128.shuffle<f64>(r2, r3, 0, 2), 16);
        v128.store(target, v128.shuffle<f64>(r0, r1, 1, 3), 32);
        v128.store(target, v128.shuffle<f64>(r2, r3, 1, 3), 48);
        target += 64;
      }
    }
    for (; p < depth; p++) {
      for (let i = 0; i < 4; i++)
        store<f64>(
          target + (<usize>i << 3),
          i < width ? load<f64>(source + <usize>i * stride + (<usize>p << 3)) : 0,
        );
      target += 32;
    }
  }
}

/** Four rows of four float32 become four columns, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose32(from: usize, stride: usize, to: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride);
  const r3 = v128.load(from + 3 * stride);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(to, v128.shuffle<f64>(low01, low23, 1, 3), 32);
  v128.store(to, v128.shuffle<f64>(high01, high23, 0, 2), 64);
  v128.store(to, v128.shuffle<f64>(high01, high23, 1, 3), 96);
}
