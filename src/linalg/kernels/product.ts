// General matrix products C += op(A) op(B), C -= op(A) op(B) and C = op(A) op(B) by all threads together, with packed operands, cache
// blocking and register tiles (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).

import { ADD, add32, add32to64, add64, STORE, SUBTRACT } from './add-tile';
import { HEIGHT, micro32, micro64 } from './micro';
import { packAcross, packShifted, packStraight } from './pack';
import { barrier, draw, restartDraw, scratch, share, thread } from './runtime';

/** Element types: float32 throughout, float32 operands with float64 sums, float64 throughout. */
export const F32: i32 = 0;
export const F32_SUM64: i32 = 1;
export const F64: i32 = 2;

/** Steps of one pass of a micro-kernel: two panels of that many steps fit into the first-level cache. */
const DEPTH: i32 = 384;

/** Where operands are packed, and how many bytes there are; set before the first product of a call. */
let workspace: usize = 0;
let workspaceBytes: usize = 0;

export function setWorkspace(at: usize, bytes: usize): void {
  workspace = at;
  workspaceBytes = bytes;
}

/**
 * C (m x n) += op(A) (m x k) op(B) (k x n), or -= or = (see add-tile.ts). Leading dimensions count elements.
 * `lower`: only the part of a square C on and below the diagonal is wanted.
 * `shiftA`, `shiftB`, `weights`: subtracted from each step's elements, multiplied to A's (straight sources only).
 */
export function product(
  kind: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  transposeA: bool,
  b: usize,
  ldb: i32,
  transposeB: bool,
  c: usize,
  ldc: i32,
  how: i32,
  lower: bool,
  shiftA: usize,
  shiftB: usize,
  weights: usize,
): void {
  if (m <= 0 || n <= 0 || k <= 0) return;
  const size: i32 = kind == F64 ? 8 : 4;
  const width: i32 = 32 / size;
  const panelsA = (m + HEIGHT - 1) / HEIGHT;
  const panelsB = (n + width - 1) / width;
  const most = stepsThatFit(panelsA * HEIGHT * size + panelsB * 32, k);
  for (let p = 0; p < k; p += most) {
    const depth = min(most, k - p);
    const packedA = workspace;
    const packedB = workspace + <usize>(panelsA * HEIGHT * size) * <usize>depth;
    const fromA = a + <usize>p * <usize>(transposeA ? lda : 1) * <usize>size;
    const fromB = b + <usize>p * <usize>(transposeB ? 1 : ldb) * <usize>size;
    const weightsHere = weights == 0 ? 0 : weights + (<usize>p << 3);
    pack(size, HEIGHT, fromA, lda, transposeA, m, depth, packedA, panelsA, shiftA, weightsHere, 0);
    pack(size, width, fromB, ldb, !transposeB, n, depth, packedB, panelsB, shiftB, 0, 0);
    restartDraw();
    barrier();
    tiles(kind, m, n, depth, packedA, packedB, c, ldc, how == STORE && p > 0 ? ADD : how, lower);
    barrier();
  }
}

/** How many steps are packed at a time when each takes `bytes`. */
export function stepsThatFit(bytes: i32, k: i32): i32 {
  const most = <i32>min<usize>(workspaceBytes / <usize>bytes, <usize>k);
  return most > DEPTH ? most - (most % DEPTH) : most;
}

/** Where operands are packed. */
export function workspaceStart(): usize {
  return workspace;
}

/** Packs an operand into `panels` panels, each thread its share of them. */
export function pack(
  size: i32,
  width: i32,
  from: usize,
  ld: i32,
  straight: bool,
  count: i32,
  depth: i32,
  to: usize,
  panels: i32,
  shift: usize,
  weights: usize,
  sums: usize,
): void {
  const stride = <usize>ld * <usize>size;
  const first = share(panels, thread);
  const last = share(panels, thread + 1);
  if (!straight) packAcross(from, stride, count, size, width, depth, to, first, last);
  else if (shift != 0 || weights != 0 || sums != 0)
    packShifted(from, stride, count, size, width, depth, to, first, last, shift, weights, sums);
  else packStraight(from, stride, count, size, width, depth, to, first, last);
}

