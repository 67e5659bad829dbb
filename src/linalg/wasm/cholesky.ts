import { CovistaError } from '../../base/errors.ts';
import type { Matrix64 } from '../matrix.ts';
import { requireShape, requireSquare, shapeOf } from '../shapes.ts';
import { packedBytes } from './product.ts';
import type { Scope } from './session.ts';

/** See Engine.cholesky. */
export async function cholesky(
  scope: Scope,
  a: Matrix64,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<Matrix64> {
  requireSquare('cholesky', 'A', a);
  const n = a.rows;
  const copy = scope.copy(a);
  const workspace = scope.workspace(packedBytes(n, n, Math.min(n, 384), 8));
  const status = await scope.run('cholesky', workspace, [copy, n]);
  if (status !== 0)
    throw new CovistaError(
      'numeric',
      `cholesky: the ${shapeOf(a)} matrix is not positive definite: pivot ${status - 1} is not positive.`,
      { hint: 'add a ridge to the diagonal' },
    );
  const l = scope.memory.f64(copy, n * n);
  const data = overwrite ? a.data : new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    data.set(l.subarray(i * n, i * n + i + 1), i * n);
    data.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return overwrite ? a : { rows: n, columns: n, data };
}

/** See Engine.solveTriangular. */
export async function solveTriangular(
  scope: Scope,
  l: Matrix64,
  b: Matrix64,
  { transpose = false }: { transpose?: boolean } = {},
): Promise<Matrix64> {
  requireSquare('solveTriangular', 'L', l);
  requireShape('solveTriangular', 'B', b, l.rows, b.columns);
  const n = l.rows;
  const m = b.columns;
  const solution = scope.copy(b);
  const workspace = scope.workspace(packedBytes(n, m, Math.min(n, 384), 8));
  await scope.run('solve', workspace, [scope.place(l), n, solution, m, transpose ? 1 : 0]);
  return { rows: n, columns: m, data: scope.read64(solution, n * m) };
}
