import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, matrix, referenceEngine } from '../../../src/linalg/index.ts';
import {
  forEachQuery,
  Gallery,
  innerProductScorer,
  matrixScorer,
  topTags,
} from '../../../src/retrieval/index.ts';

const engine = referenceEngine();

function randomUnitRows(rows: number, columns: number, seed: number) {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: rows * columns }, () => random.normal());
  for (let i = 0; i < rows; i++) {
    const part = data.subarray(i * columns, (i + 1) * columns);
    const length = Math.hypot(...part);
    for (let j = 0; j < columns; j++) part[j]! /= length;
  }
  return matrix(rows, columns, data);
}

describe('Gallery', () => {
  it('finds the nearest of three directions, best first', async () => {
    const gallery = new Gallery(engine, matrix(3, 2, Float32Array.of(1, 0, 0, 1, 0.6, 0.8)));
    const found = await gallery.search(matrix(1, 2, Float32Array.of(1, 0)), 2);
    expect([...found.indices]).toEqual([0, 2]);
    expect(found.scores[0]).toBeCloseTo(1, 6);
    expect(found.scores[1]).toBeCloseTo(0.6, 6);
  });

  it('puts every item first when it is the query itself', async () => {
    const items = randomUnitRows(150, 8, 3);
    const found = await new Gallery(engine, items).search(items, 1);
    expect([...found.indices]).toEqual([...Array(150).keys()]);
  });

  it('gives equal items in the order of their numbers, also at the cut', async () => {
    const gallery = new Gallery(engine, matrix(5, 1, Float32Array.of(0.5, 1, 1, 1, 1)));
    const found = await gallery.search(matrix(1, 1, Float32Array.of(1)), 3);
    expect([...found.indices]).toEqual([1, 2, 3]);
  });

  it('returns all items when more are wanted than there are, and nothing for no query', async () => {
    const gallery = new Gallery(engine, randomUnitRows(4, 3, 1));
    const found = await gallery.search(randomUnitRows(2, 3, 2), 10);
    expect(found.count).toBe(4);
    expect([...found.indices.subarray(0, 4)].sort()).toEqual([0, 1, 2, 3]);
    expect((await gallery.search(matrix(0, 3, new Float32Array(0)), 2)).indices.length).toBe(0);
  });

  it('orders by scores with a bonus, which is added query by query', async () => {
    const [items, queries] = [randomUnitRows(40, 6, 5), randomUnitRows(3, 6, 6)];
    const correction = Float32Array.from({ length: 40 }, (_, i) => (i % 5) / 10);
    const bonus = matrix(
      3,
      40,
      Float32Array.from({ length: 120 }, (_, i) => ((i * 7) % 11) / 20),
    );
    const found = await new Gallery(engine, items, { correction }).search(queries, 6, bonus);
    for (let query = 0; query < 3; query++) {
      const scores = Array.from({ length: 40 }, (_, item) => {
        let score = bonus.data[query * 40 + item]! - correction[item]!;
        for (let j = 0; j < 6; j++) score += queries.data[query * 6 + j]! * items.data[item * 6 + j]!;
        return score;
      });
      const best = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, 6);
      expect([...found.indices.subarray(query * 6, query * 6 + 6)]).toEqual(best);
      best.forEach((item, i) => {
        expect(found.scores[query * 6 + i]).toBeCloseTo(scores[item]!, 5);
      });
    }
    await expect(
      new Gallery(engine, items).search(queries, 1, matrix(3, 2, new Float32Array(6))),
    ).rejects.toThrow(/bonus is 3 x 2 for 3 queries and 40/);
  });

  it('subtracts the correction from scores and orders by what is left', async () => {
    const items = matrix(2, 2, Float32Array.of(1, 0, 0.8, 0.6));
    const gallery = new Gallery(engine, items, { correction: Float32Array.of(0.5, 0.1) });
    const found = await gallery.search(matrix(1, 2, Float32Array.of(1, 0)), 2);
    expect([...found.indices]).toEqual([1, 0]);
    expect(found.scores[0]).toBeCloseTo(0.7, 6);
    expect(found.scores[1]).toBeCloseTo(0.5, 6);
  });

  it('names what is wrong with its input', async () => {
    const items = randomUnitRows(2, 3, 1);
    expect(() => new Gallery(engine, matrix(0, 3, new Float32Array(0)))).toThrow(/empty/);
    expect(() => new Gallery(engine, matrix(1, 2, Float32Array.of(1, Number.NaN)))).toThrow(
      /Row 0, column 1/,
    );
    expect(() => new Gallery(engine, items, { correction: new Float32Array(3) })).toThrow(/3 numbers for 2/);
    const gallery = new Gallery(engine, items);
    await expect(gallery.search(randomUnitRows(1, 2, 1), 1)).rejects.toThrow(/2 dimensions/);
    await expect(gallery.search(items, 0)).rejects.toThrow(/whole number/);
  });
});

describe('scorers', () => {
  it('agree with the gallery on every score', async () => {
    const items = randomUnitRows(40, 6, 5);
    const queries = randomUnitRows(7, 6, 6);
    const correction = Float32Array.from({ length: 40 }, (_, i) => i / 100);
    const { scores } = await new Gallery(engine, items, { correction }).search(queries, 40);
    const { data } = await innerProductScorer(engine, queries, items, { correction }).block(0, 7);
    const sorted = Array.from({ length: 7 }, (_, i) =>
      [...data.subarray(i * 40, (i + 1) * 40)].sort((a, b) => b - a),
    );
    sorted.flat().forEach((score, i) => {
      expect(scores[i]).toBeCloseTo(score, 5);
    });
  });

  it('visit each query once and in order, however many blocks it takes', async () => {
    const scores = matrix(5, 2 ** 20, new Float32Array(5 * 2 ** 20));
    for (let query = 0; query < 5; query++) scores.data[query * 2 ** 20] = query + 1;
    const seen: number[] = [];
    await forEachQuery(matrixScorer(scores), (query, row) => {
      expect(row.length).toBe(2 ** 20);
      expect(row[0]).toBe(query + 1);
      seen.push(query);
    });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('topTags', () => {
  it('equals a stable sort by descending score', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        (row, count) => {
          const { indices, scores } = topTags(matrix(1, row.length, Float32Array.from(row)), count);
          const expected = [...row.keys()].sort((a, b) => row[b]! - row[a]!).slice(0, count);
          expect([...indices]).toEqual(expected);
          expect([...scores]).toEqual(expected.map((index) => row[index]));
        },
      ),
    );
  });
});
