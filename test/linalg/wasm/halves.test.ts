import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  type Matrix,
  type Matrix64,
  referenceEngine,
  transpose,
  wasmEngine,
  zeros64,
} from '../../../src/linalg/index.ts';
import { distance, identity, product, random32, random64, toSingle } from '../plain.ts';

const MEMORY = 1 << 20;
const exact = referenceEngine();
const small = await wasmEngine({ threads: 2, memory: MEMORY });
afterAll(() => small.close());

// None of these has room in 1 MiB.
describe('the WebAssembly engine, of matrices beyond its memory', () => {
  it('multiplies', async () => {
    const a = random64(410, 330, 1);
    const b = random64(330, 370, 2);
    const expected = product(a, b).data;
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        const given = [transposeA ? transpose(a) : a, transposeB ? transpose(b) : b] as const;
        const how = { transposeA, transposeB };
        expect(distance((await small.multiply(given[0], given[1], how)).data, expected)).toBeLessThan(1e-11);
        const single = await small.multiply(toSingle(given[0]), toSingle(given[1]), how);
        expect(single.data).toBeInstanceOf(Float32Array);
        expect(distance(single.data, expected)).toBeLessThan(1e-4);
      }
  });

  it('adds Gram matrices and products of shifted and weighted rows', async () => {
    const x = random64(600, 310, 3);
    const y = random64(600, 290, 4);
    const [shiftX, shiftY] = [random64(1, 310, 5).data, random64(1, 290, 6).data];
    const weights = Float64Array.from({ length: 600 }, (_, i) => i % 3);
    const found = [ones(310, 310), ones(310, 310), ones(310, 290)] as const;
    const expected = [ones(310, 310), ones(310, 310), ones(310, 290)] as const;
    for (const [engine, into] of [
      [small, found],
      [exact, expected],
    ] as const) {
      await engine.gram(x, into[0], { weights, shift: shiftX });
      await engine.gram(x, into[1]);
      await engine.crossGram(x, y, into[2], { shiftX, shiftY });
    }
    for (const [i, into] of found.entries())
      expect(distance(into.data, expected[i]!.data)).toBeLessThan(1e-10);
  });

  it('adds the products of blocks, and nothing where a value is not finite', async () => {
    const blocks: Matrix[] = [random32(600, 310, 7), random64(600, 290, 8)];
    const shifts = [random64(1, 310, 5).data, random64(1, 290, 6).data];
    const results = [];
    for (const engine of [small, exact]) {
      const into = [ones(310, 310), ones(310, 290), ones(290, 290)];
      results.push([...(await engine.jointGram(blocks, into, { shifts })), ...into.map(lower)]);
    }
    // float32 rows alone are multiplied in float32: 4 √600 2^-24 of 2 · 600.
    for (const [i, values] of results[0]!.entries())
      expect(distance(values, results[1]![i]!)).toBeLessThan(7e-3);
    blocks[1]!.data[5] = Number.NaN;
    const into = [ones(310, 310), ones(310, 290), ones(290, 290)];
    expect((await small.jointGram(blocks, into, { shifts }))[1]![5]).toBeNaN();
    expect(into.map(lower)).toEqual([ones(310, 310), ones(310, 290), ones(290, 290)].map(lower));
  });

  it('factors and solves', async () => {
    const x = random64(700, 450, 9);
    const a = zeros64(450, 450);
    await exact.gram(x, a);
    const l = await small.cholesky(a);
    expect(distance(l.data, (await exact.cholesky(a)).data)).toBeLessThan(1e-11);
    for (const columns of [20, 600])
      for (const transposed of [false, true]) {
        const b = random64(450, columns, 10);
        const solved = await small.solveTriangular(l, b, { transpose: transposed });
        const back = product(transposed ? transpose(l) : l, solved);
        expect(distance(back.data, b.data)).toBeLessThan(1e-10);
      }
    const indefinite = identity(450);
    indefinite.data[400 * 450 + 400] = -1;
    await expect(small.cholesky(indefinite)).rejects.toMatchObject({
      code: 'numeric',
      message: expect.stringContaining('not positive definite'),
    });
  });

  it('searches for many queries', async () => {
    const queries = random32(3000, 60, 11);
    const gallery = random32(500, 60, 12);
    const [found, expected] = [
      await small.topK(queries, gallery, 20),
      await exact.topK(queries, gallery, 20),
    ];
    expect(distance(found.scores, expected.scores)).toBeLessThan(1e-4);
  });

  it('says so where a decomposition has no room', async () => {
    await expect(small.svd(random64(400, 400, 13))).rejects.toMatchObject({
      code: 'numeric',
      message: expect.stringContaining('memory'),
    });
  });

  it('takes no more memory than it may', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const engine = await wasmEngine({ threads: 1, memory: MEMORY });
    await engine.multiply(random64(400, 400, 14), random64(400, 400, 15));
    const pages = grow.mock.calls.reduce((sum, [count]) => sum + count, 2);
    expect(pages * 65536).toBeLessThanOrEqual(MEMORY + 65536);
    grow.mockRestore();
    await engine.close();
  });
});

function ones(rows: number, columns: number): Matrix64 {
  const m = zeros64(rows, columns);
  m.data.fill(1);
  return m;
}

/** A matrix' elements; of a square one those on and below the diagonal. */
function lower({ rows, columns, data }: Matrix64): Float64Array {
  return rows === columns ? data.filter((_, p) => p % columns <= Math.floor(p / columns)) : data;
}
