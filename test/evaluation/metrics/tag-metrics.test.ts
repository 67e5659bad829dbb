import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chanceAveragePrecision,
  chanceTags,
  tagMetrics,
  tagResults,
  tagTruth,
  tagVocabulary,
  wordMetrics,
} from '../../../src/evaluation/index.ts';
import { createRandom, matrix } from '../../../src/linalg/index.ts';
import { indexRows, matrixScorer, topTags } from '../../../src/retrieval/index.ts';

describe('tagVocabulary', () => {
  it('counts pictures, not mentions, and puts frequent words first', () => {
    const training = [[['dog', 'dog'], ['dog']], [['dog', 'cat']], [['cat', 'ant']], [['ant']]];
    expect(tagVocabulary(training, { minimumPictures: 2 })).toEqual(['ant', 'cat', 'dog']);
    expect(tagVocabulary([...training, [['cat']]], { minimumPictures: 2 })).toEqual(['cat', 'ant', 'dog']);
    expect(tagVocabulary(training)).toEqual([]);
  });
});

describe('tagTruth', () => {
  it('keeps words of two captions at least, and counts those outside the vocabulary', () => {
    const pictures = [[['dog', 'dog', 'grass'], ['dog', 'zebra'], ['zebra']], [['grass']]];
    const truth = tagTruth(pictures, ['dog', 'grass']);
    expect([...truth.tags.offsets]).toEqual([0, 1, 1]);
    expect([...truth.tags.indices]).toEqual([0]);
    expect(truth.outside).toBe(1);
    expect([...tagTruth(pictures, ['dog', 'grass'], { minimumCaptions: 1 }).tags.indices]).toEqual([0, 1, 1]);
  });
});

describe('tagResults', () => {
  it('measures a small example worked out by hand', async () => {
    // Seven words by descending score; right ones at ranks 1, 4 and 7 of the first picture, none of the second's.
    const scores = matrix(2, 7, Float32Array.of(7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1));
    const results = await tagResults(matrixScorer(scores), indexRows([[0, 3, 6], []]));
    expect([...results.pictures]).toEqual([0]);
    const metrics = tagMetrics(results);
    expect(metrics['precision@5']).toBeCloseTo(40, 9);
    expect(metrics['recall@5']).toBeCloseTo(200 / 3, 9);
    expect(metrics['f1@5']).toBeCloseTo(50, 9);
    expect(metrics.map).toBeCloseTo((100 * (1 + 2 / 4 + 3 / 7)) / 3, 9);
    expect(metrics.vocabulary).toBe(7);
  });

  it('is perfect for scores that know the truth and poor for constant ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 5, maxLength: 5 }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (right) => {
          const truth = indexRows(right);
          const scores = matrix(right.length, 20, new Float32Array(20 * right.length));
          const constant = tagMetrics(await tagResults(matrixScorer(scores), truth));
          expect(constant['precision@5']).toBe(0);
          expect(constant.map).toBeLessThan(chanceTags(truth, 20).map);
          right.forEach((row, picture) => {
            for (const word of row) scores.data[picture * 20 + word] = 1;
          });
          const perfect = tagMetrics(await tagResults(matrixScorer(scores), truth));
          expect(perfect).toEqual({
            'precision@5': 100,
            'recall@5': 100,
            'f1@5': 100,
            map: 100,
            vocabulary: 20,
          });
        },
      ),
    );
  });

  it('refuses truth for another number of pictures', async () => {
    const scorer = matrixScorer(matrix(1, 2, new Float32Array(2)));
    await expect(tagResults(scorer, indexRows([[0], [1]]))).rejects.toThrow(/1 pictures .* 2/);
  });
});

describe('chanceTags', () => {
  it('has an average precision that can be counted by hand', () => {
    // Two words, one right: ranked first or second with equal probability.
    expect(chanceAveragePrecision(1, 2)).toBeCloseTo((1 + 1 / 2) / 2, 12);
    // Three words, two right: ranks 12, 13 and 23 give 1, 5/6 and 7/12.
    expect(chanceAveragePrecision(2, 3)).toBeCloseTo((1 + 5 / 6 + 7 / 12) / 3, 12);
    expect(chanceAveragePrecision(1, 1)).toBe(1);
    expect(chanceAveragePrecision(6, 6)).toBeCloseTo(1, 12);
  });

  it('is what random scores get', async () => {
    const random = createRandom(2);
    const truth = indexRows(
      Array.from({ length: 3000 }, (_, i) => Array.from({ length: 1 + (i % 6) }, () => random.integer(60))),
    );
    const scores = matrix(
      3000,
      60,
      Float32Array.from({ length: 180_000 }, () => random.uniform()),
    );
    const measured = tagMetrics(await tagResults(matrixScorer(scores), truth));
    const chance = chanceTags(truth, 60);
    expect(Math.abs(measured['precision@5'] - chance['precision@5'])).toBeLessThan(0.7);
    expect(Math.abs(measured['recall@5'] - chance['recall@5'])).toBeLessThan(1.6);
    expect(Math.abs(measured.map - chance.map)).toBeLessThan(1);
  });
});

describe('wordMetrics', () => {
  it('averages over words and counts those found at all', () => {
    // Word 0 is given to both pictures and right once; word 1 is given never but right once; word 2 is never right.
    const given = topTags(matrix(2, 3, Float32Array.of(3, 1, 2, 3, 1, 2)), 1);
    const measured = wordMetrics(given, indexRows([[0], [1]]), 3);
    expect(measured).toEqual({ precision: 25, recall: 50, f1: 100 / 3, nPlus: 1, words: 2 });
  });
});
