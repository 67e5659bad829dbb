import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveMultiView } from '../../../src/cca/fit/multi-view.ts';
import { solveTwoViews } from '../../../src/cca/fit/two-view.ts';
import { fit, fitRows, type JointSpace, Moments } from '../../../src/cca/index.ts';
import { type Matrix64, zeros64 } from '../../../src/linalg/index.ts';
import { distance, identity, product, random64 } from '../../linalg/plain.ts';
import { correlatedViews, engine, golden, matrixOf, momentsOf, rowsOf, variates } from '../data.ts';

/** How far weights are from the reference, each component up to its sign. */
function weightError(space: JointSpace, view: number, reference: number[][]): number {
  const { weights } = space.views[view]!;
  let error = 0;
  for (let c = 0; c < weights.columns; c++) {
    const own = reference.map((_, i) => weights.data[i * weights.columns + c]!);
    const known = reference.map((values) => values[c]!);
    const opposite = known.map((value) => -value);
    error = Math.max(error, Math.min(distance(own, known), distance(own, opposite)));
  }
  return error;
}

/** Columns of the matrix beside others. */
function besides(a: Matrix64, b: Matrix64): Matrix64 {
  const joined = zeros64(a.rows, a.columns + b.columns);
  for (let i = 0; i < a.rows; i++) {
    joined.data.set(a.data.subarray(i * a.columns, (i + 1) * a.columns), i * joined.columns);
    joined.data.set(b.data.subarray(i * b.columns, (i + 1) * b.columns), i * joined.columns + a.columns);
  }
  return joined;
}

describe.skipIf(!golden)('fit: reference values (needs ../shared)', () => {
  it('two views', async () => {
    const space = await fit(await momentsOf(matrixOf(golden.X), matrixOf(golden.Y)), { engine });
    expect(distance(space.correlations, golden.two_view.correlations)).toBeLessThan(1e-9);
    expect(weightError(space, 0, golden.two_view.weights_x)).toBeLessThan(1e-9);
    expect(weightError(space, 1, golden.two_view.weights_y)).toBeLessThan(1e-9);
  });

  it('two views with a ridge', async () => {
    const known = golden.two_view_ridge;
    const moments = await momentsOf(matrixOf(golden.X), matrixOf(golden.Y));
    const space = await fit(moments, { engine, ridge: [known.rx, known.ry] });
    expect(distance(space.correlations, known.correlations)).toBeLessThan(1e-9);
    expect(weightError(space, 0, known.weights_x)).toBeLessThan(1e-9);
    expect(weightError(space, 1, known.weights_y)).toBeLessThan(1e-9);
  });

  it('three views', async () => {
    const { reg, eigenvalues } = golden.three_view;
    const moments = await momentsOf(matrixOf(golden.X), matrixOf(golden.Y), matrixOf(golden.Z));
    // The reference adds reg itself to the diagonal; ridges are shares of the mean variance.
    const ridge = moments.sizes.map((size, block) => {
      const total = moments.variances(block).reduce((sum, variance) => sum + variance, 0);
      return (reg * size) / total;
    });
    const space = await fit(moments, { engine, ridge, dimensions: 17 });
    // The variances of the views' variates, penalty included, average 1, so that λ = 1 + 2/3 of the covariances of the pairs.
    const found = new Float64Array(17).fill(1);
    for (const [i, j] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const reached = product(moments.covariance(i, j), space.views[j]!.weights);
      space.views[i]!.weights.data.forEach((weight, p) => {
        found[p % 17]! += (2 / 3) * weight * reached.data[p]!;
      });
    }
    expect(distance(found, eigenvalues)).toBeLessThan(1e-9);
  });

  it('the Linnerud exercise and physiology data', async () => {
    const { exercise, physiology, correlations } = golden.linnerud;
    const space = await fit(await momentsOf(matrixOf(exercise), matrixOf(physiology)), { engine });
    expect(distance(space.correlations, correlations)).toBeLessThan(1e-9);
  });

  it('the life-cycle savings data', async () => {
    const { pop, oec, correlations } = golden.life_cycle_savings;
    const space = await fit(await momentsOf(matrixOf(pop), matrixOf(oec)), { engine });
    expect(distance(space.correlations, correlations)).toBeLessThan(1e-9);
  });
});