/** All tiles of C; threads draw them one by one, which balances triangles as well. */
export function tiles(
  kind: i32,
  m: i32,
  n: i32,
  depth: i32,
  packedA: usize,
  packedB: usize,
  c: usize,
  ldc: i32,
  how: i32,
  lower: bool,
): void {
  // Large tiles reuse the caches better, small ones share the work better. All hold whole panels of both operands.
  const area = <i64>m * <i64>n;
  const largest: i32 = kind == F64 ? 120 : kind == F32_SUM64 ? 192 : 264;
  const tile: i32 = area >= 1 << 21 ? largest : area >= 1 << 17 ? 120 : area >= 1 << 13 ? 72 : 24;
  const down = (m + tile - 1) / tile;
  const along = (n + tile - 1) / tile;
  const size: usize = kind == F32 ? 4 : 8;
  const packedSize: usize = kind == F64 ? 8 : 4;
  let column = 0;
  let before = 0;
  for (let index = draw(); index < down * along; index = draw()) {
    // Tiles are numbered down the columns of tiles, from the diagonal on when only the lower part is wanted.
    while (column < along) {
      const inColumn = lower ? down - column : down;
      if (index - before < inColumn) break;
      before += inColumn;
      column++;
    }
    if (column >= along) return;
    const i = (index - before + (lower ? column : 0)) * tile;
    const j = column * tile;
    const rows = min(tile, m - i);
    const columns = min(tile, n - j);
    const top = packedA + <usize>i * packedSize * <usize>depth;
    const left = packedB + <usize>j * packedSize * <usize>depth;
    const corner = c + (<usize>i * <usize>ldc + <usize>j) * size;
    const above = lower ? i - j : i32.MAX_VALUE;
    for (let p = 0; p < depth; p += DEPTH) {
      const steps = min(DEPTH, depth - p);
      const a = top + <usize>p * <usize>HEIGHT * packedSize;
      const b = left + (<usize>p << 5);
      const here = how == STORE && p > 0 ? ADD : how;
      if (kind == F64) tile64(rows, columns, depth, steps, a, b, corner, ldc, here, above);
      else tile32(rows, columns, depth, steps, a, b, corner, ldc, here, above, kind);
    }
  }
}

/** One tile over `steps` steps: `above` is by how many rows it lies below the diagonal. */
function tile64(
  rows: i32,
  columns: i32,
  depth: i32,
  steps: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: i32,
  how: i32,
  above: i32,
): void {
  const out = scratch;
  for (let j = 0; j < columns; j += 4) {
    const width = min(4, columns - j);
    let left = a;
    for (let i = 0; i < rows; i += HEIGHT, left += <usize>(HEIGHT * 8) * <usize>depth) {
      if (above < columns && above + i + HEIGHT - 1 < j) continue;
      micro64(steps, left, b, out);
      const height = min(HEIGHT, rows - i);
      add64(out, c + ((<usize>i * <usize>ldc + <usize>j) << 3), <usize>ldc << 3, height, width, how);
    }
    b += <usize>depth << 5;
  }
}

function tile32(
  rows: i32,
  columns: i32,
  depth: i32,
  steps: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: i32,
  how: i32,
  above: i32,
  kind: i32,
): void {
  const out = scratch;
  for (let j = 0; j < columns; j += 8) {
    const width = min(8, columns - j);
    let left = a;
    for (let i = 0; i < rows; i += HEIGHT, left += <usize>(HEIGHT * 4) * <usize>depth) {
      if (above < columns && above + i + HEIGHT - 1 < j) continue;
      micro32(steps, left, b, out);
      const height = min(HEIGHT, rows - i);
      const at = <usize>i * <usize>ldc + <usize>j;
      if (kind == F32) add32(out, c + (at << 2), <usize>ldc << 2, height, width, how);
      else add32to64(out, c + (at << 3), <usize>ldc << 3, height, width, how);
    }
    b += <usize>depth << 5;
  }
}

/** C (m x n) of float64 += or -= a product of float64 matrices: what the decompositions use. */
export function update(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  transposeA: bool,
  b: usize,
  ldb: i32,
  transposeB: bool,
  c: usize,
  ldc: i32,
  subtract: bool,
): void {
  product(F64, m, n, k, a, lda, transposeA, b, ldb, transposeB, c, ldc, subtract ? SUBTRACT : ADD, false, 0, 0, 0);
}
