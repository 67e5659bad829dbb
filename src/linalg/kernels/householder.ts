// Householder reflections H = I - tau v vᵀ, and blocks of them in compact form H0 H1 ... = I - Vᵀ T V, where the
// vectors are the rows of V (Schreiber and Van Loan, "A storage-efficient WY representation", 1989).

import { update } from './product';
import { barrier, share, stopped, thread } from './runtime';
import { addRow, at, dot, get, scaleRow, set } from './vector';

/** How many reflections make a block. */
export const BLOCK: i32 = 32;

/** Turns x (`count` long) into v with v[0] = 1, so that H x = (beta, 0, ...); returns tau, and beta in `betaAt`. */
export function reflector(x: usize, count: i32, betaAt: usize): f64 {
  const alpha = load<f64>(x);
  const rest = count > 1 ? dot(x + 8, x + 8, count - 1) : 0;
  store<f64>(x, 1);
  if (rest == 0) {
    store<f64>(betaAt, alpha);
    return 0;
  }
  const norm = Math.sqrt(alpha * alpha + rest);
  const beta = alpha > 0 ? -norm : norm;
  store<f64>(betaAt, beta);
  scaleRow(x + 8, count - 1, 1 / (alpha - beta));
  return (beta - alpha) / beta;
}

/** Clears a matrix, each thread its share. */
export function clear(a: usize, count: i32): void {
  const from = share(count, thread);
  memory.fill(at(a, from), 0, <usize>(share(count, thread + 1) - from) << 3);
}

/** T of a block of `count` reflections of length `length`; `room` holds BLOCK x BLOCK numbers. */
function compact(v: usize, ldv: i32, count: i32, length: i32, tau: usize, t: usize, room: usize): void {
  clear(room, count * count);
  update(count, count, length, v, ldv, false, v, ldv, true, room, count, false);
  if (thread == 0) {
    memory.fill(t, 0, <usize>(count * count) << 3);
    for (let i = 0; i < count; i++) {
      const factor = get(tau, i);
      set(t, i * count + i, factor);
      for (let p = 0; p < i; p++) {
        let sum: f64 = 0;
        for (let q = p; q < i; q++) sum += get(t, p * count + q) * get(room, q * count + i);
        set(t, p * count + i, -factor * sum);
      }
    }
  }
  barrier();
}

/**
 * F (rows x length) becomes F H0 H1 ..., or F ... H1 H0 when `reverse`, for one block of reflections.
 * `room` holds 2 BLOCK (BLOCK + rows) numbers.
 */
function applyBlock(
  f: usize,
  rows: i32,
  ldf: i32,
  v: usize,
  ldv: i32,
  count: i32,
  length: i32,
  tau: usize,
  reverse: bool,
  room: usize,
): void {
  const t = room;
  const w = at(room, 2 * BLOCK * BLOCK);
  const wt = at(w, rows * BLOCK);
  compact(v, ldv, count, length, tau, t, at(room, BLOCK * BLOCK));
  clear(w, rows * count);
  clear(wt, rows * count);
  update(rows, count, length, f, ldf, false, v, ldv, true, w, count, false);
  update(rows, count, count, w, count, false, t, count, reverse, wt, count, false);
  update(rows, length, count, wt, count, false, v, ldv, false, f, ldf, true);
}

/**
 * F (rows x length) becomes F H_{count-1} ... H1 H0. Row i of V (`count` x `length`) starts at its element
 * i + offset; the elements before are zero.
 */
export function applyReversed(
  f: usize,
  rows: i32,
  ldf: i32,
  v: usize,
  ldv: i32,
  count: i32,
  offset: i32,
  length: i32,
  tau: usize,
  room: usize,
): void {
  for (let first = ((count - 1) / BLOCK) * BLOCK; first >= 0; first -= BLOCK) {
    const start = first + offset;
    const size = min(BLOCK, count - first);
    applyBlock(at(f, start), rows, ldf, at(v, first * ldv + start), ldv, size, length - start, at(tau, first), true, room);
    if (stopped()) return;
  }
}

/** Qᵀ (n x n) = H_{count-1} ... H1 H0, with the reflections stored as for `applyReversed`. */
export function accumulate(q: usize, n: i32, v: usize, count: i32, offset: i32, tau: usize, room: usize): void {
  clear(q, n * n);
  barrier();
  for (let i = share(n, thread); i < share(n, thread + 1); i++) set(q, i * n + i, 1);
  barrier();
  for (let first = ((count - 1) / BLOCK) * BLOCK; first >= 0; first -= BLOCK) {
    const start = first + offset;
    const size = min(BLOCK, count - first);
    // Rows before `start` are still those of the identity, and these reflections leave them alone.
    applyBlock(
      at(q, start * n + start),
      n - start,
      n,
      at(v, first * n + start),
      n,
      size,
      n - start,
      at(tau, first),
      true,
      room,
    );
    if (stopped()) return;
  }
}

/**
 * B (n x m, n <= m) = L Q with orthonormal rows of Q: B becomes L, its upper part zero; the reflections become the
 * rows of V (n x m). Q is [I 0] H_{n-1} ... H0.
 */
export function factorLq(b: usize, n: i32, m: i32, v: usize, tau: usize, room: usize): void {
  clear(v, n * m);
  barrier();
  for (let first = 0; first < n; first += BLOCK) {
    const size = min(BLOCK, n - first);
    for (let j = first; j < first + size; j++) {
      const vector = at(v, j * m + j);
      const length = m - j;
      if (thread == 0) {
        const row = at(b, j * m + j);
        memory.copy(vector, row, <usize>length << 3);
        memory.fill(row, 0, <usize>length << 3);
        set(tau, j, reflector(vector, length, row));
      }
      barrier();
      const factor = get(tau, j);
      const below = first + size - j - 1;
      for (let i = j + 1 + share(below, thread); i < j + 1 + share(below, thread + 1); i++) {
        const row = at(b, i * m + j);
        addRow(row, vector, length, -factor * dot(row, vector, length));
      }
      barrier();
    }
    const next = first + size;
    if (next < n)
      applyBlock(
        at(b, next * m + first),
        n - next,
        m,
        at(v, first * m + first),
        m,
        size,
        m - first,
        at(tau, first),
        false,
        room,
      );
    if (stopped()) return;
  }
}
