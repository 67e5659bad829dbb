// General matrix products C += op(A) op(B) and C -= op(A) op(B) by all threads together, with packed operands, cache
// blocking and register tiles (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).

import { micro32, micro64 } from './micro';
import { packAcross32, packAcross64, packShifted32, packShifted64, packStraight } from './pack';
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
 * C (m x n) += op(A) (m x k) op(B) (k x n), or -= when `subtract`. Leading dimensions count elements.
 * `lower`: only the part of a square C on and below the diagonal is wanted. `same`: op(A) is op(B)ᵀ, packed once.
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
  subtract: bool,
  lower: bool,
  same: bool,
  shiftA: usize,
  shiftB: usize,
  weights: usize,
): void {
  if (m <= 0 || n <= 0 || k <= 0) return;
  const size: i32 = kind == F64 ? 8 : 4;
  const width: i32 = 32 / size;
  const panelsA = (m + width - 1) / width;
  const panelsB = same ? 0 : (n + width - 1) / width;
  let most = <i32>min<usize>(workspaceBytes / (<usize>(panelsA + panelsB) << 5), <usize>k);
  if (most > DEPTH) most -= most % DEPTH;
  for (let p = 0; p < k; p += most) {
    const depth = min(most, k - p);
    const packedA = workspace;
    const packedB = same ? packedA : packedA + <usize>panelsA * (<usize>depth << 5);
    const fromA = a + <usize>p * <usize>(transposeA ? lda : 1) * <usize>size;
    const fromB = b + <usize>p * <usize>(transposeB ? 1 : ldb) * <usize>size;
    const weightsHere = weights == 0 ? 0 : weights + (<usize>p << 3);
    pack(kind, fromA, lda, transposeA, m, depth, packedA, panelsA, shiftA, weightsHere, fromB, ldb, transposeB, n, packedB, panelsB, shiftB);
    restartDraw();
    barrier();
    tiles(kind, m, n, depth, packedA, packedB, c, ldc, subtract, lower);
    barrier();
  }
}

/** Packs both operands, each thread its share of the panels. */
function pack(
  kind: i32,
  a: usize,
  lda: i32,
  straightA: bool,
  m: i32,
  depth: i32,
  packedA: usize,
  panelsA: i32,
  shiftA: usize,
  weights: usize,
  b: usize,
  ldb: i32,
  acrossB: bool,
  n: i32,
  packedB: usize,
  panelsB: i32,
  shiftB: usize,
): void {
  packOne(kind, a, lda, straightA, m, depth, packedA, share(panelsA, thread), share(panelsA, thread + 1), shiftA, weights);
  packOne(kind, b, ldb, !acrossB, n, depth, packedB, share(panelsB, thread), share(panelsB, thread + 1), shiftB, 0);
}

function packOne(
  kind: i32,
  from: usize,
  ld: i32,
  straight: bool,
  count: i32,
  depth: i32,
  to: usize,
  first: i32,
  last: i32,
  shift: usize,
  weights: usize,
): void {
  const size: i32 = kind == F64 ? 8 : 4;
  const stride = <usize>ld * <usize>size;
  if (!straight) {
    if (kind == F64) packAcross64(from, stride, count, depth, to, first, last);
    else packAcross32(from, stride, count, depth, to, first, last);
  } else if (shift != 0 || weights != 0) {
    if (kind == F64) packShifted64(from, stride, count, depth, to, first, last, shift, weights);
    else packShifted32(from, stride, count, depth, to, first, last, shift, weights);
  } else {
    packStraight(from, stride, count, size, depth, to, first, last);
  }
}