describe('fit: properties', () => {
  const [x, y] = correlatedViews(400, 9, 6, 3, 1);

  it('variates have unit variance, are uncorrelated, and correlate across views as stated', async () => {
    const space = await fit(await momentsOf(x, y), { engine });
    const moments = await momentsOf(await variates(space, 0, x), await variates(space, 1, y));
    expect(distance(moments.covariance(0, 0).data, identity(6).data)).toBeLessThan(1e-10);
    expect(distance(moments.covariance(1, 1).data, identity(6).data)).toBeLessThan(1e-10);
    const across = identity(6).data.map((value, p) => value * space.correlations[p % 6]!);
    expect(distance(moments.covariance(0, 1).data, across)).toBeLessThan(1e-10);
    expect(distance(moments.mean(0), new Float64Array(6))).toBeLessThan(1e-10);
    expect(space.count).toBe(400);
  });

  it('correlations and variates do not depend on invertible maps of either view', async () => {
    const before = await fit(await momentsOf(x, y), { engine });
    const seed = fc.integer({ min: 1, max: 1e6 });
    const scale = fc.double({ min: -4, max: 4, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        seed,
        scale,
        fc.double({ min: -100, max: 100, noNaN: true }),
        async (s, power, offset) => {
          const mapX = identity(9).data.map((value, p) => 2 * value + 0.2 * random64(9, 9, s).data[p]!);
          const moved = product(x, { rows: 9, columns: 9, data: mapX });
          const data = moved.data.map((value) => value * 10 ** power + offset);
          const after = await fit(await momentsOf({ ...moved, data }, y), { engine });
          expect(distance(after.correlations, before.correlations)).toBeLessThan(1e-7);
          expect(after.correlations.length).toBe(6);
          const u = await variates(before, 1, y);
          const v = await variates(after, 1, y);
          const absolute = (m: Matrix64) => m.data.map(Math.abs);
          expect(distance(absolute(v), absolute(u))).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('multi-view CCA of two views is two-view CCA', async () => {
    const coherence = product(random64(7, 5, 3), {
      ...identity(5),
      data: identity(5).data.map((v) => v / 10),
    });
    const plain = (rank: number) => ({ rank, ridge: 0, unwhiten: async (m: Matrix64) => m });
    const views = [plain(7), plain(5)];
    const options = { engine, dimensions: 5 };
    const two = await solveTwoViews(views, async () => coherence, options);
    const multi = await solveMultiView(views, async () => coherence, options);
    expect(distance(multi.correlations, two.correlations)).toBeLessThan(1e-12);
    for (const view of [0, 1])
      expect(
        distance(multi.weights[view]!.data.map(Math.abs), two.weights[view]!.data.map(Math.abs)),
      ).toBeLessThan(1e-10);
  });

  it('fewer dimensions are the first of all', async () => {
    const moments = await momentsOf(x, y);
    const all = await fit(moments, { engine });
    const some = await fit(moments, { engine, dimensions: 2 });
    expect(distance(some.correlations, all.correlations.subarray(0, 2))).toBeLessThan(1e-10);
    for (const view of [0, 1]) {
      const few = some.views[view]!.weights;
      const many = all.views[view]!.weights.data.filter((_, p) => p % 6 < 2);
      expect(distance(few.data, many)).toBeLessThan(1e-9);
    }
  });

  it('the weight of largest magnitude in view 0 is positive, whatever the sign of the data', async () => {
    for (const sign of [1, -1]) {
      const signed = { ...x, data: x.data.map((value) => sign * value) };
      const { weights } = (await fit(await momentsOf(signed, y), { engine })).views[0]!;
      for (let c = 0; c < weights.columns; c++) {
        const column = weights.data.filter((_, p) => p % weights.columns === c);
        expect(Math.max(...column)).toBe(Math.max(...column.map(Math.abs)));
      }
    }
  });

  it('a view of several blocks is one view of their columns', async () => {
    const z = random64(400, 4, 9);
    const whole = await fit(await momentsOf(x, besides(y, z)), { engine, ridge: 0.1 });
    const parts = await fit(await momentsOf(z, x, y), { engine, ridge: 0.1, views: [[1], [2, 0]] });
    expect(parts.views[1]!.blocks).toEqual([6, 4]);
    expect(distance(parts.correlations, whole.correlations)).toBeLessThan(1e-12);
    expect(distance(parts.views[1]!.weights.data, whole.views[1]!.weights.data)).toBeLessThan(1e-10);
    expect(distance(parts.views[1]!.mean, whole.views[1]!.mean)).toBeLessThan(1e-12);
  });

  it('normalisation makes blocks count alike, whatever their scale', async () => {
    const z = random64(400, 4, 9);
    const fitted = async (factor: number, normalize: 'none' | 'energy' | 'standardize') => {
      const scaled = { ...z, data: z.data.map((value) => value * factor) };
      const moments = await momentsOf(x, y, scaled);
      const modes = ['none', normalize, normalize] as const;
      return (await fit(moments, { engine, views: [[0], [1, 2]], normalize: modes, ridge: 0.5 }))
        .correlations;
    };
    for (const mode of ['energy', 'standardize'] as const)
      expect(distance(await fitted(1000, mode), await fitted(1, mode))).toBeLessThan(1e-10);
    expect(distance(await fitted(1000, 'none'), await fitted(1, 'none'))).toBeGreaterThan(1e-3);
  });

  it('a block of weight 0 is left out', async () => {
    const z = random64(400, 4, 9);
    const without = await fit(await momentsOf(x, y), { engine });
    const weightless = await fit(await momentsOf(x, y, z), {
      engine,
      views: [[0], [1, 2]],
      blockWeights: [1, 1, 0],
    });
    expect(distance(weightless.correlations, without.correlations)).toBeLessThan(1e-10);
    expect(weightless.views[1]!.weights.data.subarray(6 * 6).every((value) => value === 0)).toBe(true);
  });
});

describe('fit: three views', () => {
  const [x, y] = correlatedViews(400, 7, 5, 3, 12);
  const z = besides(y, random64(400, 2, 3));
  z.data.forEach((value, p) => {
    if (p % 7 < 5) z.data[p] = value + 2 * Math.sin(p);
  });

  it('reports the mean correlation of the pairs of variates', async () => {
    const space = await fit(await momentsOf(x, y, z), { engine });
    const all = [await variates(space, 0, x), await variates(space, 1, y), await variates(space, 2, z)];
    const moments = await momentsOf(...all);
    const spread = all.map((_, view) => moments.variances(view).map(Math.sqrt));
    const k = space.correlations.length;
    expect(k).toBe(5);
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (const [i, j] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const)
        sum += moments.covariance(i, j).data[c * k + c]! / (spread[i]![c]! * spread[j]![c]!);
      expect(space.correlations[c]).toBeCloseTo(sum / 3, 10);
      const variance = spread.reduce((total, view) => total + view[c]! ** 2, 0);
      expect(variance).toBeCloseTo(3, 10);
    }
    // Views take part to different degrees, so that it is not what the eigenvalues alone would give.
    expect(Math.abs(spread[0]![0]! - spread[2]![0]!)).toBeGreaterThan(0.05);
  });

  it.each([
    ['one ridge', 400, 0.2],
    ['a ridge each, one of them none', 400, [0.5, 0, 0.01]],
    ['a ridge and fewer pairs than columns', 6, 0.3],
  ])('with %s the correlation is that of the variates too', async (_, n, ridge) => {
    const blocks = [x, y, z].map((block) => rowsOf(block, 0, n));
    const options = { engine, ridge, dimensions: 3 };
    for (const space of [await fit(await momentsOf(...blocks), options), await fitRows(blocks, options)]) {
      const all = await Promise.all(blocks.map((block, view) => variates(space, view, block)));
      const moments = await momentsOf(...all);
      const spread = all.map((_, view) => moments.variances(view).map(Math.sqrt));
      for (let c = 0; c < 3; c++) {
        const pair = (i: number, j: number) =>
          moments.covariance(i, j).data[4 * c]! / (spread[i]![c]! * spread[j]![c]!);
        expect(space.correlations[c]).toBeCloseTo((pair(0, 1) + pair(0, 2) + pair(1, 2)) / 3, 9);
      }
    }
  });

  it('of which one is constant is the other two', async () => {
    const constant = zeros64(400, 2);
    constant.data.fill(4);
    const two = await fit(await momentsOf(x, z), { engine });
    for (const blocks of [
      [x, constant, z],
      [x, z, constant],
      [constant, x, z],
    ]) {
      const space = await fit(await momentsOf(...blocks), { engine });
      expect(distance(space.correlations, two.correlations)).toBeLessThan(1e-10);
      const views = blocks.flatMap((block, i) => (block === constant ? [] : [space.views[i]!]));
      for (const [i, view] of views.entries())
        expect(
          distance(view.weights.data.map(Math.abs), two.views[i]!.weights.data.map(Math.abs)),
        ).toBeLessThan(1e-8);
    }
  });

  it('of which two are constant have no dimensions', async () => {
    const constant = zeros64(400, 2);
    const space = await fit(await momentsOf(x, constant, constant), { engine });
    expect(space.correlations.length).toBe(0);
  });
});

describe('fit: data without full rank', () => {
  const [x, y] = correlatedViews(300, 7, 5, 3, 4);

  it('gives no more dimensions than the rank', async () => {
    const space = await fit(await momentsOf(x, y), { engine, dimensions: 50 });
    expect(space.correlations.length).toBe(5);
  });

  it('duplicated and constant columns change nothing', async () => {
    const plain = await fit(await momentsOf(x, y), { engine });
    const constant = zeros64(300, 1);
    constant.data.fill(0.1);
    const extended = besides(besides(x, x), constant);
    const space = await fit(await momentsOf(extended, y), { engine });
    expect(distance(space.correlations, plain.correlations)).toBeLessThan(1e-10);
    expect(space.views[0]!.weights.data.subarray(14 * 5).every((value) => value === 0)).toBe(true);
    const own = await momentsOf(await variates(space, 0, extended));
    expect(distance(own.covariance(0, 0).data, identity(5).data)).toBeLessThan(1e-9);
  });

  it('columns of very different scale are not taken for dependent', async () => {
    const plain = await fit(await momentsOf(x, y), { engine });
    const scaled = { ...x, data: x.data.map((value, p) => value * 10 ** ((p % 7) * 2 - 6)) };
    const space = await fit(await momentsOf(scaled, y), { engine });
    expect(distance(space.correlations, plain.correlations)).toBeLessThan(1e-9);
  });

  it('fewer pairs than columns give perfect correlations without a ridge and finite ones with it', async () => {
    const moments = await momentsOf(random64(10, 30, 1), random64(10, 20, 2));
    const plain = await fit(moments, { engine });
    expect(plain.correlations.length).toBe(9);
    expect(distance(plain.correlations, new Float64Array(9).fill(1))).toBeLessThan(1e-9);
    const ridge = await fit(moments, { engine, ridge: 1 });
    expect(ridge.correlations.length).toBe(9);
    expect(Math.max(...ridge.correlations)).toBeLessThan(1);
    expect(ridge.views[0]!.weights.data.every(Number.isFinite)).toBe(true);
  });

  it('a view that is constant has no dimensions', async () => {
    const constant = zeros64(300, 3);
    constant.data.fill(7);
    for (const ridge of [0, 0.1]) {
      const space = await fit(await momentsOf(x, constant), { engine, ridge });
      expect(space.correlations.length).toBe(0);
    }
  });

  it('constant columns are dropped with a ridge too, from moments and from rows', async () => {
    for (const n of [300, 8]) {
      const constant = zeros64(n, 2);
      constant.data.fill(3);
      const blocks = [besides(rowsOf(x, 0, n), constant), rowsOf(y, 0, n)];
      const options = { engine, ridge: 0.1 };
      for (const space of [await fit(await momentsOf(...blocks), options), await fitRows(blocks, options)])
        expect(space.views.map(({ diagnostics }) => diagnostics)).toMatchObject([
          { rank: 7, dropped: Uint32Array.of(7, 8) },
          { rank: 5, dropped: new Uint32Array(0) },
        ]);
    }
  });

  it('equal views correlate perfectly', async () => {
    const space = await fit(await momentsOf(x, x), { engine });
    expect(distance(space.correlations, new Float64Array(7).fill(1))).toBeLessThan(1e-12);
    expect(Math.max(...space.correlations)).toBeLessThanOrEqual(1);
  });
});

describe('fit: bad input', () => {
  it.each<[string, object]>([
    ['one view', { views: [[0]] }],
    ['an unknown block', { views: [[0], [2]] }],
    ['a block used twice', { views: [[0], [0, 1]] }],
    ['an empty view', { views: [[0], []] }],
    ['a negative ridge', { ridge: -1 }],
    ['a ridge that is no number', { ridge: [0, Number.NaN] }],
    ['too many ridges', { ridge: [0, 1, 2] }],
    ['no dimensions', { dimensions: 0 }],
    ['half a dimension', { dimensions: 1.5 }],
    ['too few normalisations', { normalize: ['none'] }],
    ['a negative block weight', { blockWeights: [1, -1] }],
  ])('refuses %s', async (_, options) => {
    const moments = await momentsOf(random64(9, 2, 1), random64(9, 2, 2));
    await expect(fit(moments, { engine, ...options })).rejects.toMatchObject({ code: 'usage' });
  });

  it('refuses fewer than two pairs', async () => {
    await expect(fit(Moments.zero([2, 2]), { engine })).rejects.toMatchObject({ code: 'no-data' });
    const one = await momentsOf(random64(1, 2, 1), random64(1, 2, 2));
    await expect(fit(one, { engine })).rejects.toMatchObject({ code: 'no-data' });
  });

  it('stops on request', async () => {
    const moments = await momentsOf(random64(9, 2, 1), random64(9, 2, 2));
    const signal = AbortSignal.abort();
    await expect(fit(moments, { engine, signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});
