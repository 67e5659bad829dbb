import { CovistaError } from '../../base/errors.ts';
import type { RotationList } from './rotation-list.ts';

/** An iteration needs under two sweeps an eigenvalue; this many in a row for one means that it does not converge. */
const MOST_SWEEPS = 60;

/**
 * Eigenvalues of a symmetric tridiagonal matrix by the implicit QL method with Wilkinson's shift (Golub and Van Loan,
 * Matrix Computations, 8.3; EISPACK tql2). `d` becomes the eigenvalues, in no order; the rotations that make rows of
 * Qᵀ into eigenvectors go to `list`. Yields whenever the list is to be applied and cleared.
 * @param d diagonal
 * @param e e[i] lies between d[i] and d[i + 1]; overwritten
 * @throws CovistaError `numeric` when it does not converge
 */
export function* implicitQl(d: Float64Array, e: Float64Array, list: RotationList): Generator<void> {
  const n = d.length;
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!) + (i < n - 1 ? Math.abs(e[i]!) : 0));
  // What is this small against the whole matrix changes no eigenvalue by more than rounding does.
  const negligible = norm * Number.EPSILON;
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      for (; m < n - 1; m++) {
        const size = Math.abs(e[m]!);
        if (size <= negligible || size <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break;
      }
      if (m === l) break;
      if (!(sweep < MOST_SWEEPS))
        throw new CovistaError('numeric', `The eigenvalues of a ${n} x ${n} matrix did not converge.`);
      if (!list.fits(m - l)) yield;
      qlSweep(d, e, l, m, list);
    }
  }
  yield;
}

function qlSweep(d: Float64Array, e: Float64Array, l: number, m: number, list: RotationList): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g < 0 ? -r : r));
  let s = 1;
  let c = 1;
  let p = 0;
  list.begin(m - 1);
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.sqrt(f * f + g * g);
    if (i < m - 1) e[i + 1] = r;
    if (r === 0) {
      // The matrix splits here: keep what was done so far.
      d[i + 1]! -= p;
      list.end(true);
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    list.push(c, -s);
  }
  d[l]! -= p;
  e[l] = g;
  list.end(true);
}
