// A symmetric matrix A = Q T Qᵀ with T tridiagonal, by blocks of Householder reflections (Dongarra, Hammarling and
// Sorensen, "Block reduction of matrices to condensed forms", 1989).

import { BLOCK, clear, reflector } from './householder';
import { update } from './product';
import { barrier, share, stopped, thread, threads } from './runtime';
import { addRow, at, dot, get, scaleRow, set } from './vector';

/**
 * A (n x n, both triangles) is overwritten; T has the diagonal `d` and off-diagonal `e`; row i of V (n x n) is
 * reflection i, its elements 0 .. i are zero. `room` holds BLOCK n + 2 BLOCK + threads numbers.
 */
export function tridiagonalize(a: usize, n: i32, v: usize, tau: usize, d: usize, e: usize, room: usize): void {
  const w = room;
  const dots = at(w, BLOCK * n);
  const partial = at(dots, 2 * BLOCK);
  clear(v, n * n);
  barrier();
  for (let first = 0; first < n - 1; first += BLOCK) {
    const size = min(BLOCK, n - 1 - first);
    for (let i = first; i < first + size; i++) {
      const earlier = i - first;
      const vi = at(v, i * n);
      const wi = at(w, earlier * n);
      if (thread == 0) {
        memory.copy(at(vi, i), at(a, i * n + i), <usize>(n - i) << 3);
        for (let p = 0; p < earlier; p++) {
          const vp = at(v, (first + p) * n);
          const wp = at(w, p * n);
          addRow(at(vi, i), at(vp, i), n - i, -get(wp, i));
          addRow(at(vi, i), at(wp, i), n - i, -get(vp, i));
        }
        set(d, i, get(vi, i));
        set(vi, i, 0);
        set(tau, i, reflector(at(vi, i + 1), n - i - 1, at(e, i)));
      }
      barrier();
      const begin = i + 1;
      const length = n - begin;
      const from = begin + share(length, thread);
      const to = begin + share(length, thread + 1);
      const x = at(vi, begin);
      for (let r = from; r < to; r++) set(wi, r, dot(at(a, r * n + begin), x, length));
      for (let p = share(earlier, thread); p < share(earlier, thread + 1); p++) {
        set(dots, p, dot(at(w, p * n + begin), x, length));
        set(dots, BLOCK + p, dot(at(v, (first + p) * n + begin), x, length));
      }
      barrier();
      const count = to - from;
      for (let p = 0; p < earlier; p++) {
        addRow(at(wi, from), at(v, (first + p) * n + from), count, -get(dots, p));
        addRow(at(wi, from), at(w, p * n + from), count, -get(dots, BLOCK + p));
      }
      const factor = get(tau, i);
      scaleRow(at(wi, from), count, factor);
      set(partial, thread, dot(at(wi, from), at(vi, from), count));
      barrier();
      let sum: f64 = 0;
      for (let t = 0; t < threads; t++) sum += get(partial, t);
      addRow(at(wi, from), at(vi, from), count, -0.5 * factor * sum);
      barrier();
    }
    const next = first + size;
    const left = n - next;
    const vNext = at(v, first * n + next);
    const corner = at(a, next * n + next);
    update(left, left, size, vNext, n, true, at(w, next), n, false, corner, n, true);
    update(left, left, size, at(w, next), n, true, vNext, n, false, corner, n, true);
    if (stopped()) return;
  }
  if (thread == 0) set(d, n - 1, get(a, n * n - 1));
  barrier();
}
