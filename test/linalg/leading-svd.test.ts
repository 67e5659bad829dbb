import { describe, expect, it } from 'vitest';
import { type Matrix64, referenceEngine, transpose, zeros64 } from '../../src/linalg/index.ts';
import { leadingSvd } from '../../src/linalg/leading-svd.ts';
import { distance, identity, product, random64 } from './plain.ts';

const engine = referenceEngine();

/** A matrix with singular values 1, 1/2, 1/3, ... */
async function decaying(rows: number, columns: number): Promise<Matrix64> {
  const { u, v } = await engine.svd(random64(rows, columns, 1));
  const k = u.columns;
  const scaled = { ...u, data: u.data.map((value, p) => value / (1 + (p % k))) };
  return engine.multiply(scaled, v, { transposeB: true });
}

describe('leadingSvd', () => {
  it('finds the largest triplets that a full decomposition finds', async () => {
    const a = await decaying(150, 110);
    const { u, s, v } = await leadingSvd(a, { engine, count: 8 });
    expect(
      distance(
        s,
        Float64Array.from({ length: 8 }, (_, i) => 1 / (i + 1)),
      ),
    ).toBeLessThan(1e-9);
    const full = await engine.svd(a, { count: 8 });
    const rebuilt = (left: Matrix64, values: Float64Array, right: Matrix64) =>
      product({ ...left, data: left.data.map((value, p) => value * values[p % 8]!) }, transpose(right));
    expect(distance(rebuilt(u, s, v).data, rebuilt(full.u, full.s, full.v).data)).toBeLessThan(1e-9);
  });

  it('gives orthonormal vectors', async () => {
    const { u, v } = await leadingSvd(await decaying(120, 140), { engine, count: 10 });
    expect(distance(product(transpose(u), u).data, identity(10).data)).toBeLessThan(1e-10);
    expect(distance(product(transpose(v), v).data, identity(10).data)).toBeLessThan(1e-10);
  });

  it('gives no more triplets than the rank', async () => {
    const a = product(random64(100, 3, 2), random64(3, 90, 3));
    const { u, s, v } = await leadingSvd(a, { engine, count: 8 });
    expect(distance(s, (await engine.svd(a, { count: 3 })).s)).toBeLessThan(1e-9 * s[0]!);
    expect([u.columns, s.length, v.columns]).toEqual([3, 3, 3]);
    expect((await leadingSvd(zeros64(20, 10), { engine, count: 4 })).s).toHaveLength(0);
  });
});
