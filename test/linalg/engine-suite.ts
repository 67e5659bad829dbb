import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Matrix, Matrix32, Matrix64 } from '../../src/linalg/index.ts';
import { transpose, zeros64 } from '../../src/linalg/index.ts';
import { decompositionSuite } from './decomposition-suite.ts';
import { jointGramSuite } from './joint-gram-suite.ts';
import {
  densify,
  distance,
  innerProducts,
  product,
  random32,
  random64,
  randomSparse,
  toSingle,
} from './plain.ts';

/** Products of up to 500 terms, where float32 engines may multiply in float32; far less than `singleBound` in joint-gram-suite.ts. */
const single = 1e-4;
const double = 1e-11;

const shapes = [
  [1, 1, 1],
  [3, 7, 5],
  [4, 4, 8],
  [65, 300, 67],
  [130, 33, 257],
  [1, 500, 90],
] as const;

/** What every engine must do; run for each of them. */
export function engineSuite(name: string, createEngine: () => Engine | Promise<Engine>): void {
  describe(`engine ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createEngine();
    });
    afterAll(() => engine.close());
    productSuite(() => engine);
    jointGramSuite(() => engine);
    sparseSuite(() => engine);
    topKSuite(() => engine);
    decompositionSuite(() => engine);
  });
}

/** Rows of four kinds; rows of one kind are equal. */
function fewDifferent(rows: number, columns: number, seed: number): { matrix: Matrix32; kinds: number[] } {
  const different = random32(4, columns, seed);
  const kinds = Array.from({ length: rows }, (_, i) => (i * 7 + seed) % 4);
  const data = new Float32Array(rows * columns);
  for (const [i, kind] of kinds.entries())
    data.set(different.data.subarray(kind * columns, (kind + 1) * columns), i * columns);
  return { matrix: { rows, columns, data }, kinds };
}

function productSuite(engine: () => Engine): void {
  describe('multiply', () => {
    for (const [rows, depth, columns] of shapes)
      for (const transposeA of [false, true])
        for (const transposeB of [false, true])
          it(`${rows} x ${depth} by ${depth} x ${columns}${transposeA ? ', Aᵀ' : ''}${transposeB ? ', Bᵀ' : ''}`, async () => {
            const a = random64(rows, depth, 1);
            const b = random64(depth, columns, 2);
            const options = { transposeA, transposeB };
            const given = [transposeA ? transpose(a) : a, transposeB ? transpose(b) : b] as const;
            const result = await engine().multiply(given[0], given[1], options);
            expect([result.rows, result.columns]).toEqual([rows, columns]);
            expect(result.data).toBeInstanceOf(Float64Array);
            expect(distance(result.data, product(a, b).data)).toBeLessThan(double);

            const result32 = await engine().multiply(toSingle(given[0]), toSingle(given[1]), options);
            expect(result32.data).toBeInstanceOf(Float32Array);
            expect(distance(result32.data, product(a, b).data)).toBeLessThan(single);
          });

    it('equals the definition for any shape, empty ones too', async () => {
      const size = fc.integer({ min: 0, max: 40 });
      await fc.assert(
        fc.asyncProperty(size, size, size, fc.integer(), async (rows, depth, columns, seed) => {
          const a = random64(rows, depth, seed);
          const b = random64(depth, columns, seed + 1);
          const result = await engine().multiply(a, b);
          expect(distance(result.data, product(a, b).data)).toBeLessThan(double);
        }),
        { numRuns: 40 },
      );
    });

    it('gives equal rows exactly equal products, wherever they lie', async () => {
      const size = fc.integer({ min: 1, max: 150 });
      await fc.assert(
        fc.asyncProperty(
          size,
          size,
          fc.integer({ min: 1, max: 900 }),
          fc.nat(),
          async (rows, depth, others, seed) => {
            const a = fewDifferent(rows, depth, seed);
            const b = fewDifferent(others, depth, seed + 1);
            const { data } = await engine().multiply(a.matrix, b.matrix, { transposeB: true });
            const seen = new Map<string, number>();
            for (let i = 0; i < rows; i++)
              for (let j = 0; j < others; j++) {
                const kind = `${a.kinds[i]} ${b.kinds[j]}`;
                const score = data[i * others + j]!;
                if (!seen.has(kind)) seen.set(kind, score);
                else if (seen.get(kind) !== score)
                  expect.fail(`${score} and ${seen.get(kind)} of equal rows`);
              }
          },
        ),
        { numRuns: 30 },
      );
    });

    it('names shapes that do not fit', async () => {
      await expect(engine().multiply(zeros64(2, 3), zeros64(4, 5))).rejects.toMatchObject({
        code: 'bad-values',
        message: expect.stringContaining('4 x 5'),
      });
    });

    it('leaves its inputs as they are', async () => {
      const a = random64(50, 60, 1);
      await engine().multiply(a, a, { transposeB: true });
      expect(a).toEqual(random64(50, 60, 1));
    });
  });

  describe('gram', () => {
    for (const [rows, columns] of [
      [1, 3],
      [10, 1],
      [301, 65],
      [7, 130],
    ] as const)
      it(`adds weighted squares of shifted rows, ${rows} x ${columns}`, async () => {
        const x = random64(rows, columns, 3);
        const weights = Float64Array.from({ length: rows }, (_, i) => i % 4);
        const shift = random64(1, columns, 4).data;
        for (const [given, tolerance] of [
          [x, double],
          [toSingle(x), single],
        ] as const) {
          const into = zeros64(columns, columns);
          into.data.fill(1);
          await engine().gram(given, into, { weights, shift });
          await engine().gram(given, into);
          const first = innerProducts(x, x, { weights, shiftA: shift, shiftB: shift });
          const expected = innerProducts(x, x).data.map((value, p) => 1 + value + first.data[p]!);
          // Weights up to 3 and shifts make terms of 6 on average, of 301 each: 4 √301 2^-24 · 6 · 301 = 7e-3.
          expect(distance(into.data, expected)).toBeLessThan(tolerance * 30);
          expect(distance(into.data, transpose(into).data)).toBe(0);
        }
      });

    it('keeps the digits of small variances beside large means', async () => {
      const noise = random64(2000, 3, 5);
      const x: Matrix64 = { ...noise, data: noise.data.map((value) => 1e6 + value) };
      const shift = new Float64Array(3).fill(1e6);
      const into = zeros64(3, 3);
      await engine().gram(x, into, { shift });
      expect(distance(into.data, innerProducts(noise, noise).data)).toBeLessThan(1e-5);
    });

    it('sums many float32 rows in double precision', async () => {
      const x: Matrix32 = { rows: 60_000, columns: 2, data: new Float32Array(120_000).fill(1 / 3) };
      const into = zeros64(2, 2);
      await engine().gram(x, into);
      const expected = 60_000 * Math.fround(1 / 3) ** 2;
      // float32 sums run over at most 4096 rows: √4096 2^-24 = 3.8e-6 is usual, and all 60,000 would miss by over 1e-4.
      expect(Math.abs(into.data[0]! / expected - 1)).toBeLessThan(1e-5);
    });
  });

  describe('crossGram', () => {
    it('adds products of shifted rows, of either element type', async () => {
      const x = random64(203, 37, 6);
      const y = random64(203, 66, 7);
      const shiftX = random64(1, 37, 8).data;
      const shiftY = random64(1, 66, 9).data;
      const expected = innerProducts(x, y, { shiftA: shiftX, shiftB: shiftY });
      const given: [Matrix, Matrix, number][] = [
        [x, y, double],
        [toSingle(x), toSingle(y), single],
        [toSingle(x), y, single],
        [x, toSingle(y), single],
      ];
      for (const [a, b, tolerance] of given) {
        const into = zeros64(37, 66);
        into.data.fill(2);
        await engine().crossGram(a, b, into, { shiftX, shiftY });
        expect(
          distance(
            into.data,
            expected.data.map((value) => value + 2),
          ),
        ).toBeLessThan(tolerance * 10);
      }
    });

    it('names row counts that differ', async () => {
      await expect(engine().crossGram(zeros64(3, 2), zeros64(4, 2), zeros64(2, 2))).rejects.toMatchObject({
        code: 'bad-values',
      });
    });
  });
}

function sparseSuite(engine: () => Engine): void {
  describe('sparse rows', () => {
    const s = randomSparse(150, 90, 0.05, 10);
    const dense = densify(s);

    it('sparseCrossGram equals the dense product', async () => {
      const x = random64(150, 70, 11);
      const shiftX = random64(1, 70, 12).data;
      for (const [given, tolerance] of [
        [x, double],
        [toSingle(x), single],
      ] as const) {
        const into = zeros64(70, 90);
        into.data.fill(3);
        await engine().sparseCrossGram(given, s, into, { shiftX });
        await engine().sparseCrossGram(given, s, into);
        const shifted = innerProducts(x, dense, { shiftA: shiftX });
        const expected = innerProducts(x, dense).data.map((value, p) => 3 + value + shifted.data[p]!);
        expect(distance(into.data, expected)).toBeLessThan(tolerance);
      }
    });

    it('sparseGram equals the dense product', async () => {
      const weights = Float64Array.from({ length: 150 }, (_, i) => i % 3);
      const into = zeros64(90, 90);
      into.data.fill(1);
      await engine().sparseGram(s, into, { weights });
      await engine().sparseGram(s, into);
      const weighted = innerProducts(dense, dense, { weights });
      const expected = innerProducts(dense, dense).data.map((value, p) => 1 + value + weighted.data[p]!);
      expect(distance(into.data, expected)).toBeLessThan(double);
    });

    it('sparseMultiply equals the dense product', async () => {
      const b = random64(90, 33, 13);
      const expected = product(dense, b).data;
      expect(distance((await engine().sparseMultiply(s, b)).data, expected)).toBeLessThan(double);
      const result = await engine().sparseMultiply(s, toSingle(b));
      expect(result.data).toBeInstanceOf(Float32Array);
      expect(distance(result.data, expected)).toBeLessThan(single);
    });

    it('rows without non-zeros give zeros', async () => {
      const empty = randomSparse(5, 90, 0, 1);
      const result = await engine().sparseMultiply(empty, random64(90, 3, 1));
      expect(result.data).toEqual(new Float64Array(15));
    });
  });
}

function topKSuite(engine: () => Engine): void {
  describe('topK', () => {
    for (const [queries, gallery, size, count] of [
      [1, 1, 1, 1],
      [3, 700, 16, 10],
      [70, 1100, 33, 5],
      [5, 8, 4, 8],
    ] as const)
      it(`finds ${count} of ${gallery} for ${queries} queries`, async () => {
        const q = random32(queries, size, 20);
        const g = random32(gallery, size, 21);
        const scores = product(q, transpose(g)).data;
        const best = await engine().topK(q, g, count);
        expect(best.count).toBe(count);
        for (let i = 0; i < queries; i++) {
          const own = scores.subarray(i * gallery, (i + 1) * gallery);
          const found = best.indices.subarray(i * count, (i + 1) * count);
          expect(new Set(found).size).toBe(count);
          const expected = own.slice().sort().reverse().subarray(0, count);
          const reached = Float64Array.from(found, (index) => own[index]!);
          expect(distance(reached, expected)).toBeLessThan(1e-4);
          expect(distance(best.scores.subarray(i * count, (i + 1) * count), expected)).toBeLessThan(1e-4);
        }
      });

    it('lets equal rows tie, the lower one first, for any query', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 1, max: 150 }),
          fc.integer({ min: 1, max: 1500 }),
          fc.integer({ min: 1, max: 60 }),
          fc.nat(),
          async (queries, size, rows, count, seed) => {
            const q = fewDifferent(queries, size, seed);
            const g = fewDifferent(rows, size, seed + 1);
            const best = await engine().topK(q.matrix, g.matrix, count);
            for (let i = 0; i < queries; i++) {
              const start = i * best.count;
              const found = [...best.indices.subarray(start, start + best.count)];
              const kinds = [...new Set(found.map((index) => g.kinds[index]!))];
              const expected = kinds.flatMap((kind) =>
                [...g.kinds.keys()].filter((index) => g.kinds[index] === kind),
              );
              expect(found).toEqual(expected.slice(0, best.count));
              const twin = q.kinds.indexOf(q.kinds[i]!) * best.count;
              expect(best.scores.subarray(start, start + best.count)).toEqual(
                best.scores.subarray(twin, twin + best.count),
              );
            }
          },
        ),
        { numRuns: 30 },
      );
    });

    it('finds rows that are much longer than most', async () => {
      const g = random32(3000, 64, 30);
      for (const index of [7, 1234, 2999]) for (let c = 0; c < 64; c++) g.data[index * 64 + c]! *= 1e6;
      const q = random32(1, 64, 31);
      const scores = product(q, transpose(g)).data;
      const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
      expect([...(await engine().topK(q, g, 3)).indices]).toEqual(order.slice(0, 3));
    });

    it('gives the whole gallery when more is asked for, and nothing from an empty one', async () => {
      const q = random32(2, 3, 22);
      expect((await engine().topK(q, random32(4, 3, 23), 10)).count).toBe(4);
      expect((await engine().topK(q, random32(0, 3, 23), 10)).indices.length).toBe(0);
    });

    it('finds negative scores too', async () => {
      const q: Matrix32 = { rows: 1, columns: 1, data: Float32Array.of(1) };
      const g: Matrix32 = { rows: 3, columns: 1, data: Float32Array.of(-3, -1, -2) };
      expect((await engine().topK(q, g, 2)).indices).toEqual(Uint32Array.of(1, 2));
    });
  });
}
