import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { Svd } from '../engine.ts';
import { type Matrix64, row, zeros64 } from '../matrix.ts';
import { transpose } from '../transpose.ts';
import { gram, multiply } from './dense.ts';
import { eigenSymmetric } from './eigen-symmetric.ts';
import { applyQ, pivotedQr } from './qr.ts';

interface SvdOptions {
  readonly count?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Below this share of the largest singular value the subspace from the Gram matrix is not accurate enough. */
const smallestShare = 1e-4;

/** Thin singular value decomposition, all triplets or the `count` largest; see Engine.svd. */
export function svd(a: Matrix64, options: SvdOptions = {}): Svd {
  const smaller = Math.min(a.rows, a.columns);
  const count = Math.min(options.count ?? smaller, smaller);
  if (smaller > 64 && count <= smaller / 2) {
    const leading = leadingSvd(a, count, options.signal);
    if (leading) return leading;
  }
  return jacobiSvd(a, count, options.signal);
}

/**
 * The leading triplets from the leading eigenvectors Q of A Aᵀ: the singular vectors of Qᵀ A, a Rayleigh-Ritz
 * step, win back the digits that squaring costs. Undefined when the values fall too far for that.
 */
function leadingSvd(a: Matrix64, count: number, signal: AbortSignal | undefined): Svd | undefined {
  if (a.rows > a.columns) {
    const swapped = leadingSvd(transpose(a), count, signal);
    return swapped && { u: swapped.v, s: swapped.s, v: swapped.u };
  }
  const square = zeros64(a.rows, a.rows);
  gram(transpose(a), square);
  const eigen = eigenSymmetric(square, { count, signal });
  if (count > 0 && eigen.values[count - 1]! < smallestShare ** 2 * eigen.values[0]!) return undefined;
  const inner = jacobiSvd(multiply(eigen.vectors, a, { transposeA: true }) as Matrix64, count, signal);
  return { u: multiply(eigen.vectors, inner.u) as Matrix64, s: inner.s, v: inner.v };
}

/**
 * The `count` leading triplets of all by QR with column pivoting and one-sided Jacobi rotations, which find small
 * singular values to full accuracy (Drmač and Veselić, "New fast and accurate Jacobi SVD algorithm", 2008).
 */
function jacobiSvd(a: Matrix64, count: number, signal: AbortSignal | undefined): Svd {
  if (a.rows < a.columns) {
    const swapped = jacobiSvd(transpose(a), count, signal);
    return { u: swapped.v, s: swapped.s, v: swapped.u };
  }
  const n = a.columns;
  const columns = transpose(a);
  const scale = scaleToOne(columns.data);
  const qr = pivotedQr(columns);
  // What lies below the rounding of the factorisation is left out: nothing of it is known.
  const negligible = Number.EPSILON * a.rows * Math.abs(qr.r.data[0] ?? 0);
  let rank = 0;
  while (rank < n && Math.abs(qr.r.data[rank * n + rank]!) > negligible) rank++;

  // G R = diag(s) Wᵀ with orthogonal G, so that A P = Q Gᵀ diag(s) Wᵀ.
  const r = { rows: rank, columns: n, data: qr.r.data.subarray(0, rank * n) };
  const g = zeros64(rank, rank);
  for (let i = 0; i < rank; i++) g.data[i * rank + i] = 1;
  orthogonaliseRows(r, g, signal);

  const norms = new Float64Array(rank);
  for (let i = 0; i < rank; i++) norms[i] = Math.sqrt(dot(r, i, i));
  const ranking = Array.from(norms.keys()).sort((i, j) => norms[j]! - norms[i]!);
  const u = zeros64(count, a.rows);
  const v = zeros64(count, n);
  const s = new Float64Array(count);
  for (let to = 0; to < count; to++) {
    const from = ranking[to];
    if (from === undefined) {
      u.data[to * a.rows + to] = 1;
      completeRow(v, to);
    } else {
      s[to] = scale * norms[from]!;
      row(u, to).set(row(g, from));
      for (let j = 0; j < n; j++) v.data[to * n + qr.order[j]!] = r.data[from * n + j]! / norms[from]!;
    }
  }
  applyQ(qr, u);
  return { u: transpose(u), s, v: transpose(v) };
}

/** Divides by the largest magnitude, so that squares neither overflow nor vanish, and returns it. */
function scaleToOne(data: Float64Array): number {
  let scale = 0;
  for (const value of data) scale = Math.max(scale, Math.abs(value));
  if (!(scale < Number.POSITIVE_INFINITY))
    throw new CovistaError('bad-values', 'svd: A has elements that are not finite.');
  if (scale > 0) for (let p = 0; p < data.length; p++) data[p]! /= scale;
  return scale;
}

/** Rotates pairs of rows of `r`, and of `g` alike, until all rows of `r` are orthogonal to each other. */
function orthogonaliseRows(r: Matrix64, g: Matrix64, signal: AbortSignal | undefined): void {
  const n = r.rows;
  const tolerance = Number.EPSILON * Math.sqrt(n);
  const squares = new Float64Array(n);
  for (let sweep = 0; sweep < 60; sweep++) {
    throwIfAborted(signal);
    for (let i = 0; i < n; i++) squares[i] = dot(r, i, i);
    let rotations = 0;
    for (let i = 0; i < n - 1; i++)
      for (let j = i + 1; j < n; j++) {
        const product = dot(r, i, j);
        const a = squares[i]!;
        const b = squares[j]!;
        if (Math.abs(product) <= tolerance * Math.sqrt(a) * Math.sqrt(b)) continue;
        rotations++;
        const zeta = (b - a) / (2 * product);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(r, i, j, cosine, cosine * tangent);
        rotate(g, i, j, cosine, cosine * tangent);
        squares[i] = dot(r, i, i);
        squares[j] = dot(r, j, j);
      }
    if (rotations === 0) return;
  }
  throw new CovistaError(
    'numeric',
    `The singular values of a ${n} x ${n} matrix did not converge in 60 sweeps.`,
  );
}

function rotate(m: Matrix64, i: number, j: number, cosine: number, sine: number): void {
  const { columns, data } = m;
  const first = i * columns;
  const second = j * columns;
  for (let p = 0; p < columns; p++) {
    const a = data[first + p]!;
    const b = data[second + p]!;
    data[first + p] = cosine * a - sine * b;
    data[second + p] = sine * a + cosine * b;
  }
}

function dot(m: Matrix64, i: number, j: number): number {
  const { columns, data } = m;
  const first = i * columns;
  const second = j * columns;
  let sum = 0;
  for (let p = 0; p < columns; p++) sum += data[first + p]! * data[second + p]!;
  return sum;
}

/** Fills row i with a unit vector orthogonal to all rows before it: Gram-Schmidt, twice, on a coordinate axis. */
function completeRow(m: Matrix64, i: number): void {
  const { columns } = m;
  const target = row(m, i);
  for (let axis = 0; axis < columns; axis++) {
    target.fill(0);
    target[axis] = 1;
    for (let round = 0; round < 2; round++)
      for (let j = 0; j < i; j++) {
        const product = dot(m, i, j);
        const other = row(m, j);
        for (let p = 0; p < columns; p++) target[p]! -= product * other[p]!;
      }
    const norm = Math.sqrt(dot(m, i, i));
    // Among the axes one keeps at least this much outside the span of the i rows before.
    if (norm < 0.5 * Math.sqrt((columns - i) / columns)) continue;
    for (let p = 0; p < columns; p++) target[p]! /= norm;
    return;
  }
}
