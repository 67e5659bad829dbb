import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  captionRanks,
  categoryResults,
  chanceRetrieval,
  firstRanks,
  meanAveragePrecision,
  meanPrecisionAtK,
  pictureOfCaption,
  recallAt,
  relevantRanks,
  retrievalMetrics,
} from '../../../src/evaluation/index.ts';
import { createRandom, matrix, referenceEngine } from '../../../src/linalg/index.ts';
import { indexRows, matrixScorer } from '../../../src/retrieval/index.ts';

const engine = referenceEngine();

/** Scores drawn from few values, so that ties are common. */
const scoreRow = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 });

describe('relevantRanks', () => {
  it('counts from 1 in descending order of scores', () => {
    expect([...relevantRanks(Float32Array.of(0.1, 0.9, 0.5, 0.7), Uint32Array.of(1, 2))]).toEqual([1, 3]);
  });

  it('puts relevant items behind others of the same score', () => {
    expect([...relevantRanks(Float32Array.of(1, 1, 1, 1, 1), Uint32Array.of(0, 1))]).toEqual([4, 5]);
    expect([...relevantRanks(Float32Array.of(2, 1, 1, 2), Uint32Array.of(0, 2))]).toEqual([2, 4]);
  });

  it('takes NaN as the worst that could be', () => {
    expect([...relevantRanks(Float32Array.of(Number.NaN, 1, 2), Uint32Array.of(0))]).toEqual([3]);
    expect([...relevantRanks(Float32Array.of(Number.NaN, 1, 2), Uint32Array.of(2))]).toEqual([2]);
    expect([...relevantRanks(Float32Array.of(Number.NaN, Number.NaN), Uint32Array.of(0, 1))]).toEqual([1, 2]);
  });

  it('equals the positions in a sorted list', () => {
    fc.assert(
      fc.property(scoreRow, fc.infiniteStream(fc.boolean()), (row, marks) => {
        const relevant = row.map(() => marks.next().value as boolean);
        const order = [...row.keys()].sort(
          (a, b) => row[b]! - row[a]! || Number(relevant[a]) - Number(relevant[b]),
        );
        const expected = order.flatMap((item, position) => (relevant[item] ? [position + 1] : []));
        const items = Uint32Array.from([...row.keys()].filter((item) => relevant[item]));
        expect([...relevantRanks(Float32Array.from(row), items)]).toEqual(expected);
      }),
    );
  });
});

describe('captionRanks', () => {
  // Three pictures on the axes; two captions each for 0 and 1, one for 2.
  const images = matrix(3, 3, Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
  const pictureOf = Uint32Array.of(0, 0, 1, 1, 2);

  it('is 1 throughout for a perfect system', async () => {
    const captions = matrix(5, 3, Float32Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1));
    const ranks = await captionRanks(engine, images, captions, pictureOf);
    expect([...ranks.imageToText]).toEqual([1, 1, 1]);
    expect([...ranks.textToImage]).toEqual([1, 1, 1, 1, 1]);
    expect(retrievalMetrics(ranks.textToImage)).toEqual({
      'recall@1': 100,
      'recall@5': 100,
      'recall@10': 100,
      medianRank: 1,
    });
  });

  it('counts a picture by the best-ranked of its own captions', async () => {
    // Caption 0 points to picture 1, the others to their own, so picture 1 has a stranger level with its own.
    const captions = matrix(5, 3, Float32Array.of(0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1));
    const ranks = await captionRanks(engine, images, captions, pictureOf);
    expect([...ranks.imageToText]).toEqual([1, 2, 1]);
    expect([...ranks.textToImage]).toEqual([3, 1, 1, 1, 1]);
  });

  it('gives a constant system the worst ranks', async () => {
    const ranks = await captionRanks(engine, images, matrix(5, 3, new Float32Array(15)), pictureOf);
    expect([...ranks.imageToText]).toEqual([4, 4, 5]);
    expect([...ranks.textToImage]).toEqual([3, 3, 3, 3, 3]);
  });

  it('subtracts corrections on the side that is searched', async () => {
    const captions = matrix(5, 3, Float32Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1));
    const ranks = await captionRanks(engine, images, captions, pictureOf, {
      images: Float32Array.of(2, 0, 0),
    });
    expect([...ranks.textToImage]).toEqual([3, 3, 1, 1, 1]);
    expect([...ranks.imageToText]).toEqual([1, 1, 1]);
  });

  it('does not depend on the order of pictures and captions', async () => {
    const random = createRandom(7);
    const size = 12;
    const gaussian = (rows: number) =>
      matrix(
        rows,
        4,
        Float32Array.from({ length: rows * 4 }, () => random.normal()),
      );
    const all = { images: gaussian(size), captions: gaussian(2 * size) };
    const owner = Uint32Array.from({ length: 2 * size }, (_, i) => i % size);
    const before = await captionRanks(engine, all.images, all.captions, owner);
    const reversed = (m: typeof all.images) =>
      matrix(
        m.rows,
        4,
        Float32Array.from(
          { length: m.data.length },
          (_, i) => m.data[(m.rows - 1 - Math.floor(i / 4)) * 4 + (i % 4)]!,
        ),
      );
    const after = await captionRanks(
      engine,
      reversed(all.images),
      reversed(all.captions),
      owner.toReversed().map((picture) => size - 1 - picture),
    );
    expect([...after.imageToText]).toEqual([...before.imageToText.toReversed()]);
    expect([...after.textToImage]).toEqual([...before.textToImage.toReversed()]);
  });

  it('says which numbers do not fit', async () => {
    const captions = matrix(4, 3, new Float32Array(12));
    await expect(captionRanks(engine, images, captions, pictureOf)).rejects.toThrow(/4 captions .* 5/);
    await expect(captionRanks(engine, images, captions, Uint32Array.of(0, 1, 2, 9))).rejects.toThrow(/9/);
  });
});

