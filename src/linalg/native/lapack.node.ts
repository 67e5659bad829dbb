import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { Eigen, Svd } from '../engine.ts';
import { type Matrix64, zeros64 } from '../matrix.ts';
import { requireShape, requireSquare, shapeOf } from '../shapes.ts';
import { selectedColumns } from '../wasm/eigen-symmetric.ts';
import {
  LEFT,
  LOWER,
  type NativeFunction,
  type NativeLibrary,
  NO_TRANSPOSE,
  NON_UNIT,
  ROW_MAJOR,
  TRANSPOSE,
} from './library.node.ts';

type Lapack = NonNullable<NativeLibrary['lapack']>;

// LAPACK sees a row-major matrix transposed, so that its upper triangle is our lower one.
const letter = (text: string) => Uint8Array.of(text.charCodeAt(0));
const integer = (value: number) => Int32Array.of(value);

/** See Engine.cholesky. */
export async function cholesky(
  lapack: Lapack,
  a: Matrix64,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<Matrix64> {
  requireSquare('cholesky', 'A', a);
  const n = a.rows;
  const data = overwrite ? a.data : new Float64Array(a.data);
  const diagonal = Float64Array.from({ length: n }, (_, i) => data[i * n + i]!);
  const info = integer(0);
  if (n > 0) await lapack.dpotrf(letter('U'), integer(n), data, integer(n), info, 1);
  // NaN passes LAPACK's own test of a pivot in some builds.
  let bad = info[0]! - 1;
  for (let i = 0; bad < 0 && i < n; i++) if (!(data[i * n + i]! < Infinity)) bad = i;
  if (bad >= 0) {
    // Only the lower triangle was written to.
    if (overwrite)
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i]!;
        data[i * n + i] = diagonal[i]!;
      }
    throw new CovistaError(
      'numeric',
      `cholesky: the ${shapeOf(a)} matrix is not positive definite: pivot ${bad} is not positive.`,
      { hint: 'add a ridge to the diagonal' },
    );
  }
  for (let i = 0; i < n; i++) data.fill(0, i * n + i + 1, (i + 1) * n);
  return overwrite ? a : { rows: n, columns: n, data };
}

/** See Engine.solveTriangular. */
export async function solveTriangular(
  library: NativeLibrary,
  l: Matrix64,
  b: Matrix64,
  { transpose = false }: { transpose?: boolean } = {},
): Promise<Matrix64> {
  requireSquare('solveTriangular', 'L', l);
  requireShape('solveTriangular', 'B', b, l.rows, b.columns);
  const data = new Float64Array(b.data);
  if (data.length > 0)
    await library.dtrsm(
      ...[ROW_MAJOR, LEFT, LOWER, transpose ? TRANSPOSE : NO_TRANSPOSE, NON_UNIT, b.rows, b.columns, 1],
      ...[l.data, l.rows, data, b.columns],
    );
  return { rows: b.rows, columns: b.columns, data };
}

/** See Engine.eigenSymmetric. */
export async function eigenSymmetric(
  lapack: Lapack,
  a: Matrix64,
  options: { count?: number; signal?: AbortSignal } = {},
): Promise<Eigen> {
  requireSquare('eigenSymmetric', 'A', a);
  const n = a.rows;
  const count = Math.min(options.count ?? n, n);
  requireFinite('eigenSymmetric', a);
  throwIfAborted(options.signal);
  if (count === 0) return { values: new Float64Array(0), vectors: zeros64(n, 0) };
  const data = new Float64Array(a.data);
  const values = new Float64Array(n);
  const info = integer(0);
  let vectors = data;
  if (count === n) {
    await withWorkspace(n, true, (work, lwork, iwork, liwork) =>
      lapack.dsyevd(
        ...[letter('V'), letter('U'), integer(n), data, integer(n), values],
        ...[work, lwork, iwork, liwork, info, 1, 1],
      ),
    );
  } else {
    vectors = new Float64Array(n * count);
    const support = new Int32Array(2 * n);
    const zero = Float64Array.of(0);
    await withWorkspace(n, true, (work, lwork, iwork, liwork) =>
      lapack.dsyevr(
        ...[letter('V'), letter('I'), letter('U'), integer(n), data, integer(n), zero, zero],
        ...[integer(n - count + 1), integer(n), zero, integer(0), values, vectors, integer(n), support],
        ...[work, lwork, iwork, liwork, info, 1, 1, 1],
      ),
    );
  }
  throwIfAborted(options.signal);
  requireConverged(info, a);
  // LAPACK's values ascend.
  const order = new Uint32Array(count).map((_, i) => count - 1 - i);
  return {
    values: Float64Array.from(order, (i) => values[i]!),
    vectors: selectedColumns(vectors, n, order),
  };
}

/** See Engine.svd. */
export async function svd(
  lapack: Lapack,
  a: Matrix64,
  options: { count?: number; signal?: AbortSignal } = {},
): Promise<Svd> {
  const { rows, columns } = a;
  const least = Math.min(rows, columns);
  const count = Math.min(options.count ?? least, least);
  requireFinite('svd', a);
  throwIfAborted(options.signal);
  if (count === 0) return { u: zeros64(rows, 0), s: new Float64Array(0), v: zeros64(columns, 0) };
  const data = new Float64Array(a.data);
  const s = new Float64Array(least);
  // Of the transposed matrix that LAPACK sees, the left vectors are our right ones.
  const right = new Float64Array(columns * least);
  const left = new Float64Array(least * rows);
  const info = integer(0);
  const ints = new Int32Array(8 * least);
  await withWorkspace(least, false, (work, lwork) =>
    lapack.dgesdd(
      ...[letter('S'), integer(columns), integer(rows), data, integer(columns), s],
      ...[right, integer(columns), left, integer(least), work, lwork, ints, info, 1],
    ),
  );
  throwIfAborted(options.signal);
  requireConverged(info, a);
  const u = zeros64(rows, count);
  for (let i = 0; i < rows; i++) u.data.set(left.subarray(i * least, i * least + count), i * count);
  return {
    u,
    s: s.slice(0, count),
    v: selectedColumns(
      right,
      columns,
      new Uint32Array(count).map((_, i) => i),
    ),
  };
}

/** Asks a function how much room it wants, then runs it with that. */
async function withWorkspace(
  n: number,
  integers: boolean,
  call: (
    work: Float64Array,
    lwork: Int32Array,
    iwork: Int32Array,
    liwork: Int32Array,
  ) => ReturnType<NativeFunction>,
): Promise<void> {
  const work = new Float64Array(1);
  const iwork = new Int32Array(Math.max(1, n));
  await call(work, integer(-1), iwork, integer(-1));
  const size = Math.ceil(work[0]!);
  const integerSize = integers ? iwork[0]! : 1;
  await call(new Float64Array(size), integer(size), new Int32Array(integerSize), integer(integerSize));
}

function requireFinite(operation: string, a: Matrix64): void {
  for (let i = 0; i < a.data.length; i++)
    if (!Number.isFinite(a.data[i]!))
      throw new CovistaError(
        'bad-values',
        `${operation}: the ${shapeOf(a)} matrix holds a value that is not finite.`,
      );
}

function requireConverged(info: Int32Array, a: Matrix64): void {
  if (info[0] !== 0)
    throw new CovistaError('numeric', `The decomposition of a ${shapeOf(a)} matrix did not converge.`);
}
