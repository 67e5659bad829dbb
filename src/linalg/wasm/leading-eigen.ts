import { throwIfAborted } from '../../base/errors.ts';
import { createRandom } from '../../base/random.ts';
import type { Eigen } from '../engine.ts';
import type { Matrix64 } from '../matrix.ts';
import { packedBytes, runProduct } from './product.ts';
import type { Scope, Workspace } from './session.ts';

/** The block is larger than what is asked for by this, which speeds convergence up. */
const EXTRA = 8;
/** Blocks in a Krylov space before it is restarted from the best vectors. */
const MOST_BLOCKS = 10;
/** Residuals relative to the largest eigenvalue: of a result, and of a first space that is worth a second one. */
const TOLERANCE = 100 * Number.EPSILON;
const PROMISING = 1e-6;

/** Whether the leading eigenvectors alone are likely to be found faster than all. */
export function worthLeading(n: number, count: number): boolean {
  return n >= 512 && count > 0 && 3 * (count + EXTRA) <= n / 4;
}

/**
 * The `count` largest eigenvalues and, as rows, their eigenvectors, by a block Krylov space with full
 * reorthogonalisation (Golub and Underwood, "The block Lanczos method for computing eigenvalues", 1977). The block is
 * no smaller than `count`, so that no multiple eigenvalue is missed.
 * @param a address of the symmetric matrix (n x n)
 * @param solveAll gives all eigenvectors of a small matrix
 * @returns undefined when it does not converge soon, or the space breaks down
 */
export async function leadingEigen(
  scope: Scope,
  a: number,
  n: number,
  count: number,
  solveAll: (m: Matrix64) => Promise<Eigen>,
  signal: AbortSignal | undefined,
): Promise<{ values: Float64Array; rows: Float64Array } | undefined> {
  const size = count + EXTRA;
  const most = Math.min(MOST_BLOCKS, Math.floor(n / 2 / size)) * size;
  const { memory } = scope;
  const workspace = scope.workspace(packedBytes(n, n, 384, 8));
  const [q, aq] = [scope.allocate(8 * most * n), scope.allocate(8 * most * n)];
  const [z, az] = [scope.allocate(8 * size * n), scope.allocate(8 * size * n)];
  const [small, weights] = [scope.allocate(8 * most * size), scope.allocate(8 * most * size)];
  const random = createRandom(1);
  const start = memory.f64(q, size * n);
  for (let i = 0; i < start.length; i++) start[i] = random.normal();
  if (!(await orthonormalize(scope, workspace, q, size, n, small))) return undefined;

  for (let space = 0; space < 2; space++) {
    const h = new Float64Array(most * most);
    for (let done = 0; done < most; done += size) {
      throwIfAborted(signal);
      const block = q + 8 * done * n;
      const image = aq + 8 * done * n;
      await multiplyInto(scope, workspace, size, n, n, block, a, false, image);
      const next = done + size;
      await multiplyInto(scope, workspace, size, next, n, image, q, true, small);
      const part = memory.f64(small, size * next);
      for (let i = 0; i < size; i++)
        for (let j = 0; j < next; j++) {
          h[(done + i) * most + j] = part[i * next + j]!;
          h[j * most + done + i] = part[i * next + j]!;
        }
      const last = next === most;
      if (last || (next >= 3 * size && (next / size) % 2 === 1)) {
        const ritz = await solveAll(leadingSquare(h, most, next));
        // Rows of weights: how much of each basis vector.
        const w = memory.f64(weights, size * next);
        for (let i = 0; i < size; i++)
          for (let j = 0; j < next; j++) w[i * next + j] = ritz.vectors.data[j * next + i]!;
        await multiplyInto(scope, workspace, size, n, next, weights, q, false, z);
        await multiplyInto(scope, workspace, size, n, next, weights, aq, false, az);
        const residual = largestResidual(memory.f64(z, count * n), memory.f64(az, count * n), ritz.values, n);
        if (residual <= TOLERANCE)
          return { values: ritz.values.slice(0, count), rows: scope.read64(z, count * n) };
        // All eigenvectors at once are faster where values lie close together.
        if (last && !(residual <= PROMISING)) return undefined;
      }
      if (last) break;
      memory.f64(q + 8 * next * n, size * n).set(memory.f64(image, size * n));
      for (let pass = 0; pass < 2; pass++) {
        const fresh = q + 8 * next * n;
        await multiplyInto(scope, workspace, size, next, n, fresh, q, true, small);
        await runProduct(scope, workspace, {
          ...{
            kind: 'f64',
            m: size,
            n,
            k: next,
            a: small,
            lda: next,
            b: q,
            ldb: n,
            c: fresh,
            ldc: n,
            outcome: 'subtract',
          },
        });
        if (!(await orthonormalize(scope, workspace, fresh, size, n, small))) return undefined;
      }
    }
    memory.f64(q, size * n).set(memory.f64(z, size * n));
    if (!(await orthonormalize(scope, workspace, q, size, n, small))) return undefined;
  }
  return undefined;
}

/** C (m x n) = A (m x k) B (k x n), or A Bᵀ. */
async function multiplyInto(
  scope: Scope,
  workspace: Workspace,
  m: number,
  n: number,
  k: number,
  a: number,
  b: number,
  transposeB: boolean,
  c: number,
): Promise<void> {
  await runProduct(scope, workspace, {
    ...{
      kind: 'f64',
      m,
      n,
      k,
      a,
      lda: k,
      b,
      ldb: transposeB ? k : n,
      transposeB,
      c,
      ldc: n,
      outcome: 'store',
    },
  });
}

/** Makes rows (count x n) orthonormal by the Cholesky factor of their Gram matrix; false when they nearly depend. */
async function orthonormalize(
  scope: Scope,
  workspace: Workspace,
  rows: number,
  count: number,
  n: number,
  room: number,
): Promise<boolean> {
  for (let pass = 0; pass < 2; pass++) {
    await multiplyInto(scope, workspace, count, count, n, rows, rows, true, room);
    if ((await scope.run('cholesky', workspace, [room, count])) !== 0) return false;
    const l = scope.memory.f64(room, count * count);
    let least = Infinity;
    let largest = 0;
    for (let i = 0; i < count; i++) {
      least = Math.min(least, l[i * count + i]!);
      largest = Math.max(largest, l[i * count + i]!);
    }
    if (!(least > 1e-6 * largest)) return false;
    await scope.run('solve', workspace, [room, count, rows, n, 0]);
  }
  return true;
}

function leadingSquare(h: Float64Array, stride: number, size: number): Matrix64 {
  const data = new Float64Array(size * size);
  for (let i = 0; i < size; i++) data.set(h.subarray(i * stride, i * stride + size), i * size);
  return { rows: size, columns: size, data };
}

/** The largest |A z - value z| over the rows z, relative to the largest value. */
function largestResidual(z: Float64Array, az: Float64Array, values: Float64Array, n: number): number {
  const largest = Math.max(Math.abs(values[0]!), Math.abs(values[values.length - 1]!));
  let worst = 0;
  for (let i = 0; i < z.length / n; i++) {
    let sum = 0;
    for (let p = i * n; p < (i + 1) * n; p++) sum += (az[p]! - values[i]! * z[p]!) ** 2;
    worst = Math.max(worst, Math.sqrt(sum));
  }
  return worst / largest;
}
