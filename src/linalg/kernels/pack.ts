// Packing: rearranges a part of a matrix into the panels that the micro-kernels read.
//
// A panel holds `width` elements of each of `depth` steps: panel q starts at `to + q width depth` elements. "Straight"
// sources have the elements of one step side by side (the columns of B, or of Aᵀ); "across" sources have the steps side
// by side. Elements past the last of the source are zero.

/** How many panels a straight source is copied into at a time: long enough reads, few enough write streams. */
const GROUP: i32 = 16;

/** Panels first .. last of a straight source with `count` elements of `size` bytes a step, `stride` bytes apart. */
export function packStraight(
  from: usize,
  stride: usize,
  count: i32,
  size: i32,
  width: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
): void {
  const bytes = width * size;
  const panel = <usize>bytes * <usize>depth;
  for (let start = first; start < last; start += GROUP) {
    const end = min(last, start + GROUP);
    for (let p = 0; p < depth; p++) {
      let source = from + <usize>p * stride + <usize>(start * bytes);
      let target = to + <usize>start * panel + <usize>(p * bytes);
      for (let q = start; q < end; q++) {
        const present = (count - q * width) * size;
        if (present >= bytes) {
          v128.store(target, v128.load(source));
          if (bytes == 24) {
            store<i64>(target, load<i64>(source, 16), 16);
          } else {
            v128.store(target, v128.load(source, 16), 16);
            if (bytes == 48) v128.store(target, v128.load(source, 32), 32);
          }
        } else {
          for (let i = 0; i < bytes; i += 4)
            store<i32>(target + <usize>i, i < present ? load<i32>(source + <usize>i) : 0);
        }
        source += <usize>bytes;
        target += panel;
      }
    }
  }
}

/**
 * Like packStraight, with (element - shift) * weight of its step; either address may be 0 for none. Unless `sums` is 0,
 * the sum of the packed elements over all steps is added there, one float64 each.
 */
export function packShifted(
  from: usize,
  stride: usize,
  count: i32,
  size: i32,
  width: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
  shift: usize,
  weights: usize,
  sums: usize,
): void {
  const bytes = width * size;
  const panel = <usize>bytes * <usize>depth;
  for (let start = first; start < last; start += GROUP) {
    const end = min(last, start + GROUP);
    for (let p = 0; p < depth; p++) {
      const weight: f64 = weights == 0 ? 1 : load<f64>(weights + (<usize>p << 3));
      const row = from + <usize>p * stride;
      for (let q = start; q < end; q++) {
        const column = q * width;
        const target = to + <usize>q * panel + <usize>(p * bytes);
        const source = row + <usize>(column * size);
        if (column + width <= count) {
          if (size == 4) shiftPairs32(source, width, target, <usize>column << 3, shift, weight, sums);
          else shiftPairs64(source, width, target, <usize>column << 3, shift, weight, sums);
        } else {
          for (let i = 0; i < width; i++)
            shiftOne(source, i, column + i < count, size, target, <usize>(column + i) << 3, shift, weight, sums);
        }
      }
    }
  }
}

/** One step of a whole panel; `at` is where its columns lie among the shifts and sums. */
// @ts-ignore: decorator
@inline
function shiftPairs32(source: usize, width: i32, target: usize, at: usize, shift: usize, weight: f64, sums: usize): void {
  const w = f64x2.splat(weight);
  for (let i = 0; i < width; i += 2) {
    let x = f64x2.promote_low_f32x4(v128.load64_zero(source));
    if (shift != 0) x = f64x2.sub(x, v128.load(shift + at));
    x = f64x2.mul(x, w);
    if (sums != 0) v128.store(sums + at, f64x2.add(v128.load(sums + at), x));
    v128.store64_lane(target, f32x4.demote_f64x2_zero(x), 0);
    source += 8;
    target += 8;
    at += 16;
  }
}

