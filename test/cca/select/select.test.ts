import { describe, expect, it } from 'vitest';
import {
  fit,
  Moments,
  project,
  type SelectionFold,
  type SelectOptions,
  select,
  similarityEmbeddings,
} from '../../../src/cca/index.ts';
import { coordinateSearch } from '../../../src/cca/select/coordinate-search.ts';
import { type Matrix32, type Matrix64, row } from '../../../src/linalg/index.ts';
import { distance, random64 } from '../../linalg/plain.ts';
import { correlatedViews, engine, momentsOf, rowsOf } from '../data.ts';

const n = 360;
/** The last rows are for nobody to learn from. */
const [allX, allY] = correlatedViews(2 * n, 30, 24, 6, 1);
const [x, y] = [rowsOf(allX, 0, n), rowsOf(allY, 0, n)];
const rest = [rowsOf(allX, n, 2 * n), rowsOf(allY, n, 2 * n)] as const;
const noise = random64(n, 100, 7);

/** Each third of the rows is held out in turn. */
async function thirds(...blocks: Matrix64[]): Promise<{ total: Moments; folds: SelectionFold[] }> {
  const total = await momentsOf(...blocks);
  const folds: SelectionFold[] = [];
  for (let from = 0; from < n; from += n / 3) {
    const held = blocks.map((block) => rowsOf(block, from, from + n / 3));
    folds.push({ moments: await momentsOf(...held), items: [[held[0]!], held.slice(1)] });
  }
  return { total, folds };
}

/** The mean over row pairs of 1 / rank of a row's own partner. */
async function reciprocalRank([a, b]: readonly [Matrix32, Matrix32]): Promise<number> {
  const scores = await engine.multiply(a, b, { transposeB: true });
  let sum = 0;
  for (let i = 0; i < a.rows; i++) {
    const all = row(scores, i);
    sum += 1 / all.reduce((rank, value) => rank + (value >= all[i]! ? 1 : 0), 0);
  }
  return sum / a.rows;
}

const options: SelectOptions = {
  engine,
  views: [[0], [1]],
  start: {
    ridge: [1e-3, 1e-3],
    blockWeights: [1, 1],
    dimensions: 20,
    similarity: { form: 'cosine', power: 0 },
  },
  score: reciprocalRank,
  candidates: 40,
};

