import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { Eigen } from '../engine.ts';
import { type Matrix64, zeros64 } from '../matrix.ts';
import { requireSquare } from '../shapes.ts';
import { transpose } from '../transpose.ts';

/**
 * Eigenvalues (descending) and eigenvectors of a symmetric matrix, all or the `count` largest; reads the lower
 * triangle. Householder tridiagonalisation and implicit QL iterations (Wilkinson and Reinsch, "Handbook for
 * Automatic Computation II", 1971, II/2 and II/4), in place of columns on rows, which lie together in memory.
 */
export function eigenSymmetric(
  a: Matrix64,
  options: { count?: number | undefined; signal?: AbortSignal | undefined } = {},
): Eigen {
  requireSquare('eigenSymmetric', 'A', a);
  const size = a.rows;
  const count = Math.min(options.count ?? size, size);
  const { reflectors, diagonal, offDiagonal } = tridiagonalise(a, options.signal);
  const rows = zeros64(size, size);
  for (let i = 0; i < size; i++) rows.data[i * size + i] = 1;
  iterate(diagonal, offDiagonal, rows, options.signal);

  const order = Array.from(diagonal.keys()).sort((p, q) => diagonal[q]! - diagonal[p]!);
  const values = new Float64Array(count);
  const vectors = zeros64(count, size);
  for (let i = 0; i < count; i++) {
    const from = order[i]!;
    values[i] = diagonal[from]!;
    vectors.data.set(rows.data.subarray(from * size, (from + 1) * size), i * size);
  }
  reflect(reflectors, vectors);
  return { values, vectors: transpose(vectors) };
}

interface Tridiagonal {
  /** Row i holds in its first i elements the Householder vector that emptied row i, and at (i, i) its half square norm. */
  readonly reflectors: Matrix64;
  readonly diagonal: Float64Array;
  /** Element i couples i - 1 and i; element 0 is unused. */
  readonly offDiagonal: Float64Array;
}

/** A = P_{n-1} ... P_1 T P_1 ... P_{n-1}, where P_i = I - u uᵀ / h acts on the first i coordinates. */
function tridiagonalise(a: Matrix64, signal: AbortSignal | undefined): Tridiagonal {
  const size = a.rows;
  const work = a.data.slice();
  const diagonal = new Float64Array(size);
  const offDiagonal = new Float64Array(size);
  const halfNorms = new Float64Array(size);
  const p = new Float64Array(size);
  for (let i = size - 1; i > 0; i--) {
    if (i % 64 === 0) throwIfAborted(signal);
    const u = work.subarray(i * size, i * size + i);
    diagonal[i] = work[i * size + i]!;
    let scale = 0;
    for (let j = 0; j < i; j++) scale = Math.max(scale, Math.abs(u[j]!));
    let rest = 0;
    for (let j = 0; j < i - 1; j++) rest = Math.max(rest, Math.abs(u[j]!));
    if (rest === 0) {
      // The row has its tridiagonal form already.
      offDiagonal[i] = u[i - 1]!;
      u.fill(0);
      continue;
    }
    let square = 0;
    for (let j = 0; j < i; j++) {
      u[j]! /= scale;
      square += u[j]! * u[j]!;
    }
    const last = u[i - 1]!;
    const length = last > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    offDiagonal[i] = scale * length;
    const h = square - last * length;
    u[i - 1] = last - length;
    halfNorms[i] = h;
    updateTrailing(work, size, u, h, p);
  }
  if (size > 0) diagonal[0] = work[0]!;
  for (let i = 0; i < size; i++) work[i * size + i] = halfNorms[i]!;
  return { reflectors: { rows: size, columns: size, data: work }, diagonal, offDiagonal };
}

/** A <- (I - u uᵀ / h) A (I - u uᵀ / h) on the lower triangle of the leading block. */
function updateTrailing(work: Float64Array, size: number, u: Float64Array, h: number, p: Float64Array): void {
  const m = u.length;
  p.fill(0, 0, m);
  for (let j = 0; j < m; j++) {
    const from = j * size;
    const uj = u[j]!;
    let sum = work[from + j]! * uj;
    for (let c = 0; c < j; c++) {
      const value = work[from + c]!;
      sum += value * u[c]!;
      p[c]! += value * uj;
    }
    p[j]! += sum;
  }
  let product = 0;
  for (let j = 0; j < m; j++) {
    p[j]! /= h;
    product += p[j]! * u[j]!;
  }
  const half = product / (h + h);
  for (let j = 0; j < m; j++) p[j]! -= half * u[j]!;
  for (let j = 0; j < m; j++) {
    const from = j * size;
    const uj = u[j]!;
    const pj = p[j]!;
    for (let c = 0; c <= j; c++) work[from + c]! -= uj * p[c]! + pj * u[c]!;
  }
}

/** QL iterations with implicit shifts on a tridiagonal matrix; the rotations are applied to the rows of `vectors`. */
function iterate(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  vectors: Matrix64,
  signal: AbortSignal | undefined,
): void {
  const size = diagonal.length;
  const e = new Float64Array(size);
  e.set(offDiagonal.subarray(1));
  let norm = 0;
  for (let i = 0; i < size; i++) norm = Math.max(norm, Math.abs(diagonal[i]!) + Math.abs(e[i]!));
  const negligible = Number.EPSILON * Number.EPSILON * norm;
  for (let low = 0; low < size; low++) {
    if (low % 16 === 0) throwIfAborted(signal);
    for (let round = 0; ; round++) {
      let m = low;
      while (m < size - 1) {
        const scale = Math.abs(diagonal[m]!) + Math.abs(diagonal[m + 1]!);
        if (Math.abs(e[m]!) <= Number.EPSILON * scale + negligible) break;
        m++;
      }
      if (m === low) break;
      if (round === 60)
        throw new CovistaError(
          'numeric',
          `Eigenvalue ${low} of a ${size} x ${size} matrix did not converge in 60 iterations.`,
        );
      iterateOnce(diagonal, e, low, m, vectors);
    }
  }
}

/** One implicit QL step on the unreduced block low .. m. */
function iterateOnce(d: Float64Array, e: Float64Array, low: number, m: number, vectors: Matrix64): void {
  let g = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[low]! + e[low]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= low; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The matrix splits here: start again with the smaller block.
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotateRows(vectors, i, c, s);
  }
  d[low]! -= p;
  e[low] = g;
  e[m] = 0;
}

/** Rotates rows i and i + 1 by the angle with cosine c and sine s. */
function rotateRows(vectors: Matrix64, i: number, c: number, s: number): void {
  const { columns, data } = vectors;
  const from = i * columns;
  const next = from + columns;
  for (let j = 0; j < columns; j++) {
    const a = data[from + j]!;
    const b = data[next + j]!;
    data[next + j] = s * a + c * b;
    data[from + j] = c * a - s * b;
  }
}

/** Turns eigenvectors of the tridiagonal matrix (rows) into those of the full one: P_{n-1} ... P_1 z. */
function reflect(reflectors: Matrix64, vectors: Matrix64): void {
  const size = reflectors.rows;
  for (let r = 0; r < vectors.rows; r++) {
    const z = vectors.data.subarray(r * size, (r + 1) * size);
    for (let i = 1; i < size; i++) {
      const h = reflectors.data[i * size + i]!;
      if (h === 0) continue;
      const from = i * size;
      let sum = 0;
      for (let j = 0; j < i; j++) sum += reflectors.data[from + j]! * z[j]!;
      sum /= h;
      for (let j = 0; j < i; j++) z[j]! -= sum * reflectors.data[from + j]!;
    }
  }
}