// @ts-ignore: decorator
@inline
function shiftPairs64(source: usize, width: i32, target: usize, at: usize, shift: usize, weight: f64, sums: usize): void {
  const w = f64x2.splat(weight);
  for (let i = 0; i < width; i += 2) {
    let x = v128.load(source);
    if (shift != 0) x = f64x2.sub(x, v128.load(shift + at));
    x = f64x2.mul(x, w);
    if (sums != 0) v128.store(sums + at, f64x2.add(v128.load(sums + at), x));
    v128.store(target, x);
    source += 16;
    target += 16;
    at += 16;
  }
}

/** Element i of a step of a panel that is not full; zero when it is not `present`. */
function shiftOne(
  source: usize,
  i: i32,
  present: bool,
  size: i32,
  target: usize,
  at: usize,
  shift: usize,
  weight: f64,
  sums: usize,
): void {
  const offset = <usize>(i * size);
  let x: f64 = 0;
  if (present) {
    x = size == 4 ? <f64>load<f32>(source + offset) : load<f64>(source + offset);
    if (shift != 0) x -= load<f64>(shift + at);
    x *= weight;
    if (sums != 0) store<f64>(sums + at, load<f64>(sums + at) + x);
  }
  if (size == 4) store<f32>(target + offset, <f32>x);
  else store<f64>(target + offset, x);
}

/** Panels first .. last of a source whose `count` elements of a step lie `stride` bytes apart. */
export function packAcross(
  from: usize,
  stride: usize,
  count: i32,
  size: i32,
  width: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
): void {
  const step = <usize>(width * size);
  for (let q = first; q < last; q++) {
    const target = to + <usize>q * step * <usize>depth;
    const present = min(width, count - q * width);
    for (let i = 0; i < width; ) {
      const source = from + <usize>(q * width + i) * stride;
      const place = target + <usize>(i * size);
      if (size == 4 && present - i >= 4) {
        fourAcross32(source, stride, depth, place, step);
        i += 4;
      } else if (present - i >= 2) {
        if (size == 4) twoAcross32(source, stride, depth, place, step);
        else twoAcross64(source, stride, depth, place, step);
        i += 2;
      } else {
        for (let p = 0; p < depth; p++) {
          const at = place + <usize>p * step;
          if (size == 4) store<f32>(at, i < present ? load<f32>(source + (<usize>p << 2)) : 0);
          else store<f64>(at, i < present ? load<f64>(source + (<usize>p << 3)) : 0);
        }
        i++;
      }
    }
  }
}

/** Four rows become four elements of each step. */
function fourAcross32(from: usize, stride: usize, depth: i32, to: usize, step: usize): void {
  let p = 0;
  for (; p + 4 <= depth; p += 4) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + stride);
    const r2 = v128.load(from + 2 * stride);
    const r3 = v128.load(from + 3 * stride);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(to + step, v128.shuffle<f64>(low01, low23, 1, 3));
    v128.store(to + 2 * step, v128.shuffle<f64>(high01, high23, 0, 2));
    v128.store(to + 3 * step, v128.shuffle<f64>(high01, high23, 1, 3));
    from += 16;
    to += 4 * step;
  }
  for (; p < depth; p++) {
    for (let i: usize = 0; i < 4; i++) store<f32>(to + (i << 2), load<f32>(from + i * stride));
    from += 4;
    to += step;
  }
}

function twoAcross32(from: usize, stride: usize, depth: i32, to: usize, step: usize): void {
  for (let p = 0; p < depth; p++) {
    store<f32>(to, load<f32>(from));
    store<f32>(to, load<f32>(from + stride), 4);
    from += 4;
    to += step;
  }
}

function twoAcross64(from: usize, stride: usize, depth: i32, to: usize, step: usize): void {
  let p = 0;
  for (; p + 2 <= depth; p += 2) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + stride);
    v128.store(to, v128.shuffle<f64>(r0, r1, 0, 2));
    v128.store(to + step, v128.shuffle<f64>(r0, r1, 1, 3));
    from += 16;
    to += 2 * step;
  }
  if (p < depth) {
    store<f64>(to, load<f64>(from));
    store<f64>(to, load<f64>(from + stride), 8);
  }
}
