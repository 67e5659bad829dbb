import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceWordSearch, wordSearchMetrics, wordSearchResults } from '../../../src/evaluation/index.ts';
import { createRandom, matrix } from '../../../src/linalg/index.ts';
import { indexRows, matrixScorer } from '../../../src/retrieval/index.ts';

describe('wordSearchResults', () => {
  it('measures a small example worked out by hand', async () => {
    // Twelve pictures by descending score for both words; the third word is true of none.
    const row = Array.from({ length: 12 }, (_, picture) => 12 - picture);
    const scores = matrix(3, 12, Float32Array.from([...row, ...row, ...row]));
    // All but the first two pictures; the second and the fourth.
    const right = indexRows([[2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 3], []]);
    const results = await wordSearchResults(matrixScorer(scores), right);
    expect([...results.words]).toEqual([0, 1]);
    expect([...results.frequentWords]).toEqual([0]);
    expect([...results.precision]).toEqual([0.8]);
    const first = Array.from({ length: 10 }, (_, i) => (i + 1) / (i + 3)).reduce((sum, p) => sum + p, 0) / 10;
    expect(results.averagePrecision[0]).toBeCloseTo(first, 12);
    expect(results.averagePrecision[1]).toBeCloseTo((1 / 2 + 2 / 4) / 2, 12);
    const metrics = wordSearchMetrics(results);
    expect(metrics['precision@10']).toBeCloseTo(80, 9);
    expect(metrics.map).toBeCloseTo((100 * (first + 0.5)) / 2, 9);
    expect(metrics.words).toBe(2);
  });

  it('counts ties against the system', async () => {
    const scores = matrix(1, 20, new Float32Array(20));
    const right = indexRows([Array.from({ length: 10 }, (_, i) => i)]);
    expect([...(await wordSearchResults(matrixScorer(scores), right)).precision]).toEqual([0]);
  });

  it('is perfect where right pictures score highest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }), { minLength: 1, maxLength: 6 }),
        async (truth) => {
          const scores = matrix(truth.length, 15, Float32Array.from(truth.flat(), Number));
          const right = indexRows(truth.map((row) => row.flatMap((is, i) => (is ? [i] : []))));
          const results = await wordSearchResults(matrixScorer(scores), right);
          for (const value of [...results.averagePrecision, ...results.precision]) expect(value).toBe(1);
          expect(results.words).toHaveLength(truth.filter((row) => row.includes(true)).length);
        },
      ),
    );
  });

  it('has no precision where no word is true of ten pictures', async () => {
    const scores = matrix(1, 12, new Float32Array(12));
    const metrics = wordSearchMetrics(await wordSearchResults(matrixScorer(scores), indexRows([[0, 1]])));
    expect(metrics['precision@10']).toBeNaN();
  });

  it('refuses words whose right pictures are not known', async () => {
    const scorer = matrixScorer(matrix(2, 3, new Float32Array(6)));
    await expect(wordSearchResults(scorer, indexRows([[0]]))).rejects.toMatchObject({ code: 'bad-values' });
  });
});

describe('chanceWordSearch', () => {
  it('is what random orders get on average', async () => {
    const right = indexRows([[0, 3, 7], Array.from({ length: 12 }, (_, i) => i), []]);
    const random = createRandom(3);
    const rounds = 3000;
    let [precision, map] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const scores = matrix(
        3,
        25,
        Float32Array.from({ length: 75 }, () => random.normal()),
      );
      const metrics = wordSearchMetrics(await wordSearchResults(matrixScorer(scores), right));
      precision += metrics['precision@10'] / rounds;
      map += metrics.map / rounds;
    }
    const chance = chanceWordSearch(right, 25);
    expect(chance['precision@10']).toBeCloseTo(48, 9);
    expect(Math.abs(precision - 48)).toBeLessThan(1);
    expect(Math.abs(map - chance.map)).toBeLessThan(0.6);
    expect(chance.words).toBe(2);
  });
});