describe('retrievalMetrics', () => {
  it('counts shares in per cent and takes the median', () => {
    const ranks = Uint32Array.of(1, 3, 7, 20);
    expect(retrievalMetrics(ranks)).toEqual({
      'recall@1': 25,
      'recall@5': 50,
      'recall@10': 75,
      medianRank: 5,
    });
    expect(recallAt(ranks, 20)).toBe(100);
  });

  it('leaves out queries that have nothing to find', async () => {
    const ranks = await firstRanks(
      matrixScorer(matrix(2, 2, Float32Array.of(1, 0, 1, 0))),
      indexRows([[], [0]]),
    );
    expect([...ranks]).toEqual([0, 1]);
    expect(retrievalMetrics(ranks)['recall@1']).toBe(100);
    expect(retrievalMetrics(ranks).medianRank).toBe(1);
  });
});

describe('chanceRetrieval', () => {
  it('is K of N, and the middle rank, for one relevant item', () => {
    const chance = chanceRetrieval(pictureOfCaption(Uint32Array.from({ length: 1000 }, (_, i) => i)), 1000);
    expect(chance['recall@1']).toBeCloseTo(0.1, 9);
    expect(chance['recall@10']).toBeCloseTo(1, 9);
    expect(chance.medianRank).toBe(500.5);
  });

  it('takes the best of several: 1 - C(3,1)/C(5,1) within the first of five', () => {
    const chance = chanceRetrieval(indexRows([[0, 1]]), 5);
    expect(chance['recall@1']).toBeCloseTo(40, 9);
    expect(chance['recall@5']).toBeCloseTo(100, 9);
    // At most rank 1: 0.4, at most rank 2: 0.7.
    expect(chance.medianRank).toBe(2);
  });

  it('is what random scores get', async () => {
    const random = createRandom(11);
    const scores = matrix(
      4000,
      50,
      Float32Array.from({ length: 200_000 }, () => random.uniform()),
    );
    const relevant = indexRows(Array.from({ length: 4000 }, (_, i) => [i % 50, (i + 7) % 50, (i + 20) % 50]));
    const measured = retrievalMetrics(await firstRanks(matrixScorer(scores), relevant));
    const chance = chanceRetrieval(relevant, 50);
    // Four standard errors of a share of 4000.
    expect(Math.abs(measured['recall@1'] - chance['recall@1'])).toBeLessThan(1.6);
    expect(Math.abs(measured['recall@10'] - chance['recall@10'])).toBeLessThan(3.2);
    expect(Math.abs(measured.medianRank - chance.medianRank)).toBeLessThanOrEqual(1);
  });
});

describe('categoryResults', () => {
  it('is the mean precision at the ranks of the right ones', async () => {
    const scorer = matrixScorer(matrix(2, 4, Float32Array.of(4, 3, 2, 1, 1, 2, 3, 4)));
    const results = await categoryResults(scorer, [0, 5], [0, 1, 0, 1], { k: 2 });
    expect(results.averagePrecision[0]).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(results.precisionAtK[0]).toBe(0.5);
    expect(results.averagePrecision[1]).toBeNaN();
    expect(meanAveragePrecision(results)).toBeCloseTo(5 / 6, 12);
    expect(meanPrecisionAtK(results)).toBe(0.5);
  });

  const wikipedia = '../shared/data/wikipedia';
  describe.skipIf(!existsSync(wikipedia))('on the categories of the Wikipedia benchmark', () => {
    const labels = () => {
      const bytes = readFileSync(`${wikipedia}/label_test.npy`);
      const header = bytes.toString('latin1', 0, 128);
      const start = bytes.indexOf('\n') + 1;
      const width = Number(/'descr': '[<|][iu](\d)'/.exec(header)![1]);
      return Array.from({ length: 693 }, (_, i) => bytes.readIntLE(start + i * width, Math.min(width, 6)));
    };

    it('gives random scores the published chance level of 0.119', async () => {
      const categories = labels();
      const random = createRandom(5);
      const scores = matrix(
        693,
        693,
        Float32Array.from({ length: 693 * 693 }, () => random.uniform()),
      );
      const results = await categoryResults(matrixScorer(scores), categories, categories);
      expect(meanAveragePrecision(results)).toBeCloseTo(0.119, 2);
    });

    it('gives 1 to scores that know the category', async () => {
      const categories = labels();
      const scores = Float32Array.from({ length: 693 * 693 }, (_, i) =>
        Number(categories[Math.floor(i / 693)] === categories[i % 693]),
      );
      const results = await categoryResults(matrixScorer(matrix(693, 693, scores)), categories, categories);
      expect(meanAveragePrecision(results)).toBe(1);
      expect(meanPrecisionAtK(results)).toBe(1);
    });
  });
});
