import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrix } from '../../../src/linalg/index.ts';
import {
  findPhrases,
  indexRow,
  indexRows,
  joinTags,
  matrixScorer,
  raiseParents,
  restrictTags,
  withPhrases,
  wordRows,
} from '../../../src/retrieval/index.ts';

const scores = matrixScorer(matrix(2, 4, Float32Array.of(0.5, 0.25, 0.125, 0, 0, 0.75, 1, 0.5)));

describe('restrictTags', () => {
  it('keeps the named words in their order', async () => {
    const few = restrictTags(scores, [2, 0]);
    expect([few.queries, few.items]).toEqual([2, 2]);
    expect([...(await few.block(0, 2)).data]).toEqual([0.125, 0.5, 1, 0]);
    expect([...(await few.block(1, 2)).data]).toEqual([1, 0]);
    expect(() => restrictTags(scores, [4])).toThrow(/Word 4/);
  });
});

describe('joinTags', () => {
  it('is undone by restricting to each part', async () => {
    const other = matrixScorer(matrix(2, 1, Float32Array.of(0.3, 0.6)));
    const joined = joinTags([scores, other]);
    expect(joined.items).toBe(5);
    expect(await restrictTags(joined, [0, 1, 2, 3]).block(0, 2)).toEqual(await scores.block(0, 2));
    expect(await restrictTags(joined, [4]).block(1, 2)).toEqual(await other.block(1, 2));
    expect(() => joinTags([scores, matrixScorer(matrix(1, 1, Float32Array.of(1)))])).toThrow(/\[2, 1\]/);
    expect(() => joinTags([])).toThrow(/joined/);
  });
});

describe('raiseParents', () => {
  it('raises words to the best of those under them, at any depth', async () => {
    // 3 stands over 1, and 1 over 0 and 2; parents come after children in no order.
    const raised = raiseParents(scores, indexRows([[], [0, 2], [], [1]]));
    expect([...(await raised.block(0, 2)).data]).toEqual([0.5, 0.5, 0.125, 0.5, 0, 1, 1, 1]);
    expect([...(await scores.block(0, 2)).data].slice(0, 4)).toEqual([0.5, 0.25, 0.125, 0]);
  });

  it('leaves every parent at the largest score of all its descendants', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { maxLength: 25 }),
        fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }),
        fc.boolean(),
        async (pairs, values, downwards) => {
          const under = Array.from({ length: 10 }, () => [] as number[]);
          for (const [a, b] of pairs) {
            if (a === b) continue;
            const [high, low] = [Math.max(a, b), Math.min(a, b)];
            if (downwards) under[high]!.push(low);
            else under[low]!.push(high);
          }
          const largest = (word: number): number =>
            Math.max(Math.fround(values[word]!), ...under[word]!.map(largest));
          const scorer = matrixScorer(matrix(1, 10, Float32Array.from(values)));
          const { data } = await raiseParents(scorer, indexRows(under)).block(0, 1);
          expect([...data]).toEqual(values.map((_, word) => largest(word)));
        },
      ),
    );
  });

  it('refuses circles, and words and sizes that do not fit', () => {
    expect(() => raiseParents(scores, indexRows([[1], [2], [0], []]))).toThrow(/under itself/);
    expect(() => raiseParents(scores, indexRows([[0], [], [], []]))).toThrow(/under itself/);
    expect(() => raiseParents(scores, indexRows([[9], [], [], []]))).toThrow(/Word 9/);
    expect(() => raiseParents(scores, indexRows([[]]))).toThrow(/1 words .* of 4/);
  });
});

describe('findPhrases', () => {
  const captions = [
    ...Array(10).fill(['a', 'tennis', 'racket', 'on', 'grass']),
    ...Array(10).fill(['a', 'dog', 'on', 'grass']),
    ...Array(5).fill(['a', 'dog', 'racket', 'on', 'sand']),
    ...Array(5).fill(['tennis', 'on', 'sand']),
  ] as string[][];
  const vocabulary = ['tennis', 'racket', 'dog', 'grass', 'sand'];

  it('measures association as its definition does', () => {
    const found = findPhrases(captions, vocabulary, { minimumCount: 5, minimumAssociation: -1 });
    expect(found.map(({ text, count }) => [text, count])).toEqual([
      ['tennis racket', 10],
      ['dog racket', 5],
    ]);
    // Of 30 captions, 10 hold the pair, 15 each of its words.
    expect(found[0]!.association).toBeCloseTo(Math.log(10 / 30 / (0.5 * 0.5)) / -Math.log(10 / 30), 9);
  });

  it('is 1 for words that never part, and keeps out what is rare, weak or made of other words', () => {
    const arts = [...captions, ...Array(12).fill(['martial', 'arts'])];
    const found = findPhrases(arts, [...vocabulary, 'martial', 'arts'], { minimumAssociation: 0.5 });
    expect(found.map(({ text }) => text)).toEqual(['martial arts']);
    expect(found[0]!.association).toBeCloseTo(1, 9);
    expect(findPhrases(arts, vocabulary, { minimumAssociation: 0.5 })).toEqual([]);
    expect(() => findPhrases(arts, vocabulary, { minimumCount: 0 })).toThrow(
      /findPhrases: minimumCount must be/,
    );
    expect(() => findPhrases(arts, vocabulary, { minimumAssociation: 2 })).toThrow(
      /findPhrases: minimumAssociation must be/,
    );
  });

  it('makes phrases tags like any word', () => {
    const phrases = findPhrases(captions, vocabulary, { minimumCount: 5, minimumAssociation: 0 });
    const tokens = withPhrases([captions[0]!, ['racket', 'tennis']], phrases);
    expect(tokens[0]).toEqual([...captions[0]!, 'tennis racket']);
    expect(tokens[1]).toEqual(['racket', 'tennis']);
    expect([...indexRow(wordRows(tokens, ['dog', 'tennis racket']), 0)]).toEqual([1]);
  });
});
