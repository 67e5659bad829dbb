// A square matrix A = Q B Pᵀ with B upper bidiagonal, by blocks of Householder reflections (Dongarra, Hammarling and
// Sorensen, "Block reduction of matrices to condensed forms", 1989).

import { BLOCK, clear, reflector } from './householder';
import { update } from './product';
import { barrier, share, stopped, thread } from './runtime';
import { addFourRows, addRow, at, dot, get, scaleRow, set } from './vector';

/**
 * A (n x n) is overwritten; B has the diagonal `d` and above it `e`. Row i of V (n x n) is reflection i of Q, which
 * starts at element i; row i of U (n x n) reflection i of P, which starts at i + 1. `room` holds 2 BLOCK n + 2 BLOCK
 * numbers.
 */
export function bidiagonalize(
  a: usize,
  n: i32,
  v: usize,
  tauV: usize,
  u: usize,
  tauU: usize,
  d: usize,
  e: usize,
  room: usize,
): void {
  const x = room;
  const y = at(x, BLOCK * n);
  const dots = at(y, BLOCK * n);
  clear(v, n * n);
  clear(u, n * n);
  barrier();
  for (let first = 0; first < n; first += BLOCK) {
    const size = min(BLOCK, n - first);
    for (let i = first; i < first + size; i++) {
      const earlier = i - first;
      const vi = at(v, i * n);
      const ui = at(u, i * n);
      const xi = at(x, earlier * n);
      const yi = at(y, earlier * n);
      if (thread == 0) {
        for (let r = i; r < n; r++) set(vi, r, get(a, r * n + i));
        for (let p = 0; p < earlier; p++) {
          addRow(at(vi, i), at(v, (first + p) * n + i), n - i, -get(y, p * n + i));
          addRow(at(vi, i), at(x, p * n + i), n - i, -get(u, (first + p) * n + i));
        }
        set(tauV, i, reflector(at(vi, i), n - i, at(d, i)));
      }
      barrier();
      const begin = i + 1;
      if (begin == n) {
        if (thread == 0) set(tauU, i, 0);
        barrier();
        break;
      }
      const length = n - begin;
      const from = begin + share(length, thread);
      const to = begin + share(length, thread + 1);
      const count = to - from;
      // y = Aᵀ v, this thread's columns of it.
      memory.fill(at(yi, from), 0, <usize>count << 3);
      let r = i;
      for (; r + 4 <= n; r += 4) addFourRows(at(yi, from), at(a, r * n + from), <usize>n << 3, count, at(vi, r));
      for (; r < n; r++) addRow(at(yi, from), at(a, r * n + from), count, get(vi, r));
      for (let p = share(earlier, thread); p < share(earlier, thread + 1); p++) {
        set(dots, p, dot(at(v, (first + p) * n + i), at(vi, i), n - i));
        set(dots, BLOCK + p, dot(at(x, p * n + i), at(vi, i), n - i));
      }
      barrier();
      for (let p = 0; p < earlier; p++) {
        addRow(at(yi, from), at(y, p * n + from), count, -get(dots, p));
        addRow(at(yi, from), at(u, (first + p) * n + from), count, -get(dots, BLOCK + p));
      }
      scaleRow(at(yi, from), count, get(tauV, i));
      memory.copy(at(ui, from), at(a, i * n + from), <usize>count << 3);
      for (let p = 0; p <= earlier; p++) {
        addRow(at(ui, from), at(y, p * n + from), count, -get(v, (first + p) * n + i));
        if (p < earlier) addRow(at(ui, from), at(u, (first + p) * n + from), count, -get(x, p * n + i));
      }
      barrier();
      if (thread == 0) set(tauU, i, reflector(at(ui, begin), length, at(e, i)));
      barrier();
      // x = A u, this thread's rows of it.
      for (let row = from; row < to; row++) set(xi, row, dot(at(a, row * n + begin), at(ui, begin), length));
      for (let p = share(earlier + 1, thread); p < share(earlier + 1, thread + 1); p++) {
        set(dots, p, dot(at(y, p * n + begin), at(ui, begin), length));
        if (p < earlier) set(dots, BLOCK + p, dot(at(u, (first + p) * n + begin), at(ui, begin), length));
      }
      barrier();
      for (let p = 0; p <= earlier; p++) {
        addRow(at(xi, from), at(v, (first + p) * n + from), count, -get(dots, p));
        if (p < earlier) addRow(at(xi, from), at(x, p * n + from), count, -get(dots, BLOCK + p));
      }
      scaleRow(at(xi, from), count, get(tauU, i));
      barrier();
    }
    const next = first + size;
    const left = n - next;
    const corner = at(a, next * n + next);
    update(left, left, size, at(v, first * n + next), n, true, at(y, next), n, false, corner, n, true);
    update(left, left, size, at(x, next), n, true, at(u, first * n + next), n, false, corner, n, true);
    if (stopped()) return;
  }
}
