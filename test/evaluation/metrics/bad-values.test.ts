import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bootstrapInterval,
  captionRanks,
  categoryResults,
  chanceAveragePrecision,
  chanceRetrieval,
  chanceTags,
  mean,
  median,
  pairedTest,
  recallAt,
  relevantRanks,
  reliability,
  retrievalMetrics,
  tagResults,
  tagTruth,
  tagVocabulary,
  wordMetrics,
} from '../../../src/evaluation/index.ts';
import { createEngine } from '../../../src/linalg/create-engine.node.ts';
import { matrix } from '../../../src/linalg/index.ts';
import { indexRows, innerProductScorer, matrixScorer } from '../../../src/retrieval/index.ts';

const notFinite = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const results = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 });

/** Results with a value that is not finite, and where it stands. */
const spoiled = fc.tuple(results, fc.nat(), notFinite).map(([values, place, wrong]) => {
  const at = place % values.length;
  return { values: values.with(at, wrong), sound: values, at };
});

const usage = (what: RegExp) =>
  expect.objectContaining({ code: 'usage', message: expect.stringMatching(what) });
const badValues = (what: RegExp) =>
  expect.objectContaining({ code: 'bad-values', message: expect.stringMatching(what) });

describe('results that are not finite', () => {
  it('are refused by their place, wherever they stand', () => {
    fc.assert(
      fc.property(spoiled, ({ values, sound, at }) => {
        const named = badValues(new RegExp(`value ${at} is (NaN|-?Infinity)`));
        for (const use of [
          () => mean(values),
          () => median(values),
          () => bootstrapInterval(values, { resamples: 5 }),
          () => pairedTest(values, sound, { resamples: 5 }),
          () => pairedTest(sound, values, { resamples: 5 }),
        ])
          expect(use).toThrow(named);
      }),
    );
  });

  it('of a statistic are refused too', () => {
    expect(() => bootstrapInterval([1, 2], { statistic: () => Number.NaN })).toThrow(badValues(/statistic/));
  });

  it('are no ranks, outcomes or embeddings', async () => {
    const ranks = Float64Array.of(1, Number.NaN) as unknown as Uint32Array;
    expect(() => retrievalMetrics(ranks)).toThrow(badValues(/rank 1 is NaN/));
    expect(() => reliability([0.5], [0.5])).toThrow(badValues(/Outcome 0 is 0.5/));
    const engine = await createEngine();
    const sound = matrix(2, 1, Float32Array.of(1, 1));
    const wrong = matrix(2, 1, Float32Array.of(1, Number.NaN));
    const own = Uint32Array.of(0, 1);
    await expect(captionRanks(engine, sound, wrong, own)).rejects.toMatchObject(badValues(/Row 1.*caption/));
    await expect(captionRanks(engine, wrong, sound, own)).rejects.toMatchObject(badValues(/Row 1.*image/));
    const corrections = { images: Float32Array.of(0, Number.NaN) };
    await expect(captionRanks(engine, sound, sound, own, corrections)).rejects.toMatchObject(
      badValues(/item 1 is NaN/),
    );
    await engine.close();
  });

  it('are no categories', async () => {
    const scorer = matrixScorer(matrix(1, 2, Float32Array.of(1, 2)));
    for (const wrong of [Number.NaN, -1, 0.5]) {
      await expect(categoryResults(scorer, [wrong], [0, 1])).rejects.toMatchObject(
        badValues(/category of query 0/),
      );
      await expect(categoryResults(scorer, [0], [0, wrong])).rejects.toMatchObject(
        badValues(/category of item 1/),
      );
    }
  });
});

it('takes categories of any size', async () => {
  const scorer = matrixScorer(matrix(1, 2, Float32Array.of(1, 2)));
  const { averagePrecision } = await categoryResults(scorer, [4_000_000_000], [7, 4_000_000_000]);
  expect([...averagePrecision]).toEqual([1]);
});

