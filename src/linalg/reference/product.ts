import type { Floats } from '../matrix.ts';

/** One factor of a product, read through strides so that a transpose costs nothing. */
export interface Factor {
  readonly data: Floats;
  /** Position of the element (0, 0). */
  readonly start: number;
  /** Distance between neighbours along the outer index: rows of the left factor, columns of the right one. */
  readonly outerStride: number;
  /** Distance between neighbours along the inner index, which the product sums over. */
  readonly innerStride: number;
  /** Subtracted from each element, one number for each outer index. */
  readonly shift?: Float64Array | undefined;
  /** Multiplied to each element (after the shift), one number for each inner index. */
  readonly weights?: Float64Array | undefined;
}

/** Where a product is added to: a row-major block of a float64 matrix. */
export interface Target {
  readonly data: Float64Array;
  readonly start: number;
  readonly rowStride: number;
}

/** Which part of the target is needed. */
export type Part = 'all' | 'lower';

// A tile of the left factor (tileRows x tileDepth doubles, 128 KiB) stays in the second-level cache while a
// tile of the right factor streams past it.
const tileRows = 64;
const tileColumns = 512;
const tileDepth = 256;

/**
 * target += scale * A B, for A (rows x depth) and B (depth x columns), with float64 sums.
 *
 * Tiles of both factors are first packed into strips of four, in the order in which the innermost loop reads
 * them (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008).
 * @param part `lower` leaves out tiles that lie wholly above the diagonal; other elements above it are written
 */
export function accumulateProduct(
  rows: number,
  columns: number,
  depth: number,
  a: Factor,
  b: Factor,
  target: Target,
  scale = 1,
  part: Part = 'all',
): void {
  const packedA = new Float64Array(tileRows * Math.min(tileDepth, depth));
  const packedB = new Float64Array((Math.min(tileColumns, columns) + 3) * Math.min(tileDepth, depth));
  for (let p = 0; p < depth; p += tileDepth) {
    const deep = Math.min(tileDepth, depth - p);
    for (let j = 0; j < columns; j += tileColumns) {
      const wide = Math.min(tileColumns, columns - j);
      pack(b, j, wide, p, deep, packedB);
      for (let i = part === 'lower' ? j - (j % tileRows) : 0; i < rows; i += tileRows) {
        const high = Math.min(tileRows, rows - i);
        pack(a, i, high, p, deep, packedA);
        const needed = part === 'lower' ? Math.min(wide, i + high - j) : wide;
        multiplyTile(packedA, packedB, high, needed, deep, target, i, j, scale);
      }
    }
  }
}

/** Copies a tile of a factor as strips of four outer indices, each strip ordered by the inner index. */
function pack(f: Factor, outer: number, count: number, inner: number, depth: number, out: Float64Array) {
  const { data, outerStride, innerStride, shift, weights } = f;
  let position = 0;
  for (let strip = 0; strip < count; strip += 4) {
    for (let o = 0; o < 4; o++) {
      if (strip + o >= count) {
        for (let p = 0; p < depth; p++) out[position + p * 4 + o] = 0;
        continue;
      }
      const from = f.start + (outer + strip + o) * outerStride + inner * innerStride;
      const offset = shift ? shift[outer + strip + o]! : 0;
      if (weights) {
        for (let p = 0; p < depth; p++)
          out[position + p * 4 + o] = (data[from + p * innerStride]! - offset) * weights[inner + p]!;
      } else {
        for (let p = 0; p < depth; p++) out[position + p * 4 + o] = data[from + p * innerStride]! - offset;
      }
    }
    position += depth * 4;
  }
}

/** Adds the product of two packed tiles to the target, four by four elements at a time. */
function multiplyTile(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  columns: number,
  depth: number,
  target: Target,
  row: number,
  column: number,
  scale: number,
): void {
  const { data, start, rowStride } = target;
  const sums = new Float64Array(16);
  for (let j = 0; j < columns; j += 4) {
    for (let i = 0; i < rows; i += 4) {
      multiplyStrips(a, i * depth, b, j * depth, depth, sums);
      const high = Math.min(4, rows - i);
      const wide = Math.min(4, columns - j);
      for (let r = 0; r < high; r++) {
        const to = start + (row + i + r) * rowStride + column + j;
        for (let c = 0; c < wide; c++) data[to + c]! += scale * sums[r * 4 + c]!;
      }
    }
  }
}

/** The 4 x 4 product of two strips; sixteen sums in local variables, which the compiler keeps in registers. */
function multiplyStrips(
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  depth: number,
  sums: Float64Array,
): void {
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let p = 0; p < depth; p++) {
    const pa = startA + p * 4;
    const pb = startB + p * 4;
    const b0 = b[pb]!;
    const b1 = b[pb + 1]!;
    const b2 = b[pb + 2]!;
    const b3 = b[pb + 3]!;
    const a0 = a[pa]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = a[pa + 1]!;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = a[pa + 2]!;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = a[pa + 3]!;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s03;
  sums[4] = s10;
  sums[5] = s11;
  sums[6] = s12;
  sums[7] = s13;
  sums[8] = s20;
  sums[9] = s21;
  sums[10] = s22;
  sums[11] = s23;
  sums[12] = s30;
  sums[13] = s31;
  sums[14] = s32;
  sums[15] = s33;
}
