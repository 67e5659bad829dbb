import { throwIfAborted } from '../../base/errors.ts';
import type { Svd } from '../engine.ts';
import type { Matrix64 } from '../matrix.ts';
import { applyRotations, BLOCK, descending, largestElement, selectedColumns } from './eigen-symmetric.ts';
import { implicitQr } from './implicit-qr.ts';
import { packedBytes } from './product.ts';
import type { Scope } from './session.ts';

/**
 * See Engine.svd. With B the wide one of A and Aᵀ: B = L Q by Householder reflections, L bidiagonal, then implicit
 * QR; no product of A with itself, which would square its condition.
 */
export async function svd(
  scope: Scope,
  a: Matrix64,
  { count: wanted = Infinity, signal }: { count?: number; signal?: AbortSignal } = {},
): Promise<Svd> {
  const tall = a.rows > a.columns;
  const n = Math.min(a.rows, a.columns);
  const m = Math.max(a.rows, a.columns);
  const count = Math.min(wanted, n);
  const { memory } = scope;
  const scale = largestElement('svd', a);
  const room = scope.allocate(8 * Math.max(2 * BLOCK * (BLOCK + m) + 2 * BLOCK, 2 * BLOCK * n + 2 * BLOCK));
  const workspace = scope.workspace(packedBytes(m, m, 384, 8));

  const b = scope.allocate(8 * n * m);
  copyScaled(a, tall, 1 / scale, memory.f64(b, n * m));
  const lqVectors = m > n ? scope.allocate(8 * n * m) : 0;
  const lqTau = scope.allocate(8 * n);
  let square = b;
  if (m > n && n > 0) {
    await scope.run('factorLq', workspace, [b, n, m, lqVectors, lqTau, room], signal);
    throwIfAborted(signal);
    square = scope.allocate(8 * n * n);
    const l = memory.f64(square, n * n);
    for (let i = 0; i < n; i++) l.set(memory.f64(b + 8 * i * m, n), i * n);
    scope.free(b);
  }
  const [left, right] = [scope.allocate(8 * n * n), scope.allocate(8 * n * n)];
  const [tauLeft, tauRight] = [scope.allocate(8 * n), scope.allocate(8 * n)];
  const [d, e] = [scope.allocate(8 * n), scope.allocate(8 * n)];
  const transposedLeft = scope.allocate(8 * n * n);
  if (n > 0) {
    const places = [square, n, left, tauLeft, right, tauRight, d, e, room];
    await scope.run('bidiagonalize', workspace, places, signal);
    throwIfAborted(signal);
    await scope.run('accumulate', workspace, [transposedLeft, n, left, n, 0, tauLeft, room], signal);
    throwIfAborted(signal);
    // L is no longer needed: Pᵀ takes its place.
    await scope.run('accumulate', workspace, [square, n, right, n - 1, 1, tauRight, room], signal);
    throwIfAborted(signal);
  }
  const values = scope.read64(d, n);
  const beside = scope.read64(e, n);
  const targets = [
    { at: transposedLeft, columns: n },
    { at: square, columns: n },
  ];
  await applyRotations(scope, workspace, n, targets, signal, ([forLeft, forRight]) =>
    implicitQr(values, beside, forLeft!, forRight!),
  );

  // Rows of Pᵀ in order of their values, which become positive; then times Q.
  const sizes = values.map(Math.abs);
  const order = descending(sizes).subarray(0, count);
  const wide = scope.allocate(8 * count * m);
  const rows = memory.f64(wide, count * m).fill(0);
  const source = memory.f64(square, n * n);
  for (const [i, from] of order.entries()) {
    const sign = values[from]! < 0 ? -1 : 1;
    for (let j = 0; j < n; j++) rows[i * m + j] = sign * source[from * n + j]!;
  }
  if (m > n && count > 0)
    await scope.run('applyReversed', workspace, [wide, count, m, lqVectors, m, n, 0, m, lqTau, room], signal);
  throwIfAborted(signal);
  const short = selectedColumns(memory.f64(transposedLeft, n * n), n, order);
  const long = selectedColumns(
    rows,
    m,
    order.map((_, i) => i),
  );
  return {
    u: tall ? long : short,
    s: Float64Array.from(order, (i) => sizes[i]! * scale),
    v: tall ? short : long,
  };
}

/** A times a factor, transposed when asked. */
function copyScaled(a: Matrix64, transposed: boolean, factor: number, to: Float64Array): void {
  const { rows, columns, data } = a;
  if (!transposed) {
    for (let i = 0; i < data.length; i++) to[i] = data[i]! * factor;
    return;
  }
  for (let start = 0; start < rows; start += 64) {
    const end = Math.min(rows, start + 64);
    for (let j = 0; j < columns; j++)
      for (let i = start; i < end; i++) to[j * rows + i] = data[i * columns + j]! * factor;
  }
}
