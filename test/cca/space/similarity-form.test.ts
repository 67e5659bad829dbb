import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  normalizeRows,
  type SimilarityForm,
  type SimilaritySide,
  scaleComponents,
  similarityEmbeddings,
} from '../../../src/cca/index.ts';
import { type Matrix32, row } from '../../../src/linalg/index.ts';
import { distance, random32 } from '../../linalg/plain.ts';

const k = 5;
const x = random32(4, 7, 1);
const y = random32(6, 7, 2);
const correlations = Float64Array.of(0.9, 0.7, 0.4, 0.1, -0.2);

/** The similarity of a row of x and a row of y as it is defined. */
const definitions: Readonly<Record<SimilarityForm, (a: number[], b: number[], power: number) => number>> = {
  cosine: (a, b, power) => cosine(times(a, rho(power)), times(b, rho(power))),
  gong: (a, b, power) => {
    const factors = rho(1).map((value) => (1 + value) ** power);
    return cosine(times(a, factors), times(b, factors));
  },
  csa: (a, b, power) =>
    rho(power).reduce((sum, weight, c) => sum + (weight * a[c]! * b[c]!) / (norm(a) * norm(b)), 0),
  euclidean: (a, b, power) => {
    const [left, right] = [times(a, rho(power)), times(b, rho(power))];
    return -(norm(left.map((value, c) => value - right[c]!)) ** 2) / 2;
  },
};

function rho(power: number): number[] {
  return Array.from(correlations, (value) => Math.max(value, 0) ** power);
}
function times(a: number[], b: number[]): number[] {
  return a.map((value, c) => value * b[c]!);
}
function norm(a: number[]): number {
  return Math.hypot(...a);
}
function cosine(a: number[], b: number[]): number {
  return a.reduce((sum, value, c) => sum + value * b[c]!, 0) / (norm(a) * norm(b));
}
function inner(a: Matrix32, i: number, b: Matrix32, j: number): number {
  return row(a, i).reduce((sum, value, c) => sum + value * row(b, j)[c]!, 0);
}

describe('similarityEmbeddings', () => {
  it.each(Object.keys(definitions) as SimilarityForm[])('%s: inner products are as defined', (form) => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 4, noNaN: true }),
        fc.constantFrom<SimilaritySide>('query', 'gallery'),
        (power, side) => {
          // Either view may query the other.
          const other = side === 'query' ? 'gallery' : 'query';
          const left = similarityEmbeddings(x, correlations, { form, power }, side);
          const right = similarityEmbeddings(y, correlations, { form, power }, other);
          for (let i = 0; i < x.rows; i++)
            for (let j = 0; j < y.rows; j++) {
              const known = definitions[form]([...row(x, i).slice(0, k)], [...row(y, j).slice(0, k)], power);
              expect(Math.abs(inner(left, i, right, j) - known)).toBeLessThan(1e-5 * Math.max(1, -known));
            }
        },
      ),
    );
  });

  it('cosine is what scaled and normalised components give', () => {
    const all = Float64Array.of(0.9, 0.7, 0.4, 0.3, 0.2, 0.1, 0.05);
    const found = similarityEmbeddings(x, all, { form: 'cosine', power: 1.5 });
    expect(distance(found.data, normalizeRows(scaleComponents(x, all, 1.5)).data)).toBeLessThan(1e-6);
  });

  it('names what does not fit', () => {
    const similarity = { form: 'cosine', power: 1 } as const;
    expect(() => similarityEmbeddings(x, new Float64Array(8), similarity)).toThrow(
      expect.objectContaining({ code: 'bad-values', message: expect.stringContaining('7 columns') }),
    );
    expect(() => similarityEmbeddings(x, correlations, { ...similarity, power: -1 })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});
