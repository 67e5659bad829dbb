import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrix, referenceEngine } from '../../../src/linalg/index.ts';
import {
  indexRows,
  nearestTags,
  rowCount,
  similarityByDimension,
  transposeIndexRows,
  wordRows,
} from '../../../src/retrieval/index.ts';

const vocabulary = ['dog', 'grass', 'ball'];
const words = wordRows([['dog', 'grass'], ['dog', 'ball', 'dog', 'zebra'], [], ['grass']], vocabulary);

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
