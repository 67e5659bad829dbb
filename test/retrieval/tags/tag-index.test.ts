import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, matrix } from '../../../src/linalg/index.ts';
import { matrixScorer, strongestTags, TagIndex, taggedScorer } from '../../../src/retrieval/index.ts';

/** Probabilities of tags, about half of them 0. */
function probabilities(pictures: number, tags: number, seed: number) {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: pictures * tags }, () => Math.max(0, 2 * random.uniform() - 1));
  return matrix(pictures, tags, data);
}

describe('strongestTags', () => {
  it('keeps the 50 most probable tags of each picture, none that is improbable altogether', async () => {
    const scores = probabilities(9, 160, 4);
    const { rows, columns, offsets, indices, values } = await strongestTags(matrixScorer(scores));
    expect([rows, columns]).toEqual([9, 160]);
    for (let picture = 0; picture < 9; picture++) {
      const own = scores.data.subarray(picture * 160, (picture + 1) * 160);
      const expected = [...own.keys()]
        .sort((a, b) => own[b]! - own[a]!)
        .slice(0, 50)
        .sort((a, b) => a - b);
      const kept = [...indices.subarray(offsets[picture]!, offsets[picture + 1]!)];
      expect(kept).toEqual(expected);
      expect([...values.subarray(offsets[picture]!, offsets[picture + 1]!)]).toEqual(
        kept.map((tag) => own[tag]),
      );
    }
    const few = await strongestTags(matrixScorer(matrix(2, 3, Float32Array.of(0, 0.5, 0, 0, 0, 0))));
    expect([...few.offsets]).toEqual([0, 1, 1]);
    expect([...few.indices]).toEqual([1]);
  });
});

describe('TagIndex', () => {
  it('adds to each picture the weighted evidence log(1 + p / 0.01) of its tags, p the product of those of a phrase', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(
          fc.tuple(
            fc.array(fc.nat(19), { minLength: 1, maxLength: 3 }),
            fc.double({ min: -2, max: 2, noNaN: true }),
          ),
          { maxLength: 4 },
        ),
        async (pictures, tags, wanted) => {
          const scores = probabilities(pictures, tags, pictures + 31 * tags);
          const index = new TagIndex(await strongestTags(matrixScorer(scores)));
          expect(index.pictures).toBe(pictures);
          const query = wanted.map(([some, weight]) => ({ tags: some.map((tag) => tag % tags), weight }));
          const before = Float32Array.from({ length: pictures }, (_, i) => i / 7);
          const sums = before.slice();
          index.add(query, sums);
          for (let picture = 0; picture < pictures; picture++) {
            let expected = before[picture]!;
            for (const { tags: some, weight } of query) {
              const own = some.map((tag) => scores.data[picture * tags + tag]!);
              expect(some.map((tag) => index.probability(picture, tag))).toEqual(own);
              const evidence = Math.log(
                1 + 100 * own.reduce((product, probability) => product * probability),
              );
              expect(index.evidence(picture, some)).toBeCloseTo(evidence, 6);
              expected += weight * evidence;
            }
            expect(Math.abs(sums[picture]! - expected)).toBeLessThan(1e-4);
          }
        },
      ),
    );
  });
});

describe('taggedScorer', () => {
  it('adds the tags of each query to its scores, and leaves those that were given as they are', async () => {
    const index = new TagIndex(
      await strongestTags(matrixScorer(matrix(2, 2, Float32Array.of(1, 0, 0, 0.5)))),
    );
    const given = matrix(3, 2, Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6));
    const scorer = taggedScorer(matrixScorer(given), index, [
      [{ tags: [0], weight: 1 }],
      [],
      [{ tags: [1], weight: -2 }],
    ]);
    const [certain, even] = [Math.log(101), Math.log(51)];
    const expected = [0.1 + certain, 0.2, 0.3, 0.4, 0.5, 0.6 - 2 * even];
    for (const [from, to] of [
      [0, 3],
      [2, 3],
      [1, 2],
    ] as const) {
      const { data } = await scorer.block(from, to);
      [...data].forEach((value, i) => {
        expect(value).toBeCloseTo(expected[2 * from + i]!, 5);
      });
    }
    expect(given.data[0]).toBeCloseTo(0.1, 6);
  });

  it('refuses queries and pictures that are not those of the scores', async () => {
    const index = new TagIndex(await strongestTags(matrixScorer(matrix(2, 1, Float32Array.of(1, 1)))));
    const scorer = matrixScorer(matrix(1, 3, new Float32Array(3)));
    expect(() => taggedScorer(scorer, index, [[]])).toThrow(/3 pictures .* 1 and 2/);
  });
});
