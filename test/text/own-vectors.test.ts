import { describe, expect, it } from 'vitest';
import { createRandom, referenceEngine } from '../../src/linalg/index.ts';
import { trainWordVectors, type WordVectors, wordVectorsOf } from '../../src/text/index.ts';

const engine = referenceEngine();

const cosine = (vectors: WordVectors, a: string, b: string) => {
  const [x, y] = [vectors.vector(a)!, vectors.vector(b)!];
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0) / (Math.hypot(...x) * Math.hypot(...y));
};

const THEMES = [
  ['hund', 'katze', 'pferd', 'kuh', 'wiese', 'weide', 'stall', 'futter'],
  ['boot', 'schiff', 'segel', 'meer', 'welle', 'hafen', 'strand', 'ufer'],
  ['stadt', 'auto', 'bus', 'ampel', 'haus', 'brücke', 'straße', 'gehweg'],
];

/** Captions of four words of one theme each. */
function captions(): string[][] {
  const random = createRandom(11);
  return Array.from({ length: 600 }, (_, i) => {
    const theme = THEMES[i % THEMES.length]!;
    return Array.from({ length: 4 }, () => theme[random.integer(theme.length)]!);
  });
}

describe('word vectors trained on captions', () => {
  it('are near for words of the same captions and far for others', async () => {
    const vectors = await trainWordVectors(captions(), { engine, size: 3 });
    expect(vectors).toMatchObject({ id: 'own', size: 3, count: 24 });
    for (const [i, theme] of THEMES.entries()) {
      for (const word of theme.slice(1)) expect(cosine(vectors, theme[0]!, word)).toBeGreaterThan(0.8);
      const other = THEMES[(i + 1) % THEMES.length]!;
      for (const word of other) expect(cosine(vectors, theme[0]!, word)).toBeLessThan(0.3);
    }
  });

  it('place words alike that never meet but keep the same company', async () => {
    const texts = [
      ...Array.from({ length: 20 }, () => ['sofa', 'living', 'room', 'cushion']),
      ...Array.from({ length: 20 }, () => ['couch', 'living', 'room', 'cushion']),
      ...Array.from({ length: 40 }, () => ['surfer', 'wave', 'sea', 'board']),
    ];
    const vectors = await trainWordVectors(texts, { engine, size: 2 });
    expect(cosine(vectors, 'sofa', 'couch')).toBeGreaterThan(0.9);
    expect(cosine(vectors, 'sofa', 'wave')).toBeLessThan(0.3);
  });

  it('have as Gram matrix the absolute value of the information matrix at full rank', async () => {
    // PMI of [a b], [a c], [b c], [a b]: counts ab 2, ac 1, bc 1; totals a 3, b 3, c 2 of 8.
    const texts = [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'c'],
      ['a', 'b'],
    ];
    const vectors = await trainWordVectors(texts, { engine, size: 3 });
    // M = [[0, p, q], [p, 0, q], [q, q, 0]] has the eigenvector (1, -1, 0) / √2 of the eigenvalue -p, and two others.
    const p = Math.log((2 * 8) / (3 * 3));
    const q = Math.log((1 * 8) / (3 * 2));
    const eigen = [(p + Math.sqrt(p * p + 8 * q * q)) / 2, (p - Math.sqrt(p * p + 8 * q * q)) / 2];
    const absolute = [0, 1, 2].map((i) =>
      [0, 1, 2].map((j) => {
        const pair = (i < 2 && j < 2 ? (i === j ? 0.5 : -0.5) : 0) * p;
        return eigen.reduce((sum, value) => {
          const v = [q, q, value - p];
          const length = 2 * q * q + (value - p) ** 2;
          return sum + (Math.abs(value) * v[i]! * v[j]!) / length;
        }, pair);
      }),
    );
    for (const [i, one] of ['a', 'b', 'c'].entries())
      for (const [j, other] of ['a', 'b', 'c'].entries())
        expect(cosine(vectors, one, other)).toBeCloseTo(
          absolute[i]![j]! / Math.sqrt(absolute[i]![i]! * absolute[j]![j]!),
          5,
        );
  });

  it('leave out rare words, and say when there is too little', async () => {
    const texts = [
      ['a', 'b', 'c'],
      ['a', 'b'],
      ['x', 'y'],
      ['x', 'y', 'z'],
    ];
    const vectors = await trainWordVectors(texts, { engine });
    expect([...vectors.words()].sort()).toEqual(['a', 'b', 'x', 'y']);
    expect(vectors.vector('c')).toBeUndefined();
    await expect(trainWordVectors([['a'], ['a']], { engine })).rejects.toMatchObject({ code: 'no-data' });
  });

  it('are the same for the same captions', async () => {
    const [one, other] = [
      await trainWordVectors(captions(), { engine, size: 5 }),
      await trainWordVectors(captions(), { engine, size: 5 }),
    ];
    for (const word of one.words()) expect(other.vector(word)).toEqual(one.vector(word));
  });

  it('refuses words without vectors', () => {
    const vectors = { rows: 1, columns: 2, data: new Float32Array(2) };
    expect(() => wordVectorsOf('x', ['a', 'b'], vectors)).toThrow('2 words came with 1 vectors');
  });
});
