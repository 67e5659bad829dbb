import type { MultiplyOptions } from '../engine.ts';
import { type Matrix, type Matrix32, type Matrix64, zeros32, zeros64 } from '../matrix.ts';
import { requireShape } from '../shapes.ts';
import { packedBytes, runProduct } from './product.ts';
import type { Scope } from './session.ts';

/** How much of a large operand is handed over at a time. */
const PART_BYTES = 16 << 20;

/** Parts of the result have at least so many rows, since the whole of B is packed for each. */
const LEAST_ROWS = 2048;

/** Steps for which operands are packed at a time: the result is read and written once for each. */
const STEPS = 1152;

/** Sums of float32 products longer than this are kept in float64. */
const LONG_SUM = 4096;

/** See Engine.multiply. */
export async function multiply<M extends Matrix32 | Matrix64>(
  scope: Scope,
  a: M,
  b: M,
  { transposeA = false, transposeB = false }: MultiplyOptions = {},
): Promise<M> {
  const m = transposeA ? a.columns : a.rows;
  const k = transposeA ? a.rows : a.columns;
  const n = transposeB ? b.rows : b.columns;
  requireShape('multiply', 'B', b, transposeB ? n : k, transposeB ? k : n);
  const result: Matrix = a.data instanceof Float64Array ? zeros64(m, n) : zeros32(m, n);
  if (m === 0 || n === 0 || k === 0) return result as M;
  // A wide and short Aᵀ comes in parts of its rows; anything else in parts of the rows of the result.
  if (transposeA) await multiplyByDepth(scope, a, b, transposeB, m, n, k, result);
  else await multiplyByRows(scope, a, b, transposeB, m, n, k, result);
  return result as M;
}

async function multiplyByRows(
  scope: Scope,
  a: Matrix,
  b: Matrix,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  result: Matrix,
): Promise<void> {
  const { memory } = scope;
  const size = a.data.BYTES_PER_ELEMENT as 4 | 8;
  const kind = size === 8 ? 'f64' : k > LONG_SUM ? 'f32Sum64' : 'f32';
  const sumSize = kind === 'f32' ? 4 : 8;
  const rows = Math.min(m, Math.max(LEAST_ROWS, Math.floor(PART_BYTES / (k * size + n * sumSize))));
  const workspace = scope.workspace(packedBytes(rows, n, Math.min(k, STEPS), size));
  const bAt = scope.place(b);
  const heldA = memory.addressOf(a.data);
  const c = scope.allocate(rows * n * sumSize);
  const copies = [0, 0].map((_, i) =>
    heldA === undefined && i * rows < m ? scope.allocate(rows * k * size) : 0,
  );
  const partOfA = (start: number, turn: number): number => {
    if (heldA !== undefined) return heldA + start * k * size;
    scope.write(copies[turn]!, a.data.subarray(start * k, Math.min(m, start + rows) * k));
    return copies[turn]!;
  };
  let next = partOfA(0, 0);
  for (let start = 0, turn = 0; start < m; start += rows, turn ^= 1) {
    const count = Math.min(rows, m - start);
    const sum = kind === 'f32' ? memory.f32(c, count * n) : memory.f64(c, count * n);
    const running = runProduct(scope, workspace, {
      ...{
        kind,
        m: count,
        n,
        k,
        a: next,
        lda: k,
        b: bAt,
        ldb: b.columns,
        transposeB,
        c,
        ldc: n,
        outcome: 'store',
      },
    });
    if (start + rows < m) next = partOfA(start + rows, turn ^ 1);
    await running;
    result.data.set(sum, start * n);
  }
}

async function multiplyByDepth(
  scope: Scope,
  a: Matrix,
  b: Matrix,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  result: Matrix,
): Promise<void> {
  const { memory } = scope;
  const size = a.data.BYTES_PER_ELEMENT as 4 | 8;
  const kind = size === 8 ? 'f64' : k > LONG_SUM ? 'f32Sum64' : 'f32';
  const steps = Math.min(k, Math.max(384, Math.floor(PART_BYTES / ((m + n) * size) / 384) * 384));
  const workspace = scope.workspace(packedBytes(m, n, Math.min(steps, STEPS), size));
  const c = scope.allocate(m * n * (kind === 'f32' ? 4 : 8));
  const heldA = memory.addressOf(a.data);
  // Bᵀ has the steps side by side, so that it is needed whole.
  const wholeB = transposeB ? scope.place(b) : memory.addressOf(b.data);
  const places = [0, 1].map(() => ({
    a: heldA === undefined ? scope.allocate(steps * m * size) : 0,
    b: wholeB === undefined ? scope.allocate(steps * n * size) : 0,
  }));
  const part = (start: number, turn: number): { a: number; b: number } => {
    const place = places[turn]!;
    const end = Math.min(k, start + steps);
    if (heldA === undefined) scope.write(place.a, a.data.subarray(start * m, end * m));
    if (wholeB === undefined) scope.write(place.b, b.data.subarray(start * n, end * n));
    return {
      a: heldA === undefined ? place.a : heldA + start * m * size,
      b: wholeB === undefined ? place.b : wholeB + start * (transposeB ? 1 : n) * size,
    };
  };
  let next = part(0, 0);
  for (let start = 0, turn = 0; start < k; start += steps, turn ^= 1) {
    const running = runProduct(scope, workspace, {
      ...{ kind, m, n, k: Math.min(steps, k - start), a: next.a, lda: m, transposeA: true },
      ...{ b: next.b, ldb: b.columns, transposeB, c, ldc: n, outcome: start === 0 ? 'store' : 'add' },
    });
    if (start + steps < k) next = part(start + steps, turn ^ 1);
    await running;
  }
  result.data.set(kind === 'f32' ? memory.f32(c, m * n) : memory.f64(c, m * n));
}
