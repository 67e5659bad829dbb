import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CaptionedRows,
  contrastiveLoss,
  fit,
  type JointSpace,
  loadJointSpace,
  meanRecall,
  project,
  refine,
  saveJointSpace,
  scaleComponents,
} from '../../../src/cca/index.ts';
import {
  createRandom,
  type Matrix,
  type Matrix64,
  type Rows,
  type SparseRows,
} from '../../../src/linalg/index.ts';
import { distance, random64 } from '../../linalg/plain.ts';
import { correlatedViews, engine, momentsOf, rowsOf } from '../data.ts';

describe('contrastiveLoss', () => {
  it('is the cross-entropy of both directions, by its definition', async () => {
    const u = random64(5, 3, 1);
    const v = random64(10, 3, 2);
    const temperature = 0.3;
    const cosine = (i: number, j: number) => {
      const a = u.data.subarray(3 * i, 3 * i + 3);
      const b = v.data.subarray(3 * j, 3 * j + 3);
      const dot = a.reduce((sum, value, c) => sum + value * b[c]!, 0);
      return dot / (Math.hypot(...a) * Math.hypot(...b));
    };
    const share = (i: number, r: number, rivals: readonly (readonly [number, number])[]) =>
      Math.exp(cosine(i, r) / temperature) /
      rivals.reduce((sum, [p, q]) => sum + Math.exp(cosine(p, q) / temperature), 0);
    let expected = 0;
    for (let r = 0; r < 10; r++) {
      const own = Math.floor(r / 2);
      const captions = Array.from({ length: 10 }, (_, other) => [own, other] as const);
      const pictures = Array.from({ length: 5 }, (_, other) => [other, r] as const);
      expected -= Math.log(share(own, r, captions) * share(own, r, pictures)) / 20;
    }
    const { loss } = await contrastiveLoss(u, v, { engine, temperature });
    expect(loss).toBeCloseTo(expected, 12);
  });

  it('gives the derivatives that finite differences give', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 7 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer(),
        fc.double({ min: 0.05, max: 2, noNaN: true }),
        async (n, k, each, seed, temperature) => {
          const views = [random64(n, k, seed), random64(n * each, k, seed + 1)] as const;
          const { gradients } = await contrastiveLoss(...views, { engine, temperature });
          for (const [side, view] of views.entries())
            for (let p = 0; p < view.data.length; p++) {
              const h = 1e-5 * Math.abs(view.data[p]!) + 1e-7;
              const at = async (move: number) => {
                const data = view.data.slice();
                data[p]! += move;
                const moved = views.map((other, i) => (i === side ? { ...view, data } : other));
                return (await contrastiveLoss(moved[0]!, moved[1]!, { engine, temperature })).loss;
              };
              const slope = ((await at(h)) - (await at(-h))) / (2 * h);
              const actual = gradients[side]!.data[p]!;
              expect(Math.abs(actual - slope)).toBeLessThan(1e-5 * (1 + Math.abs(slope)));
            }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves embeddings of zeros alone', async () => {
    const u = random64(3, 2, 1);
    u.data.fill(0, 0, 2);
    const { loss, gradients } = await contrastiveLoss(u, random64(3, 2, 2), { engine, temperature: 0.1 });
    expect(loss).toBeGreaterThan(0);
    expect([...gradients[0].data.subarray(0, 2)]).toEqual([0, 0]);
  });

  it('refuses shapes that differ and temperatures that underflow', async () => {
    const u = random64(3, 2, 1);
    const attempt = (v: Matrix64, temperature: number) => contrastiveLoss(u, v, { engine, temperature });
    await expect(attempt(random64(2, 3, 1), 0.1)).rejects.toMatchObject({ code: 'bad-values' });
    await expect(attempt(u, 0.001)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('meanRecall', () => {
  const identity: JointSpace = {
    count: 2,
    correlations: Float64Array.of(1, 1),
    views: [0, 1].map(() => ({
      blocks: [2],
      mean: new Float64Array(2),
      weights: { rows: 2, columns: 2, data: Float64Array.of(1, 0, 0, 1) },
    })),
  };
  const angles = (...degrees: number[]): Matrix64 => ({
    rows: degrees.length,
    columns: 2,
    data: Float64Array.from(degrees.flatMap((d) => [Math.cos(d / 57.29578), Math.sin(d / 57.29578)])),
  });

  it('counts the first right item of each query, both ways', async () => {
    // Picture 0 finds its caption first, picture 1 second, picture 2 has none; captions find theirs at 1, 1 and 2.
    const rows = { images: [angles(0, 90, 200)], texts: [angles(2, 80, 91)], of: Uint32Array.of(0, 1, 0) };
    expect(await meanRecall(identity, rows, { engine })).toBeCloseTo(
      (100 * (2.5 / 3 + (2 / 3 + 2) / 3)) / 2,
      10,
    );
  });

  it('counts equal scores against the space', async () => {
    const same = angles(...new Array<number>(11).fill(30));
    const rows = { images: [same], texts: [same], of: Uint32Array.from({ length: 11 }, (_, i) => i) };
    expect(await meanRecall(identity, rows, { engine })).toBe(0);
  });
});

/**
 * Pictures with two captions each that share causes, and beside them a nuisance: both sides of each pair are seen
 * through a factor of its own, so that few pairs make up most of the variance that CCA looks at.
 */
function captioned(pictures: number, from: number): CaptionedRows {
  const [x, y] = correlatedViews(1000, 30, 20, 6, 1);
  const random = createRandom(5);
  for (let i = 0; i < 1000; i++) {
    const factors = [Math.exp(random.normal()), Math.exp(random.normal())];
    for (let c = 0; c < 30; c++) x.data[i * 30 + c]! *= factors[0]!;
    for (let c = 0; c < 20; c++) y.data[i * 20 + c]! *= factors[1]!;
  }
  const captions = rowsOf(y, from, from + pictures);
  // The second caption is the first, distorted.
  const other = random64(pictures, 20, from + 7);
  const texts = { rows: 2 * pictures, columns: 20, data: new Float64Array(40 * pictures) };
  const of = new Uint32Array(2 * pictures);
  for (let i = 0; i < pictures; i++) {
    const caption = captions.data.subarray(20 * i, 20 * i + 20);
    texts.data.set(caption, 40 * i);
    texts.data.set(
      caption.map((value, c) => value * (1 + 0.3 * other.data[20 * i + c]!)),
      40 * i + 20,
    );
    of.fill(i, 2 * i, 2 * i + 2);
  }
  return { images: [rowsOf(x, from, from + pictures)], texts: [texts], of };
}

/** The same numbers as sparse rows; every third is dropped first. */
function thinned({ rows, columns, data }: Matrix): { dense: Matrix64; sparse: SparseRows } {
  const dense = {
    rows,
    columns,
    data: Float64Array.from(data, (value, p) => (p % 3 ? Math.fround(value) : 0)),
  };
  const indices = Uint32Array.from(data.keys()).filter((p) => dense.data[p] !== 0);
  const offsets = new Uint32Array(rows + 1);
  for (const p of indices) offsets[Math.floor(p / columns) + 1]!++;
  for (let i = 0; i < rows; i++) offsets[i + 1]! += offsets[i]!;
  const values = Float32Array.from(indices, (p) => dense.data[p]!);
  return { dense, sparse: { rows, columns, offsets, indices: indices.map((p) => p % columns), values } };
}

async function learn({ images, texts, of }: CaptionedRows): Promise<JointSpace> {
  const blocks = [...images.map((rows) => ({ rows, of })), ...texts];
  const views = [images.map((_, i) => i), texts.map((_, i) => images.length + i)];
  return fit(await momentsOf(...blocks), { engine, views, ridge: 0.1, dimensions: 8 });
}

const weightsOf = (space: JointSpace) => space.views.flatMap((view) => [...view.weights.data]);

describe('refine', () => {
  const training = captioned(200, 0);
  const held = captioned(100, 200);
  const unseen = captioned(300, 300);
  const settings = { engine, batch: 100, steps: 40, learningRate: 0.01, dropout: [0.2, 0.1] as const };

  it('finds pairs that it has not seen better than CCA does', async () => {
    const start = await learn(training);
    const { space, losses } = await refine(start, training, settings);
    const before = await meanRecall(start, unseen, { engine, scaling: 1 });
    expect(await meanRecall(space, unseen, { engine })).toBeGreaterThan(before + 10);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  it('keeps the best of the steps that it scores, and the start where none is better', async () => {
    const start = await learn(training);
    for (const learningRate of [0.01, 1]) {
      const score = (space: JointSpace) => meanRecall(space, held, { engine });
      const { space, step, scores } = await refine(start, training, { ...settings, learningRate, score });
      expect(scores.map((entry) => entry.step)).toEqual([0, 10, 20, 30, 40]);
      const best = Math.max(...scores.map((entry) => entry.score));
      expect(await score(space)).toBe(best);
      expect(scores.find((entry) => entry.step === step)!.score).toBe(best);
      expect(best).toBeGreaterThanOrEqual(await meanRecall(start, held, { engine, scaling: 1 }));
    }
    const { space, step } = await refine(start, training, { ...settings, score: () => 1 });
    expect(step).toBe(0);
    const texts = await project(space, 1, held.texts, { engine });
    const scaled = scaleComponents(await project(start, 1, held.texts, { engine }), start.correlations, 1);
    expect(distance(texts.data, scaled.data)).toBeLessThan(1e-5);
  });

  it('moves against the gradient of the loss', async () => {
    // One step on all pairs, one caption each, of a size that changes the loss to first order.
    const rows = {
      ...held,
      texts: [rowsOf(held.texts[0] as Matrix64, 0, 100)],
      of: held.of.map((_, i) => i).slice(0, 100),
    };
    const start = await learn(rows);
    const how = { ...settings, batch: 100, dropout: [0, 0] as const, temperature: 0.2 };
    const loss = async (space: JointSpace, scaling: number) => {
      const embed = async (view: number, blocks: readonly Rows[]) =>
        scaleComponents(await project(space, view, blocks, { engine }), space.correlations, scaling);
      return (await contrastiveLoss(await embed(0, rows.images), await embed(1, rows.texts), { ...how }))
        .loss;
    };
    const { space, losses } = await refine(start, rows, { ...how, steps: 10, learningRate: 0.001 });
    expect(losses[0]).toBeCloseTo(await loss(start, 1), 4);
    for (let step = 1; step < 10; step++) expect(losses[step]).toBeLessThan(losses[step - 1]!);
    expect(await loss(space, 0)).toBeLessThan(losses[0]!);
  });

  it('gives the same for sparse and dense texts, in one block or several', async () => {
    const { dense, sparse } = thinned(training.texts[0] as Matrix64);
    const other = random64(dense.rows, 5, 3);
    const refined = async (texts: readonly Rows[]) => {
      const rows = { ...training, texts };
      return refine(await learn(rows), rows, { ...settings, steps: 12, dropout: [0.3, 0] });
    };
    const [a, b] = [await refined([dense, other]), await refined([sparse, other])];
    expect(distance(a.losses, b.losses)).toBeLessThan(1e-4);
    expect(distance(weightsOf(a.space), weightsOf(b.space))).toBeLessThan(1e-3);
  });

  it('depends on nothing but its seed', async () => {
    const start = await learn(training);
    const { sparse } = thinned(training.texts[0] as Matrix64);
    const rows = { ...training, texts: [sparse] };
    const refined = async (seed: number) =>
      (await refine(start, rows, { ...settings, steps: 5, seed })).space;
    const first = await refined(3);
    expect(await refined(3)).toEqual(first);
    expect(distance(weightsOf(await refined(4)), weightsOf(first))).toBeGreaterThan(1e-4);
  });

  it('learns from several versions of the pictures', async () => {
    const start = await learn(training);
    const [images] = training.images as [Matrix64];
    const noise = random64(images.rows, images.columns, 9);
    const version = [{ ...images, data: images.data.map((value, p) => value + noise.data[p]!) }];
    const plain = await refine(start, training, settings);
    const several = await refine(start, training, { ...settings, versions: [version] });
    const before = await meanRecall(start, unseen, { engine, scaling: 1 });
    expect(await meanRecall(several.space, unseen, { engine })).toBeGreaterThan(before + 10);
    expect(distance(several.losses, plain.losses)).toBeGreaterThan(1e-3);
  });

  it('gives a space like any other', async () => {
    const start = await learn(training);
    const { space } = await refine(start, training, { ...settings, steps: 3 });
    expect(space.count).toBe(start.count);
    expect([...space.correlations]).toEqual(new Array(8).fill(1));
    expect(space.views.map((view) => view.mean)).toEqual(start.views.map((view) => view.mean));
    expect(loadJointSpace(saveJointSpace(space))).toEqual(space);
  });

  it('reports its steps and stops on request', async () => {
    const start = await learn(training);
    const abort = new AbortController();
    const done: number[] = [];
    const running = refine(start, training, {
      ...settings,
      signal: abort.signal,
      onProgress: (event) => {
        done.push(event.done);
        if (event.done === 2) abort.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    expect(done).toEqual([0, 1, 2]);
  });

  it('refuses settings out of range and rows that do not fit', async () => {
    const start = await learn(training);
    const wrong = [
      { temperature: 0.001 },
      { batch: 1 },
      { steps: 1.5 },
      { learningRate: 0 },
      { dropout: [1, 0] as const },
      { scaling: Number.NaN },
    ];
    for (const settings of wrong)
      await expect(refine(start, training, { engine, ...settings })).rejects.toMatchObject({ code: 'usage' });
    const attempt = (rows: Partial<CaptionedRows>, versions: Rows[][] = []) =>
      refine(start, { ...training, ...rows }, { engine, versions });
    const code = 'bad-values';
    await expect(attempt({ images: training.texts })).rejects.toMatchObject({ code });
    await expect(attempt({ of: training.of.slice(1) })).rejects.toMatchObject({ code });
    await expect(attempt({ of: training.of.map((i) => i + 1) })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('picture 200'),
    });
    await expect(attempt({}, [[...held.images]])).rejects.toMatchObject({ code });
    await expect(attempt({ of: training.of.map(() => 4) })).rejects.toMatchObject({ code: 'no-data' });
    const bad = random64(200, 30, 1);
    bad.data[31] = Number.NaN;
    await expect(attempt({ images: [bad] })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('Column 1'),
    });
  });
});
