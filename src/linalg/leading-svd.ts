import { CovistaError, throwIfAborted } from '../errors.ts';
import type { Engine, Svd } from './engine.ts';
import type { Matrix64 } from './matrix.ts';
import { createRandom } from './random.ts';

/** Options of {@link leadingSvd}. */
export interface LeadingSvdOptions {
  readonly engine: Engine;
  /** How many triplets. */
  readonly count: number;
  /** How often both sides are multiplied; 4 when left out. */
  readonly iterations?: number | undefined;
  /** Of the random start; 1 when left out. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Vectors that are iterated beside those wanted, which makes the last ones accurate. */
const oversampling = 32;

/**
 * About the largest singular triplets of a matrix of which few are wanted, by subspace iteration from a random
 * start (Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011, algorithm 4.4). Costs
 * 2 + 2 iterations products of the matrix with count + 32 vectors, where {@link Engine.svd} reduces all of it.
 * The first triplets are accurate; the last ones are where singular values are close to those left out, but always
 * span nearly as much as the true ones. Where half of all triplets or more are wanted it is exact.
 */
export async function leadingSvd(a: Matrix64, options: LeadingSvdOptions): Promise<Svd> {
  const { engine, iterations = 4, seed = 1, signal } = options;
  const all = Math.min(a.rows, a.columns);
  const count = Math.min(options.count, all);
  const exact = () => engine.svd(a, signal ? { count, signal } : { count });
  if (2 * (count + oversampling) >= all) return exact();
  const random = createRandom(seed);
  const size = count + oversampling;
  const start = new Float64Array(size * a.columns).map(() => random.normal());
  try {
    // Vectors are rows, so that triangular solves orthonormalise them in place of a QR decomposition.
    let right: Matrix64 = { rows: size, columns: a.columns, data: start };
    let left = await orthonormalRows(engine, await engine.multiply(right, a, { transposeB: true }));
    for (let i = 0; i < iterations; i++) {
      throwIfAborted(signal);
      right = await orthonormalRows(engine, await engine.multiply(left, a));
      left = await orthonormalRows(engine, await engine.multiply(right, a, { transposeB: true }));
    }
    const { u, s, v } = await engine.svd(await engine.multiply(left, a), { count });
    return { u: await engine.multiply(left, u, { transposeA: true }), s, v };
  } catch (error) {
    // The vectors depend on each other where the rank is lower than their number.
    if (error instanceof CovistaError && error.code === 'numeric') return exact();
    throw error;
  }
}

async function orthonormalRows(engine: Engine, m: Matrix64): Promise<Matrix64> {
  const products = await engine.multiply(m, m, { transposeB: true });
  return engine.solveTriangular(await engine.cholesky(products), m);
}