describe('select', () => {
  it('scores what a space learned from the other rows gives', async () => {
    const { total, folds } = await thirds(x, y);
    const { curve } = await select(total, folds, { ...options, candidates: 1 });
    const others = await momentsOf(rowsOf(x, n / 3, n), rowsOf(y, n / 3, n));
    const space = await fit(others, { engine, ridge: 1e-3, dimensions: 20 });
    const embed = async (view: 0 | 1, rows: Matrix64) =>
      similarityEmbeddings(
        await project(space, view, [rows], { engine }),
        space.correlations,
        options.start.similarity,
      );
    const known = await reciprocalRank([
      await embed(0, rowsOf(x, 0, n / 3)),
      await embed(1, rowsOf(y, 0, n / 3)),
    ]);
    expect(curve).toHaveLength(1);
    expect(Math.abs(curve[0]!.scores[0]! - known)).toBeLessThan(1e-6);
  });

  it('finds parameters near the best ones on new rows', async () => {
    const { total, folds } = await thirds(x, y);
    const { parameters, score, startScore, finished } = await select(total, folds, {
      ...options,
      candidates: 200,
    });
    expect(finished).toBe(true);
    expect(score).toBeGreaterThan(startScore);
    // All of a grid, learned from and tested on other rows of the same distribution.
    const [newX, newY] = rest;
    const tested = async (ridge: readonly [number, number], dimensions: number, power: number) => {
      const space = await fit(total, { engine, ridge, dimensions });
      const embed = async (view: 0 | 1, rows: Matrix64) =>
        similarityEmbeddings(await project(space, view, [rows], { engine }), space.correlations, {
          form: 'cosine',
          power,
        });
      return reciprocalRank([await embed(0, newX), await embed(1, newY)]);
    };
    let best = 0;
    for (const rx of [1e-3, 0.1, 1])
      for (const ry of [1e-3, 0.1, 1])
        for (const dimensions of [4, 6, 20])
          for (const power of [0, 1, 2]) best = Math.max(best, await tested([rx, ry], dimensions, power));
    const chosen = await tested(parameters.ridge, parameters.dimensions, parameters.similarity.power);
    const before = await tested([1e-3, 1e-3], 20, 0);
    expect(chosen).toBeGreaterThan(before + 0.8 * (best - before));
  });

  it('lowers the weight of a block of noise that drowns another', async () => {
    const [one, other] = correlatedViews(n, 6, 5, 2, 5);
    const { total, folds } = await thirds(one, other, noise);
    const { parameters } = await select(total, folds, {
      ...options,
      views: [[0], [1, 2]],
      normalize: ['none', 'energy', 'energy'],
      start: { ...options.start, ridge: [0.1, 1], dimensions: 2, blockWeights: [1, 1, 8] },
    });
    expect(parameters.blockWeights[1]).toBe(1);
    expect(parameters.blockWeights[2]).toBeLessThan(5);
  });

  it('gives the same for the same folds and number of candidates', async () => {
    const { total, folds } = await thirds(x, y);
    const settings = { ...options, candidates: 12, forms: ['gong', 'csa', 'euclidean'] } as const;
    const plain = (some: Awaited<ReturnType<typeof select>>) => ({
      ...some,
      curve: some.curve.map(({ parameters, scores }) => ({ parameters, scores })),
    });
    const once = plain(await select(total, folds, settings));
    expect(plain(await select(total, folds, settings))).toEqual(once);
    expect(once.curve).toHaveLength(12);
    expect(once.finished).toBe(false);
    expect(once.curve.slice(0, 4).map(({ parameters }) => parameters.similarity.form)).toEqual([
      'cosine',
      'gong',
      'csa',
      'euclidean',
    ]);
    const complete = once.curve.filter(({ scores }) => scores.length === folds.length);
    const means = complete.map(({ scores }) => scores.reduce((sum, one) => sum + one, 0) / scores.length);
    expect(Math.abs(once.score - Math.max(...means))).toBeLessThan(1e-12);
  });

  it('tries the start however little time there is, and stops on request', async () => {
    const { total, folds } = await thirds(x, y);
    const { curve } = await select(total, folds, { ...options, seconds: 0 });
    expect(curve).toHaveLength(1);
    const controller = new AbortController();
    const stopped = select(total, folds, {
      ...options,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 2) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
  });

  it('names what does not fit', async () => {
    const { total, folds } = await thirds(x, y);
    await expect(select(total, [], options)).rejects.toMatchObject({ code: 'no-data' });
    const ridge = [0, 1] as const;
    await expect(
      select(total, folds, { ...options, start: { ...options.start, ridge } }),
    ).rejects.toMatchObject({ code: 'usage' });
    await expect(select(total, folds, { ...options, candidates: 0 })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('folds', () => {
  it('subtracting a fold gives the space of the remaining rows', async () => {
    const { total, folds } = await thirds(x, y);
    const found = await fit(total.subtract(folds[1]!.moments), { engine, ridge: 0.1 });
    const others = Moments.zero([30, 24]);
    for (const [from, to] of [
      [0, n / 3],
      [(2 * n) / 3, n],
    ] as const)
      await others.add([rowsOf(x, from, to), rowsOf(y, from, to)], { engine });
    const known = await fit(others, { engine, ridge: 0.1 });
    expect(distance(found.correlations, known.correlations)).toBeLessThan(1e-10);
    expect(distance(found.views[1]!.weights.data, known.views[1]!.weights.data)).toBeLessThan(1e-8);
  });
});

describe('coordinateSearch', () => {
  it('finds the top of a hill within its range', async () => {
    const height = ([a, b]: readonly number[]) =>
      -((a! - 3.3) ** 2) - (b! + 1) ** 2 - 0.5 * (a! - 3.3) * (b! + 1);
    let best = [0, 0] as readonly number[];
    const axis = { lowest: -8, highest: 8, step: 1, smallestStep: 0.05 };
    const finished = await coordinateSearch(best, [axis, axis], async (point) => {
      const gain = height(point) - height(best);
      if (gain > 0) best = point;
      return gain;
    });
    expect(finished).toBe(true);
    expect(Math.hypot(best[0]! - 3.3, best[1]! + 1)).toBeLessThan(0.1);
  });

  it('stays in range and ends when told to', async () => {
    const tried: number[] = [];
    const axis = { lowest: 0, highest: 2.5, step: 1, smallestStep: 0.5 };
    let best = 1;
    const finished = await coordinateSearch([1], [axis], async ([value]) => {
      tried.push(value!);
      const gain = value! - best;
      best = Math.max(best, value!);
      return gain;
    });
    expect(tried).toEqual([2, 2.5, 1.5, 2]);
    expect(finished).toBe(true);
    expect(await coordinateSearch([1], [axis], async () => undefined)).toBe(false);
  });
});