/** All tiles of C; threads draw them one by one, which balances triangles as well. */
function tiles(
  kind: i32,
  m: i32,
  n: i32,
  depth: i32,
  packedA: usize,
  packedB: usize,
  c: usize,
  ldc: i32,
  subtract: bool,
  lower: bool,
): void {
  // Large tiles reuse the caches better, small ones share the work better.
  const area = <i64>m * <i64>n;
  const largest: i32 = kind == F64 ? 128 : kind == F32_SUM64 ? 192 : 256;
  const tile: i32 = area >= 1 << 21 ? largest : area >= 1 << 17 ? 128 : area >= 1 << 13 ? 64 : 32;
  const down = (m + tile - 1) / tile;
  const along = (n + tile - 1) / tile;
  const size: usize = kind == F32 ? 4 : 8;
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
    const top = packedA + <usize>(i * <i32>(kind == F64 ? 8 : 4)) * <usize>depth;
    const left = packedB + <usize>(j * <i32>(kind == F64 ? 8 : 4)) * <usize>depth;
    const corner = c + (<usize>i * <usize>ldc + <usize>j) * size;
    const above = lower ? i - j : i32.MAX_VALUE;
    for (let p = 0; p < depth; p += DEPTH) {
      const steps = min(DEPTH, depth - p);
      const offset = <usize>p << 5;
      if (kind == F64) tile64(rows, columns, depth, steps, top + offset, left + offset, corner, ldc, subtract, above);
      else tile32(rows, columns, depth, steps, top + offset, left + offset, corner, ldc, subtract, above, kind);
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
  subtract: bool,
  above: i32,
): void {
  const panel = <usize>depth << 5;
  const out = scratch;
  for (let j = 0; j < columns; j += 4) {
    const width = min(4, columns - j);
    let left = a;
    for (let i = 0; i < rows; i += 4, left += panel) {
      if (above < columns && above + i + 3 < j) continue;
      micro64(steps, left, b, out);
      const height = min(4, rows - i);
      add64(out, c + ((<usize>i * <usize>ldc + <usize>j) << 3), <usize>ldc << 3, height, width, subtract);
    }
    b += panel;
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
  subtract: bool,
  above: i32,
  kind: i32,
): void {
  const panel = <usize>depth << 5;
  const out = scratch;
  for (let j = 0; j < columns; j += 8) {
    const width = min(8, columns - j);
    for (let i = 0; i < rows; i += 4) {
      if (above < columns && above + i + 3 < j) continue;
      // Panels of A are 8 rows high, and the micro-kernel takes 4: the upper or the lower half.
      micro32(steps, a + <usize>(i >> 3) * panel + (<usize>(i & 4) << 2), b, out);
      const height = min(4, rows - i);
      const at = <usize>i * <usize>ldc + <usize>j;
      if (kind == F32) add32(out, c + (at << 2), <usize>ldc << 2, height, width, subtract);
      else add32to64(out, c + (at << 3), <usize>ldc << 3, height, width);
    }
    b += panel;
  }
}

/** C += a 4 x 4 float64 tile. */
function add64(out: usize, c: usize, stride: usize, height: i32, width: i32, subtract: bool): void {
  if (width == 4) {
    for (let i = 0; i < height; i++) {
      const o0 = v128.load(out);
      const o1 = v128.load(out, 16);
      const c0 = v128.load(c);
      const c1 = v128.load(c, 16);
      v128.store(c, subtract ? f64x2.sub(c0, o0) : f64x2.add(c0, o0));
      v128.store(c, subtract ? f64x2.sub(c1, o1) : f64x2.add(c1, o1), 16);
      out += 32;
      c += stride;
    }
    return;
  }
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = load<f64>(out + (<usize>j << 3));
      const at = c + (<usize>j << 3);
      store<f64>(at, load<f64>(at) + (subtract ? -value : value));
    }
    out += 32;
    c += stride;
  }
}

/** float32 C += a 4 x 8 float32 tile. */
function add32(out: usize, c: usize, stride: usize, height: i32, width: i32, subtract: bool): void {
  if (width == 8) {
    for (let i = 0; i < height; i++) {
      const o0 = v128.load(out);
      const o1 = v128.load(out, 16);
      const c0 = v128.load(c);
      const c1 = v128.load(c, 16);
      v128.store(c, subtract ? f32x4.sub(c0, o0) : f32x4.add(c0, o0));
      v128.store(c, subtract ? f32x4.sub(c1, o1) : f32x4.add(c1, o1), 16);
      out += 32;
      c += stride;
    }
    return;
  }
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = load<f32>(out + (<usize>j << 2));
      const at = c + (<usize>j << 2);
      store<f32>(at, load<f32>(at) + (subtract ? -value : value));
    }
    out += 32;
    c += stride;
  }
}

/** float64 C += a 4 x 8 float32 tile. */
function add32to64(out: usize, c: usize, stride: usize, height: i32, width: i32): void {
  if (width == 8) {
    for (let i = 0; i < height; i++) {
      v128.store(c, f64x2.add(v128.load(c), f64x2.promote_low_f32x4(v128.load64_zero(out))));
      v128.store(c, f64x2.add(v128.load(c, 16), f64x2.promote_low_f32x4(v128.load64_zero(out, 8))), 16);
      v128.store(c, f64x2.add(v128.load(c, 32), f64x2.promote_low_f32x4(v128.load64_zero(out, 16))), 32);
      v128.store(c, f64x2.add(v128.load(c, 48), f64x2.promote_low_f32x4(v128.load64_zero(out, 24))), 48);
      out += 32;
      c += stride;
    }
    return;
  }
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = c + (<usize>j << 3);
      store<f64>(at, load<f64>(at) + <f64>load<f32>(out + (<usize>j << 2)));
    }
    out += 32;
    c += stride;
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
  product(F64, m, n, k, a, lda, transposeA, b, ldb, transposeB, c, ldc, subtract, false, false, 0, 0, 0);
}
