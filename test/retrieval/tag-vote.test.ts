import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrix, referenceEngine } from '../../src/linalg/index.ts';
import {
  explainTag,
  indexRow,
  indexRows,
  nearestTags,
  rowCount,
  similarityByDimension,
  transposeIndexRows,
  voteTags,
  wordRows,
} from '../../src/retrieval/index.ts';

const vocabulary = ['dog', 'grass', 'ball'];
const words = wordRows([['dog', 'grass'], ['dog', 'ball', 'dog', 'zebra'], [], ['grass']], vocabulary);

describe('voteTags', () => {
  it('adds up softmax weights of the captions that hold a word', () => {
    // At temperature 0.1, similarities 0.5 and 0.4 weigh e to 1.
    const nearest = { count: 2, indices: Uint32Array.of(0, 1), scores: Float32Array.of(0.5, 0.4) };
    const scores = voteTags(nearest, words, 3, { temperature: 0.1 });
    const first = Math.E / (Math.E + 1);
    expect(scores.data[0]).toBeCloseTo(1, 6);
    expect(scores.data[1]).toBeCloseTo(first, 6);
    expect(scores.data[2]).toBeCloseTo(1 - first, 6);
  });

  it('listens to the first neighbours only', () => {
    const nearest = { count: 3, indices: Uint32Array.of(3, 1, 0), scores: Float32Array.of(0.9, 0.9, 0.9) };
    expect([...voteTags(nearest, words, 3, { neighbours: 1 }).data]).toEqual([0, 1, 0]);
    expect([...voteTags(nearest, words, 3, { neighbours: 2 }).data]).toEqual([0.5, 0.5, 0.5]);
  });

  it('is explained by votes that add up to the score', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.float({ min: -1, max: 1, noNaN: true })), {
          minLength: 1,
          maxLength: 12,
        }),
        (neighbours) => {
          const sorted = neighbours.toSorted((a, b) => b[1] - a[1]);
          const nearest = {
            count: sorted.length,
            indices: Uint32Array.from(sorted, ([caption]) => caption),
            scores: Float32Array.from(sorted, ([, score]) => score),
          };
          const scores = voteTags(nearest, words, 3);
          for (let word = 0; word < 3; word++) {
            const votes = explainTag(nearest, words, 0, word);
            const sum = votes.reduce((total, vote) => total + vote.weight, 0);
            expect(sum).toBeCloseTo(scores.data[word]!, 6);
            expect(scores.data[word]).toBeLessThanOrEqual(1);
            for (const vote of votes) expect([...indexRow(words, vote.caption)]).toContain(word);
          }
        },
      ),
    );
  });

  it('refuses neighbours and words that do not exist, and options out of range', () => {
    const nearest = { count: 1, indices: Uint32Array.of(9), scores: Float32Array.of(1) };
    expect(() => voteTags(nearest, words, 3)).toThrow(/Neighbour 9 is not among the 4/);
    const known = { ...nearest, indices: Uint32Array.of(3) };
    expect(() => voteTags(known, words, 1)).toThrow(/outside the vocabulary of 1/);
    expect(() => voteTags(known, words, 3, { temperature: 0 })).toThrow(/temperature/);
    expect(() => voteTags(known, words, 3, { neighbours: 0 })).toThrow(/neighbours/);
  });
});

describe('nearestTags', () => {
  const engine = referenceEngine();
  const wordEmbeddings = matrix(3, 2, Float32Array.of(1, 0, 0.6, 0.8, 0, 1));
  const picture = matrix(1, 2, Float32Array.of(0.8, 0.6));

  it('orders words by cosine', async () => {
    const found = await nearestTags(engine, picture, wordEmbeddings, 3);
    expect([...found.indices]).toEqual([1, 0, 2]);
    expect(found.scores[0]).toBeCloseTo(0.96, 6);
  });

  it('splits a similarity into parts that add up to it', () => {
    const parts = similarityByDimension(picture, 0, wordEmbeddings, 1);
    expect(parts[0]).toBeCloseTo(0.48, 6);
    expect(parts[1]).toBeCloseTo(0.48, 6);
  });
});

describe('index rows', () => {
  it('hold each known word of a caption once, ascending', () => {
    expect([...words.offsets]).toEqual([0, 2, 4, 4, 5]);
    expect([...words.indices]).toEqual([0, 1, 0, 2, 1]);
  });

  it('are themselves again after being transposed twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }), { maxLength: 8 }),
        (lists) => {
          const rows = indexRows(lists);
          const columns = transposeIndexRows(rows, 10);
          expect(rowCount(columns)).toBe(10);
          expect(transposeIndexRows(columns, lists.length)).toEqual(rows);
        },
      ),
    );
  });
});
