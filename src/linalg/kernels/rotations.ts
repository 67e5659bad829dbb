// Applies sequences of plane rotations to neighbouring rows of a matrix, the bulk of the work of QL and QR iterations.

import { draw, madd64, thread } from './runtime';
import { at } from './vector';

/** Columns that are rotated at once: a strip of them is copied together, and one row of it stays in registers. */
const STRIP: i32 = 8;

/**
 * Rotates rows of Z (rows x columns). `list` holds `sweeps` sequences: the first row, the number of rotations (< 0
 * when they go upwards), then cosine and sine of each. Rotation of rows i and i + 1: z_i' = c z_i + s z_{i+1},
 * z_{i+1}' = c z_{i+1} - s z_i. `room` holds 8 rows x threads numbers.
 */
export function rotate(z: usize, rows: i32, columns: i32, list: usize, sweeps: i32, room: usize): void {
  const strip = at(room, thread * rows * STRIP);
  const strips = (columns + STRIP - 1) / STRIP;
  for (let index = draw(); index < strips; index = draw()) {
    const first = index * STRIP;
    const width = <usize>min(STRIP, columns - first) << 3;
    for (let i = 0; i < rows; i++) memory.copy(at(strip, i * STRIP), at(z, i * columns + first), width);
    let next = list;
    for (let sweep = 0; sweep < sweeps; sweep++) next = rotateStrip(strip, next);
    for (let i = 0; i < rows; i++) memory.copy(at(z, i * columns + first), at(strip, i * STRIP), width);
  }
}

/** One sequence on one strip; returns where the next sequence starts. */
function rotateStrip(strip: usize, list: usize): usize {
  const start = <i32>load<f64>(list);
  let count = <i32>load<f64>(list, 8);
  list += 16;
  const up = count < 0;
  if (up) count = -count;
  const end = list + (<usize>count << 4);
  // The row that two rotations in turn share is carried along in registers.
  let row = at(strip, (up ? start + 1 : start) * STRIP);
  let r0 = v128.load(row);
  let r1 = v128.load(row, 16);
  let r2 = v128.load(row, 32);
  let r3 = v128.load(row, 48);
  if (up) {
    for (; list < end; list += 16) {
      const c = v128.load_splat<f64>(list);
      const s = v128.load_splat<f64>(list, 8);
      const other = row - 64;
      const o0 = v128.load(other);
      const o1 = v128.load(other, 16);
      const o2 = v128.load(other, 32);
      const o3 = v128.load(other, 48);
      v128.store(row, f64x2.sub(f64x2.mul(c, r0), f64x2.mul(s, o0)));
      v128.store(row, f64x2.sub(f64x2.mul(c, r1), f64x2.mul(s, o1)), 16);
      v128.store(row, f64x2.sub(f64x2.mul(c, r2), f64x2.mul(s, o2)), 32);
      v128.store(row, f64x2.sub(f64x2.mul(c, r3), f64x2.mul(s, o3)), 48);
      r0 = madd64(s, r0, f64x2.mul(c, o0));
      r1 = madd64(s, r1, f64x2.mul(c, o1));
      r2 = madd64(s, r2, f64x2.mul(c, o2));
      r3 = madd64(s, r3, f64x2.mul(c, o3));
      row = other;
    }
  } else {
    for (; list < end; list += 16) {
      const c = v128.load_splat<f64>(list);
      const s = v128.load_splat<f64>(list, 8);
      const other = row + 64;
      const o0 = v128.load(other);
      const o1 = v128.load(other, 16);
      const o2 = v128.load(other, 32);
      const o3 = v128.load(other, 48);
      v128.store(row, madd64(s, o0, f64x2.mul(c, r0)));
      v128.store(row, madd64(s, o1, f64x2.mul(c, r1)), 16);
      v128.store(row, madd64(s, o2, f64x2.mul(c, r2)), 32);
      v128.store(row, madd64(s, o3, f64x2.mul(c, r3)), 48);
      r0 = f64x2.sub(f64x2.mul(c, o0), f64x2.mul(s, r0));
      r1 = f64x2.sub(f64x2.mul(c, o1), f64x2.mul(s, r1));
      r2 = f64x2.sub(f64x2.mul(c, o2), f64x2.mul(s, r2));
      r3 = f64x2.sub(f64x2.mul(c, o3), f64x2.mul(s, r3));
      row = other;
    }
  }
  v128.store(row, r0);
  v128.store(row, r1, 16);
  v128.store(row, r2, 32);
  v128.store(row, r3, 48);
  return end;
}
