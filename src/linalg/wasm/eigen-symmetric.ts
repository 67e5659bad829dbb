import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { Eigen } from '../engine.ts';
import type { Floats, Matrix64 } from '../matrix.ts';
import { requireSquare, shapeOf } from '../shapes.ts';
import { implicitQl } from './implicit-ql.ts';
import { leadingEigen, worthLeading } from './leading-eigen.ts';
import { packedBytes } from './product.ts';
import { RotationList } from './rotation-list.ts';
import type { Scope, Workspace } from './session.ts';

/** As BLOCK in kernels/householder.ts. */
export const BLOCK = 32;

/** How many rotations are applied together: enough to make copying strips of the matrix cheap. */
const ROTATIONS = 1 << 16;

/** See Engine.eigenSymmetric. A few leading ones by a Krylov space, else all by tridiagonalisation and implicit QL. */
export async function eigenSymmetric(
  scope: Scope,
  a: Matrix64,
  options: { count?: number; signal?: AbortSignal } = {},
): Promise<Eigen> {
  requireSquare('eigenSymmetric', 'A', a);
  const n = a.rows;
  const count = Math.min(options.count ?? n, n);
  const { memory } = scope;
  const { signal } = options;
  const scale = largestElement('eigenSymmetric', a);
  if (worthLeading(n, count)) {
    const copy = scope.allocate(8 * n * n);
    const scaled = memory.f64(copy, n * n);
    for (let i = 0; i < scaled.length; i++) scaled[i] = a.data[i]! / scale;
    const solveAll = (m: Matrix64) => eigenSymmetric(scope, m, signal ? { signal } : {});
    const leading = await leadingEigen(scope, copy, n, count, solveAll, signal);
    scope.free(copy);
    if (leading)
      return {
        values: leading.values.map((value) => value * scale),
        vectors: selectedColumns(
          leading.rows,
          n,
          new Uint32Array(count).map((_, i) => i),
        ),
      };
  }
  const v = scope.allocate(8 * n * n);
  const vectors = scope.allocate(8 * n * n);
  const room = scope.allocate(8 * (2 * BLOCK * (BLOCK + n) + scope.threads));
  const [tau, d, e] = [scope.allocate(8 * n), scope.allocate(8 * n), scope.allocate(8 * n)];
  const workspace = scope.workspace(packedBytes(n, n, 384, 8));
  const copy = memory.f64(vectors, n * n);
  for (let i = 0; i < copy.length; i++) copy[i] = a.data[i]! / scale;
  if (n > 0) {
    await scope.run('tridiagonalize', workspace, [vectors, n, v, tau, d, e, room], signal);
    throwIfAborted(signal);
    await scope.run('accumulate', workspace, [vectors, n, v, n - 1, 1, tau, room], signal);
    throwIfAborted(signal);
  }
  scope.free(v);
  const values = scope.read64(d, n);
  const beside = scope.read64(e, n);
  await applyRotations(scope, workspace, n, [{ at: vectors, columns: n }], signal, (lists) =>
    implicitQl(values, beside, lists[0]!),
  );
  const order = descending(values).subarray(0, count);
  return {
    values: Float64Array.from(order, (i) => values[i]! * scale),
    vectors: selectedColumns(memory.f64(vectors, n * n), n, order),
  };
}

/** The largest absolute value, or 1 for a matrix of zeros: dividing by it keeps squares from over- and underflowing. */
export function largestElement(operation: string, a: Matrix64): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const size = Math.abs(a.data[i]!);
    if (!(size <= largest)) largest = size;
    // NaN compares as false both ways, so that it has to end the search.
    if (!(size < Infinity))
      throw new CovistaError(
        'bad-values',
        `${operation}: the ${shapeOf(a)} matrix holds a value that is not finite.`,
      );
  }
  return largest || 1;
}

/** Runs an iteration that writes one list of rotations for each of some matrices, and applies them as they come. */
export async function applyRotations(
  scope: Scope,
  workspace: Workspace,
  rows: number,
  targets: readonly { readonly at: number; readonly columns: number }[],
  signal: AbortSignal | undefined,
  iterate: (lists: readonly RotationList[]) => Generator<void>,
): Promise<void> {
  const length = 2 * Math.max(ROTATIONS, rows + 1);
  const room = scope.allocate(8 * 8 * rows * scope.threads);
  const places = targets.map(() => scope.allocate(8 * length));
  const lists = places.map((place) => new RotationList(scope.memory.f64(place, length)));
  for (const _ of iterate(lists)) {
    throwIfAborted(signal);
    for (const [i, target] of targets.entries()) {
      const { sweeps } = lists[i]!;
      if (sweeps > 0)
        await scope.run('rotate', workspace, [target.at, rows, target.columns, places[i]!, sweeps, room]);
      lists[i]!.clear();
    }
  }
  for (const place of [room, ...places]) scope.free(place);
}

/** Positions of values from the largest to the smallest. */
export function descending(values: Float64Array): Uint32Array {
  return new Uint32Array(values.length).map((_, i) => i).sort((i, j) => values[j]! - values[i]!);
}

/** The matrix whose columns are the named rows (each `length` long) of other data. */
export function selectedColumns(rows: Floats, length: number, order: Uint32Array): Matrix64 {
  const columns = order.length;
  const data = new Float64Array(length * columns);
  for (let start = 0; start < length; start += 64) {
    const end = Math.min(length, start + 64);
    for (let j = 0; j < columns; j++) {
      const from = order[j]! * length;
      for (let i = start; i < end; i++) data[i * columns + j] = rows[from + i]!;
    }
  }
  return { rows: length, columns, data };
}
