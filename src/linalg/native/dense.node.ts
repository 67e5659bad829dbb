import type { MultiplyOptions } from '../engine.ts';
import { equalRows } from '../equal-rows.ts';
import { type Floats, type Matrix, type Matrix32, type Matrix64, zeros32, zeros64 } from '../matrix.ts';
import { requireLength, requireShape } from '../shapes.ts';
import { addLower, mirrorLower } from '../triangle.ts';
import { LOWER, type NativeLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.node.ts';

/** float32 products are summed in float32 over so many rows, then in float64. */
export const ROWS = 4096;

/** See Engine.multiply. */
export async function multiply<M extends Matrix32 | Matrix64>(
  library: NativeLibrary,
  a: M,
  b: M,
  { transposeA = false, transposeB = false }: MultiplyOptions = {},
): Promise<M> {
  const m = transposeA ? a.columns : a.rows;
  const k = transposeA ? a.rows : a.columns;
  const n = transposeB ? b.rows : b.columns;
  requireShape('multiply', 'B', b, transposeB ? n : k, transposeB ? k : n);
  const wide = a.data instanceof Float64Array;
  const result = wide ? zeros64(m, n) : zeros32(m, n);
  if (m === 0 || n === 0 || k === 0) return result as M;
  if (!wide && transposeA && !transposeB && k > 2 * ROWS) {
    const sum = zeros64(m, n);
    await crossGram(library, a, b, sum);
    result.data.set(sum.data);
    return result as M;
  }
  const op = (transpose: boolean) => (transpose ? TRANSPOSE : NO_TRANSPOSE);
  await (wide ? library.dgemm : library.sgemm)(
    ...[ROW_MAJOR, op(transposeA), op(transposeB), m, n, k, 1, a.data, a.columns],
    ...[b.data, b.columns, 0, result.data, n],
  );
  if (!wide) {
    if (!transposeA) repeatRows(result as Matrix32, equalRows(a as Matrix32));
    if (transposeB) repeatColumns(result as Matrix32, equalRows(b as Matrix32));
  }
  return result as M;
}

/**
 * What a library makes of a float32 product depends on where in the matrix a row lies, by a few units in the last
 * place. Equal rows get the product of the first of them, so that equal embeddings have equal scores.
 */
function repeatRows(product: Matrix32, first: Uint32Array | undefined): void {
  if (!first) return;
  const { columns, data } = product;
  for (let i = 0; i < first.length; i++)
    if (first[i] !== i) data.copyWithin(i * columns, first[i]! * columns, (first[i]! + 1) * columns);
}

function repeatColumns(product: Matrix32, first: Uint32Array | undefined): void {
  if (!first) return;
  const repeated = Uint32Array.from(first.keys()).filter((j) => first[j] !== j);
  for (let start = 0; start < product.data.length; start += product.columns)
    for (const j of repeated) product.data[start + j] = product.data[start + first[j]!]!;
}

/** See Engine.gram. */
export async function gram(
  library: NativeLibrary,
  x: Matrix,
  into: Matrix64,
  { weights, shift }: { weights?: Float64Array; shift?: Float64Array } = {},
): Promise<void> {
  const d = x.columns;
  requireShape('gram', 'into', into, d, d);
  requireLength('gram', 'weights', weights, x.rows);
  requireLength('gram', 'shift', shift, d);
  const wide = x.data instanceof Float64Array;
  const rowsOf = rowSource(x, wide, shift);
  const weighted = weights && rowSource(x, wide, shift, weights);
  const finish = (sum: Floats) => addLower(sum, into.data, d);
  await accumulate(x.rows, into.data, wide, finish, async (start, count, turn, sum) => {
    const rows = rowsOf(start, count, turn);
    if (weighted)
      await (wide ? library.dgemm : library.sgemm)(
        ...[ROW_MAJOR, TRANSPOSE, NO_TRANSPOSE, d, d, count, 1, weighted(start, count, turn), d, rows, d],
        ...[wide ? 1 : 0, sum, d],
      );
    else
      await (wide ? library.dsyrk : library.ssyrk)(
        ...[ROW_MAJOR, LOWER, TRANSPOSE, d, count, 1, rows, d, wide ? 1 : 0, sum, d],
      );
  });
  mirrorLower(into.data, d);
}

/** See Engine.crossGram. */
export async function crossGram(
  library: NativeLibrary,
  x: Matrix,
  y: Matrix,
  into: Matrix64,
  { shiftX, shiftY }: { shiftX?: Float64Array; shiftY?: Float64Array } = {},
): Promise<void> {
  requireShape('crossGram', 'Y', y, x.rows, y.columns);
  requireShape('crossGram', 'into', into, x.columns, y.columns);
  requireLength('crossGram', 'shiftX', shiftX, x.columns);
  requireLength('crossGram', 'shiftY', shiftY, y.columns);
  const wide = x.data instanceof Float64Array || y.data instanceof Float64Array;
  const rowsOfX = rowSource(x, wide, shiftX);
  const rowsOfY = rowSource(y, wide, shiftY);
  const finish = (sum: Floats) => add(sum, into.data);
  await accumulate(x.rows, into.data, wide, finish, (start, count, turn, sum) =>
    (wide ? library.dgemm : library.sgemm)(
      ...[ROW_MAJOR, TRANSPOSE, NO_TRANSPOSE, x.columns, y.columns, count, 1],
      ...[rowsOfX(start, count, turn), x.columns, rowsOfY(start, count, turn), y.columns],
      ...[wide ? 1 : 0, sum, y.columns],
    ),
  );
}

/**
 * Runs `part` over all rows. float64 parts add straight to the target; float32 parts overwrite two sums in turn, and
 * while the library computes one, the other is added to the target.
 */
async function accumulate(
  rows: number,
  into: Float64Array,
  wide: boolean,
  finish: (sum: Floats) => void,
  part: (start: number, count: number, turn: number, sum: Floats) => Promise<void>,
): Promise<void> {
  if (rows === 0 || into.length === 0) return;
  const sums = wide ? [] : [0, 1].map((turn) => (turn * ROWS < rows ? new Float32Array(into.length) : into));
  let previous: Floats | undefined;
  for (let start = 0, turn = 0; start < rows; start += ROWS, turn ^= 1) {
    const sum = wide ? into : sums[turn]!;
    const running = part(start, Math.min(ROWS, rows - start), turn, sum);
    if (previous) finish(previous);
    await running;
    previous = wide ? undefined : sum;
  }
  if (previous) finish(previous);
}

export function add(sum: Floats, into: Float64Array): void {
  for (let i = 0; i < sum.length; i++) into[i]! += sum[i]!;
}

/** Hands over rows of a matrix: as they lie, or converted, shifted and weighted in one of two places in turn. */
export function rowSource(
  m: Matrix,
  wide: boolean,
  shift: Float64Array | undefined,
  weights?: Float64Array,
): (start: number, count: number, turn: number) => Floats {
  const { columns, data } = m;
  if (!shift && !weights && data instanceof Float64Array === wide)
    return (start, count) => data.subarray(start * columns, (start + count) * columns);
  const places: Floats[] = [];
  return (start, count, turn) => {
    const length = Math.min(ROWS, m.rows) * columns;
    places[turn] ??= wide ? new Float64Array(length) : new Float32Array(length);
    const place = places[turn]!;
    for (let i = 0; i < count; i++) {
      const from = (start + i) * columns;
      const to = i * columns;
      const weight = weights ? weights[start + i]! : 1;
      if (shift) for (let j = 0; j < columns; j++) place[to + j] = weight * (data[from + j]! - shift[j]!);
      else for (let j = 0; j < columns; j++) place[to + j] = weight * data[from + j]!;
    }
    return place;
  };
}