describe('options out of range', () => {
  const scorer = matrixScorer(matrix(1, 2, Float32Array.of(1, 2)));
  const truth = indexRows([[0]]);
  it.each([0, 1, 95, -0.5, Number.NaN, '0.95' as unknown as number])('confidence %s', (confidence) => {
    expect(() => bootstrapInterval([1, 2], { confidence })).toThrow(
      usage(/confidence must be a number above 0/),
    );
    expect(() => pairedTest([1, 2], [1, 3], { confidence })).toThrow(usage(/confidence/));
  });
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    '%s of what is counted from 1',
    async (count) => {
      expect(() => bootstrapInterval([1, 2], { resamples: count })).toThrow(usage(/resamples/));
      expect(() => pairedTest([1, 2], [1, 3], { resamples: count })).toThrow(usage(/resamples/));
      expect(() => reliability([0.5], [1], { bins: count })).toThrow(usage(/bins/));
      expect(() => recallAt(Uint32Array.of(1), count)).toThrow(usage(/k must/));
      expect(() => chanceRetrieval(truth, count)).toThrow(usage(/items/));
      expect(() => chanceTags(truth, count)).toThrow(usage(/vocabulary/));
      expect(() => chanceAveragePrecision(count, 3)).toThrow(usage(/relevant/));
      expect(() => tagVocabulary([], { minimumPictures: count })).toThrow(usage(/minimumPictures/));
      expect(() => tagTruth([], [], { minimumCaptions: count })).toThrow(usage(/minimumCaptions/));
      await expect(tagResults(scorer, truth, { k: count })).rejects.toMatchObject(usage(/k must/));
      await expect(categoryResults(scorer, [0], [0, 1], { k: count })).rejects.toMatchObject(usage(/k must/));
    },
  );
  it('names that are misspelt', async () => {
    const wrong = { resample: 10 } as object;
    expect(() => bootstrapInterval([1], wrong)).toThrow(usage(/no option "resample"/));
    expect(() => pairedTest([1], [1], wrong)).toThrow(usage(/no option "resample"/));
    expect(() => reliability([1], [1], { bin: 3 } as object)).toThrow(usage(/no option "bin"/));
    await expect(tagResults(scorer, truth, { K: 3 } as object)).rejects.toMatchObject(usage(/no option "K"/));
  });
});

describe('items that do not exist', () => {
  it('have no rank', () => {
    const scores = Float32Array.of(3, 2, 1);
    expect(() => relevantRanks(scores, Uint32Array.of(0, 3))).toThrow(badValues(/Item 3.*3 items/));
    expect(() => relevantRanks(scores, [-1] as unknown as Uint32Array)).toThrow(badValues(/Item -1/));
    expect(() => relevantRanks(scores, Uint32Array.of(1, 0, 1))).toThrow(badValues(/more than once/));
  });

  it('cannot be right, nor given', () => {
    const truth = indexRows([[0], [5]]);
    expect(() => chanceRetrieval(truth, 5)).toThrow(badValues(/row 1 holds 5/));
    expect(() => chanceTags(truth, 5)).toThrow(badValues(/row 1 holds 5/));
    const given = { count: 1, indices: Uint32Array.of(0, 5), scores: new Float32Array(2) };
    expect(() => wordMetrics(given, indexRows([[0], [1]]), 5)).toThrow(badValues(/word 5/));
    expect(() => wordMetrics({ ...given, indices: Uint32Array.of(0, 1) }, truth, 5)).toThrow(
      badValues(/holds 5/),
    );
  });
});

it('gives no number where there is no query', () => {
  expect(chanceRetrieval(indexRows([[]]), 5)).toMatchObject({
    'recall@1': Number.NaN,
    medianRank: Number.NaN,
  });
  expect(chanceTags(indexRows([[]]), 5)).toMatchObject({ 'recall@5': Number.NaN, map: Number.NaN });
});

it('finds nothing by embeddings that are all the same, with every engine', async () => {
  for (const name of ['auto', 'wasm', 'reference'] as const) {
    const engine = await createEngine(name);
    for (const k of [3, 77, 256]) {
      const one = Float32Array.from({ length: k }, (_, i) => Math.sin(i + 1) / Math.sqrt(k / 2));
      const same = (rows: number) =>
        matrix(
          rows,
          k,
          Float32Array.from({ length: rows * k }, (_, i) => one[i % k]!),
        );
      const pictureOf = Uint32Array.from({ length: 505 }, (_, caption) => Math.floor(caption / 5));
      const ranks = await captionRanks(engine, same(101), same(505), pictureOf);
      expect(new Set(ranks.textToImage)).toEqual(new Set([101]));
      expect(new Set(ranks.imageToText)).toEqual(new Set([501]));
      const { data } = await innerProductScorer(engine, same(1), same(101)).block(0, 1);
      expect(new Set(data).size).toBe(1);
    }
    await engine.close();
  }
});
