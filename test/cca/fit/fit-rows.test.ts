import { describe, expect, it } from 'vitest';
import { type FitOptions, fit, fitRows, type JointSpace } from '../../../src/cca/index.ts';
import type { Rows } from '../../../src/linalg/index.ts';
import { selectRows } from '../../../src/linalg/matrix.ts';
import { selectSparseRows } from '../../../src/linalg/sparse-rows.ts';
import { distance, identity, random64, randomSparse } from '../../linalg/plain.ts';
import { correlatedViews, engine, momentsOf, variates } from '../data.ts';

function expectEqual(actual: JointSpace, expected: JointSpace, k: number): void {
  expect(actual.count).toBe(expected.count);
  expect(distance(actual.correlations.subarray(0, k), expected.correlations.subarray(0, k))).toBeLessThan(
    1e-9,
  );
  actual.views.forEach((view, v) => {
    const other = expected.views[v]!;
    expect(view.blocks).toEqual(other.blocks);
    expect(distance(view.mean, other.mean)).toBeLessThan(1e-12);
    const leading = ({ weights }: typeof view) => weights.data.filter((_, p) => p % weights.columns < k);
    expect(distance(leading(view), leading(other))).toBeLessThan(1e-8);
  });
}

describe('fitRows', () => {
  const [x, y] = correlatedViews(30, 150, 90, 4, 1);
  const bag = randomSparse(30, 120, 0.1, 2);

  it.each<[string, Rows[], Omit<FitOptions, 'engine'>]>([
    ['two views', [x, y], { ridge: [0.3, 0.1], dimensions: 5 }],
    [
      'normalised blocks',
      [x, y, bag],
      {
        views: [[0], [1, 2]],
        normalize: ['standardize', 'energy', 'energy'],
        ridge: 0.5,
        dimensions: 5,
      },
    ],
    ['three views', [x, y, bag], { ridge: 0.2, dimensions: 5 }],
  ])('of fewer pairs than columns equals fit: %s', async (_, blocks, options) => {
    const direct = await fitRows(blocks, { engine, ...options });
    expectEqual(direct, await fit(await momentsOf(...blocks), { engine, ...options }), 5);
  });

  it('of more pairs than columns equals fit', async () => {
    const [a, b] = correlatedViews(300, 6, 5, 3, 3);
    expectEqual(await fitRows([a, b], { engine }), await fit(await momentsOf(a, b), { engine }), 5);
  });

  it.each<[string, Omit<FitOptions, 'engine'>]>([
    ['a small ridge', { ridge: 1e-5 }],
    ['a ridge', { ridge: 0.1, dimensions: 3 }],
    ['two ridges, one of them large', { ridge: [1, 1e-4] }],
    ['all that there is', { ridge: 0.01, normalize: ['standardize', 'energy'], blockWeights: [1, 2] }],
    ['a signal', { ridge: 0.1, signal: new AbortController().signal }],
  ])('of more pairs than columns equals fit with %s', async (_, options) => {
    const [a, b] = correlatedViews(300, 6, 5, 3, 3);
    const known = await fit(await momentsOf(a, b), { engine, ...options });
    expectEqual(await fitRows([a, b], { engine, ...options }), known, 3);
  });

  it('without a ridge finds every direction that the pairs span', async () => {
    const space = await fitRows([x, y], { engine });
    expect(space.correlations.length).toBe(29);
    expect(distance(space.correlations, new Float64Array(29).fill(1))).toBeLessThan(1e-9);
    const moments = await momentsOf(await variates(space, 0, x));
    expect(distance(moments.covariance(0, 0).data, identity(29).data)).toBeLessThan(1e-8);
  });

  it('takes rows that pairs share', async () => {
    const of = Uint32Array.from({ length: 60 }, (_, p) => p % 30);
    const captions = random64(60, 90, 5);
    const options = { engine, ridge: 0.4, dimensions: 4 };
    const direct = await fitRows([{ rows: x, of }, captions], options);
    expectEqual(direct, await fit(await momentsOf({ rows: x, of }, captions), options), 4);
  });

  it('takes rows that pairs share as if each pair had its own, however many share one', async () => {
    const of = Uint32Array.from({ length: 50 }, (_, p) => (p * p) % 23);
    const captions = random64(50, 90, 6);
    const options = { engine, views: [[0, 1], [2]], ridge: [0.4, 0.2], dimensions: 4 };
    const shared = await fitRows([{ rows: x, of }, { rows: bag, of }, captions], options);
    const copied = selectRows(x, of);
    const copiedBag = selectSparseRows(bag, of);
    expectEqual(shared, await fitRows([copied, copiedBag, captions], options), 4);
    expectEqual(shared, await fit(await momentsOf(copied, copiedBag, captions), options), 4);
  });

  it('takes all options where pairs are so many that moments are cheaper', async () => {
    const [a, b] = correlatedViews(300, 6, 5, 3, 3);
    const options: FitOptions = { engine, ridge: 0.1, normalize: ['standardize', 'none'], dimensions: 3 };
    expectEqual(await fitRows([a, b], options), await fit(await momentsOf(a, b), options), 3);
  });

  it('refuses fewer than two pairs and values that are not finite', async () => {
    await expect(fitRows([], { engine })).rejects.toMatchObject({ code: 'no-data' });
    const bad = { ...x, data: x.data.slice() };
    bad.data[5] = Number.NaN;
    await expect(fitRows([bad, y], { engine })).rejects.toMatchObject({
      code: 'bad-values',
      message: expect.stringContaining('Block 0, row 0, column 5'),
    });
  });
});
