import type { Floats, Matrix, Matrix32, Matrix64, SparseRows } from '../../src/linalg/index.ts';
import { createRandom, transpose, zeros64 } from '../../src/linalg/index.ts';

// Matrices to test on, and sums written as their definitions: slow, and too simple to be wrong.

export function random64(rows: number, columns: number, seed: number): Matrix64 {
  const random = createRandom(seed);
  return { rows, columns, data: Float64Array.from({ length: rows * columns }, () => random.normal()) };
}

export function random32(rows: number, columns: number, seed: number): Matrix32 {
  return { rows, columns, data: Float32Array.from(random64(rows, columns, seed).data) };
}

/** A copy in float32. */
export function toSingle(m: Matrix64): Matrix32 {
  return { ...m, data: Float32Array.from(m.data) };
}

/** Random sparse rows, about `density` of all elements, some rows empty. */
export function randomSparse(rows: number, columns: number, density: number, seed: number): SparseRows {
  const random = createRandom(seed);
  const offsets = new Uint32Array(rows + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++)
      if (random.uniform() < density) {
        indices.push(j);
        values.push(random.uniform());
      }
    offsets[i + 1] = indices.length;
  }
  return { rows, columns, offsets, indices: Uint32Array.from(indices), values: Float32Array.from(values) };
}

export function densify(s: SparseRows): Matrix64 {
  const dense = zeros64(s.rows, s.columns);
  for (let i = 0; i < s.rows; i++)
    for (let p = s.offsets[i]!; p < s.offsets[i + 1]!; p++)
      dense.data[i * s.columns + s.indices[p]!] = s.values[p]!;
  return dense;
}

export function product(a: Matrix, b: Matrix): Matrix64 {
  const result = zeros64(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++)
    for (let p = 0; p < a.columns; p++) {
      const value = a.data[i * a.columns + p]!;
      for (let j = 0; j < b.columns; j++)
        result.data[i * b.columns + j]! += value * b.data[p * b.columns + j]!;
    }
  return result;
}

/** Aᵀ diag(weights) B of rows less their shifts. */
export function innerProducts(
  a: Matrix,
  b: Matrix,
  options: { weights?: Float64Array; shiftA?: Float64Array; shiftB?: Float64Array } = {},
): Matrix64 {
  const { weights, shiftA, shiftB } = options;
  const left = zeros64(a.rows, a.columns);
  for (let p = 0; p < left.data.length; p++)
    left.data[p] =
      (a.data[p]! - (shiftA?.[p % a.columns] ?? 0)) * (weights?.[Math.floor(p / a.columns)] ?? 1);
  const right = zeros64(b.rows, b.columns);
  for (let p = 0; p < right.data.length; p++) right.data[p] = b.data[p]! - (shiftB?.[p % b.columns] ?? 0);
  return product(transpose(left), right);
}

export function identity(size: number): Matrix64 {
  const result = zeros64(size, size);
  for (let i = 0; i < size; i++) result.data[i * size + i] = 1;
  return result;
}

/** A with its columns multiplied by the given factors. */
export function scaleColumns(a: Matrix64, factors: ArrayLike<number>): Matrix64 {
  return { ...a, data: a.data.map((value, p) => value * factors[p % a.columns]!) };
}

/** Orthonormal columns: Gram-Schmidt, twice, on random ones. */
export function randomOrthonormal(rows: number, columns: number, seed: number): Matrix64 {
  const vectors = random64(columns, rows, seed);
  for (let i = 0; i < columns; i++) {
    const v = vectors.data.subarray(i * rows, (i + 1) * rows);
    for (let round = 0; round < 2; round++)
      for (let j = 0; j < i; j++) {
        const u = vectors.data.subarray(j * rows, (j + 1) * rows);
        const overlap = v.reduce((sum, value, p) => sum + value * u[p]!, 0);
        for (let p = 0; p < rows; p++) v[p]! -= overlap * u[p]!;
      }
    const norm = Math.hypot(...v);
    for (let p = 0; p < rows; p++) v[p]! /= norm;
  }
  return transpose(vectors);
}

/** The largest distance between elements; infinite where shapes differ or a value is not a number. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let p = 0; p < b.length; p++) {
    const difference = Math.abs(a[p]! - b[p]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

export function largest(values: Floats): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

/** How far the columns are from orthonormal. */
export function orthogonalityError(m: Matrix64): number {
  return distance(innerProducts(m, m).data, identity(m.columns).data);
}
