import { describe, expect, it } from 'vitest';
import { type Engine, zeros64 } from '../../src/linalg/index.ts';
import { distance, innerProducts, random64, toSingle } from './plain.ts';

/**
 * The error of a sum of `terms` products of numbers around 1, in float32 or float64: about √terms roundings of the sum of
 * their sizes, four times that all but surely (Higham and Mary, "A new approach to probabilistic rounding error
 * analysis", 2019). Sizes are 2 on average after shifts and 25 at most; float32 sums run over at most 4096 terms.
 */
const singleBound = (terms: number) => 4 * Math.sqrt(Math.min(terms, 4096)) * 2 ** -24 * (2 * terms + 25);
const doubleBound = (terms: number) => 4 * Math.sqrt(terms) * 2 ** -53 * (2 * terms + 25);

export function jointGramSuite(engine: () => Engine): void {
  describe('jointGram', () => {
    const sizes = [37, 1, 24, 65];
    const blocks = (rows: number) => sizes.map((size, i) => random64(rows, size, 30 + i));
    const shifts = sizes.map((size, i) => random64(1, size, 40 + i).data);
    const empty = () => sizes.flatMap((rows, i) => sizes.slice(i).map((columns) => zeros64(rows, columns)));

    for (const rows of [1, 3, 900, 2500])
      for (const single of [false, true])
        for (const shifted of [false, true])
          it(`adds the products of all blocks of ${rows} ${shifted ? 'shifted ' : ''}${single ? 'float32' : 'float64'} rows`, async () => {
            const given = blocks(rows);
            const into = empty();
            for (const product of into) product.data.fill(1);
            const sums = await engine().jointGram(
              single ? given.map(toSingle) : given,
              into,
              shifted ? { shifts } : {},
            );
            const tolerance = single ? singleBound(rows) : doubleBound(rows);
            let index = 0;
            for (const [i, x] of given.entries()) {
              const shiftA = shifted ? { shiftA: shifts[i]! } : {};
              const ones = { rows, columns: 1, data: new Float64Array(rows).fill(1) };
              expect(distance(sums[i]!, innerProducts(x, ones, shiftA).data)).toBeLessThan(tolerance);
              for (const [j, y] of given.slice(i).entries()) {
                const expected = innerProducts(x, y, shifted ? { ...shiftA, shiftB: shifts[i + j]! } : {});
                const found = into[index++]!.data;
                const wanted = (p: number) => j > 0 || p % y.columns <= Math.floor(p / y.columns);
                expect(
                  distance(
                    found.filter((_, p) => wanted(p)),
                    expected.data.map((value) => 1 + value).filter((_, p) => wanted(p)),
                  ),
                ).toBeLessThan(tolerance);
              }
            }
          });

    it('computes with blocks of both element types', async () => {
      const given = blocks(50);
      const into = empty();
      await engine().jointGram([toSingle(given[0]!), ...given.slice(1)], into, { shifts });
      const expected = innerProducts(given[0]!, given[3]!, { shiftA: shifts[0]!, shiftB: shifts[3]! });
      expect(distance(into[3]!.data, expected.data)).toBeLessThan(singleBound(50));
    });

    it('adds nothing where a value is not finite', async () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const given = blocks(2200);
        given[2]!.data[2190 * 24 + 3] = bad;
        const into = empty();
        const sums = await engine().jointGram(given, into, { shifts });
        expect(sums[2]![3]).not.toSatisfy(Number.isFinite);
        expect(into).toEqual(empty());
      }
    });

    it('names shapes that do not fit', async () => {
      const x = random64(3, 2, 1);
      for (const [given, into] of [
        [
          [x, random64(4, 2, 1)],
          [zeros64(2, 2), zeros64(2, 2), zeros64(2, 2)],
        ],
        [[x], []],
        [[x], [zeros64(2, 3)]],
      ])
        await expect(engine().jointGram(given!, into!)).rejects.toMatchObject({ code: 'bad-values' });
    });
  });
}
