import { describe, expect, it } from 'vitest';
import { bootstrapInterval, pairedTest, reliability } from '../../../src/evaluation/index.ts';
import { createRandom } from '../../../src/linalg/index.ts';

function draws(length: number, seed: number): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length }, () => random.normal());
}

describe('bootstrapInterval', () => {
  it('comes close to the normal interval of a mean', () => {
    const values = draws(1000, 3);
    const { estimate, low, high } = bootstrapInterval(values);
    expect(estimate).toBeCloseTo(values.reduce((a, b) => a + b) / 1000, 12);
    // 1.96 standard errors of unit variance at n = 1000: 0.062.
    expect(estimate - low).toBeGreaterThan(0.05);
    expect(estimate - low).toBeLessThan(0.075);
    expect(high - estimate).toBeGreaterThan(0.05);
    expect(high - estimate).toBeLessThan(0.075);
  });

  it('covers the truth about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { low, high } = bootstrapInterval(draws(60, 100 + trial), { resamples: 300, seed: trial });
      if (low <= 0 && 0 <= high) covered++;
    }
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  it('is the same for the same seed and differs for another', () => {
    const values = draws(50, 1);
    expect(bootstrapInterval(values, { seed: 4 })).toEqual(bootstrapInterval(values, { seed: 4 }));
    expect(bootstrapInterval(values, { seed: 4 }).low).not.toBe(bootstrapInterval(values, { seed: 5 }).low);
  });

  it('is wider when values of one unit repeat each other', () => {
    const units = Uint32Array.from({ length: 500 }, (_, i) => Math.floor(i / 5));
    const values = Float64Array.from(draws(100, 8), (value) => value);
    const repeated = Float64Array.from(units, (unit) => values[unit]!);
    const wide = bootstrapInterval(repeated, { units });
    const narrow = bootstrapInterval(repeated);
    // Five copies of each value: sqrt(5) times the width.
    const ratio = (wide.high - wide.low) / (narrow.high - narrow.low);
    expect(ratio).toBeGreaterThan(1.9);
    expect(ratio).toBeLessThan(2.6);
  });

  it('estimates other statistics, and refuses nothing at all', () => {
    const { estimate } = bootstrapInterval([1, 2, 9], { statistic: (sample) => Math.max(...sample) });
    expect(estimate).toBe(9);
    expect(() => bootstrapInterval([])).toThrow(/no results/);
    expect(() => bootstrapInterval([1, 2], { units: Uint32Array.of(0) })).toThrow(/2 results .* 1/);
  });
});

describe('pairedTest', () => {
  it('gives exact probabilities where the arrangements can be counted', () => {
    // Five differences of one sign: 2 of 32 arrangements are as extreme.
    const { pValue, difference } = pairedTest([1, 1, 1, 1, 1], [0, 0, 0, 0, 0], { resamples: 20_000 });
    expect(pValue).toBeGreaterThan(0.0625 - 0.007);
    expect(pValue).toBeLessThan(0.0625 + 0.007);
    expect(difference.estimate).toBe(1);
  });

  it('finds nothing between a system and itself, and much where there is much', () => {
    const a = draws(400, 1);
    expect(pairedTest(a, a).pValue).toBe(1);
    const better = a.map((value, i) => value + 0.3 + 0.2 * draws(400, 2)[i]!);
    const test = pairedTest(better, a);
    expect(test.pValue).toBeLessThan(0.001);
    expect(test.difference.low).toBeGreaterThan(0.2);
  });

  it('rejects equal systems about as rarely as it should', () => {
    let rejected = 0;
    for (let trial = 0; trial < 200; trial++) {
      const test = pairedTest(draws(30, 2 * trial), draws(30, 2 * trial + 1), {
        resamples: 200,
        seed: trial,
      });
      if (test.pValue <= 0.05) rejected++;
    }
    expect(rejected).toBeLessThan(24);
  });

  it('refuses results of different queries', () => {
    expect(() => pairedTest([1], [1, 2])).toThrow(/1 results with 2/);
  });
});

describe('reliability', () => {
  it('measures a small example worked out by hand', () => {
    const { bins, expectedCalibrationError } = reliability([0.1, 0.3, 0.9, 1], [0, 1, 1, 1], { bins: 2 });
    expect(bins.map((bin) => bin.count)).toEqual([2, 2]);
    expect(bins[0]!.probability).toBeCloseTo(0.2, 12);
    expect(bins[0]!.frequency).toBe(0.5);
    expect(bins[1]!.probability).toBeCloseTo(0.95, 12);
    expect(expectedCalibrationError).toBeCloseTo(0.5 * 0.3 + 0.5 * 0.05, 12);
  });

  it('is near 0 for outcomes drawn with the predicted probabilities', () => {
    const random = createRandom(9);
    const probabilities = Float64Array.from({ length: 20_000 }, () => random.uniform());
    const outcomes = probabilities.map((probability) => Number(random.uniform() < probability));
    expect(reliability(probabilities, outcomes).expectedCalibrationError).toBeLessThan(0.02);
    const overconfident = probabilities.map((probability) => Math.sqrt(probability));
    expect(reliability(overconfident, outcomes).expectedCalibrationError).toBeGreaterThan(0.1);
  });

  it('refuses what is not a probability', () => {
    expect(() => reliability([1.2], [1])).toThrow(/1.2/);
    expect(() => reliability([0.5], [])).toThrow(/1 probabilities .* 0/);
    expect(() => reliability([], [])).toThrow(/no predictions/);
  });
});
