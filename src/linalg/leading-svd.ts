import type { Engine, Svd } from './engine.ts';
import { type Matrix64, zeros64 } from './matrix.ts';
import { transpose } from './transpose.ts';

/** Singular values below this share of the largest are lost in the rounding of the products of rows. */
const lost = 1e-7;

/**
 * The largest singular triplets from the eigenvectors of A Aᵀ or Aᵀ A, whichever is smaller: several times faster than
 * {@link Engine.svd}, at the price that values below 1e-7 of the largest are lost, and that errors are relative to
 * the square of the largest.
 * @returns `count` triplets, or fewer where singular values are lost
 */
export async function leadingSvd(
  a: Matrix64,
  options: { readonly engine: Engine; readonly count: number; readonly signal?: AbortSignal | undefined },
): Promise<Svd> {
  if (a.rows > a.columns) {
    const { u, s, v } = await leadingSvd(transpose(a), options);
    return { u: v, s, v: u };
  }
  const { engine, signal } = options;
  const count = Math.min(options.count, a.rows);
  const products = await engine.multiply(a, a, { transposeB: true });
  const { values, vectors } = await engine.eigenSymmetric(products, signal ? { count, signal } : { count });
  let k = 0;
  while (k < values.length && values[k]! > lost ** 2 * values[0]!) k++;
  const u = zeros64(a.rows, k);
  for (let i = 0; i < u.rows; i++)
    for (let c = 0; c < k; c++) u.data[i * k + c] = vectors.data[i * vectors.columns + c]!;
  const s = values.slice(0, k).map(Math.sqrt);
  const v = await engine.multiply(a, u, { transposeA: true });
  for (let i = 0; i < v.rows; i++) for (let c = 0; c < k; c++) v.data[i * k + c]! /= s[c]!;
  return { u, s, v };
}
