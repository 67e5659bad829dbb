import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeRows } from '../../../src/cca/index.ts';
import { matrix, referenceEngine } from '../../../src/linalg/index.ts';
import {
  combineQuery,
  explainHit,
  hitNeighbours,
  indexRows,
  type ProjectedPart,
  wordRows,
} from '../../../src/retrieval/index.ts';
import { random32 } from '../../linalg/plain.ts';

const engine = referenceEngine();
const k = 6;

/** A part of `terms` terms, each made of one or two neighbours among its words. */
function part(terms: number, weight: number, seed: number): ProjectedPart {
  return {
    weight,
    terms: random32(terms, k, seed),
    words: indexRows(Array.from({ length: terms }, (_, i) => (i % 2 === 0 ? [i] : [i - 1, i]))),
    wordCount: terms,
    constant: random32(1, k, seed + 1000).data,
  };
}

describe('explainHit', () => {
  it('splits the score of the combined query into parts that add up to it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom(1, 2, 0.3, -0.5)), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 1e6 }),
        (shapes, seed) => {
          const parts = shapes.map(([terms, weight], i) => part(terms, weight, seed + i));
          const hit = normalizeRows(random32(1, k, seed + 77)).data;
          const sums = matrix(parts.length, k, new Float32Array(parts.length * k));
          parts.forEach(({ terms, constant }, i) => {
            for (let c = 0; c < k; c++) {
              sums.data[i * k + c] = constant[c]!;
              for (let t = 0; t < terms.rows; t++) sums.data[i * k + c]! += terms.data[t * k + c]!;
            }
          });
          const query = combineQuery(
            normalizeRows(sums),
            parts.map(({ weight }) => weight),
          );
          const score = query.data.reduce((sum, value, c) => sum + value * hit[c]!, 0);
          const explained = explainHit(parts, hit);
          expect(explained.score).toBeCloseTo(score, 4);
          let total = 0;
          for (const { words, constant } of explained.parts)
            total += constant + words.reduce((sum, value) => sum + value, 0);
          expect(total).toBeCloseTo(explained.score, 9);
        },
      ),
    );
  });

  it('credits the word that points at the hit, and both words of a pair alike', () => {
    const terms = matrix(2, 2, Float32Array.of(3, 0, 0, 4));
    const constant = new Float32Array(2);
    const pair = { weight: 1, terms, constant, wordCount: 3, words: indexRows([[0], [1, 2]]) };
    // The query is (3, 4) / 5.
    const { score, parts } = explainHit([pair], Float32Array.of(0, 1));
    expect(score).toBeCloseTo(0.8, 9);
    expect([...parts[0]!.words]).toEqual([0, expect.closeTo(0.4, 9), expect.closeTo(0.4, 9)]);
    expect(parts[0]!.constant).toBe(0);
  });

  it('gives a picture in the query one number', () => {
    const picture: ProjectedPart = {
      weight: 1,
      terms: matrix(0, k, new Float32Array(0)),
      words: indexRows([]),
      wordCount: 0,
      constant: normalizeRows(random32(1, k, 5)).data,
    };
    const { score, parts } = explainHit([picture], picture.constant);
    expect(score).toBeCloseTo(1, 6);
    expect(parts[0]!.constant).toBeCloseTo(score, 9);
  });

  it('names what does not fit', () => {
    const hit = normalizeRows(random32(1, k, 1)).data;
    expect(() => explainHit([part(2, 1, 1)], new Float32Array(3))).toThrow(/dimensions/);
    expect(() => explainHit([{ ...part(2, 1, 1), wordCount: 1 }], hit)).toThrow(/Term 1 of part 0/);
    expect(() => explainHit([{ ...part(2, 1, 1), words: indexRows([[0]]) }], hit)).toThrow(/2 terms/);
    expect(() => explainHit([part(2, 1, 1), part(2, -1, 1)], hit)).toThrow(/cancel/);
  });
});

describe('hitNeighbours', () => {
  it('finds the caption between query and hit, with weights that sum to the similarity of the mean caption', async () => {
    const embeddings = normalizeRows(random32(50, k, 3));
    const voters = { embeddings, words: wordRows(Array(50).fill(['dog']), ['dog']), vocabulary: 1 };
    const query = matrix(1, k, embeddings.data.slice(7 * k, 8 * k));
    const found = await hitNeighbours(engine, query, query, voters, { count: 50 });
    expect(found[0]!.caption).toBe(7);
    expect(found[0]!.toQuery).toBeCloseTo(1, 5);
    expect(found[0]!.toHit).toBeCloseTo(1, 5);
    const exponentials = found.map(({ toHit }) => Math.exp(toHit / 0.05));
    const total = exponentials.reduce((a, b) => a + b, 0);
    found.forEach(({ weight, toQuery }, i) => {
      expect(weight).toBeCloseTo((exponentials[i]! / total) * toQuery, 5);
    });
    expect((await hitNeighbours(engine, query, query, voters)).length).toBe(5);
  });
});
