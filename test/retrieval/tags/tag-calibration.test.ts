import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reliability } from '../../../src/evaluation/index.ts';
import { createRandom, matrix } from '../../../src/linalg/index.ts';
import {
  calibratedScorer,
  fitProbabilityCurve,
  fitTagCalibration,
  indexRows,
  matrixScorer,
  probabilityAt,
  tagLevel,
} from '../../../src/retrieval/index.ts';

/** Pictures whose right words are drawn with probabilities that are another function of the score in each half. */
function drawn(pictures: number, words: number, seed: number) {
  const random = createRandom(seed);
  const scores = matrix(pictures, words, new Float32Array(pictures * words));
  const right = Array.from({ length: pictures }, (_, picture) =>
    Array.from({ length: words }, (_, word) => word).filter((word) => {
      const score = random.uniform();
      scores.data[picture * words + word] = score;
      return random.uniform() < (word < words / 2 ? score : score ** 4);
    }),
  );
  return { scorer: matrixScorer(scores), scores, right };
}

const words = 40;
/** Words of the first half occur in 500 training pictures and more, the others in fewer than 40. */
const frequencies = Uint32Array.from({ length: words }, (_, word) => (word < 20 ? 540 - word : 59 - word));

describe('fitProbabilityCurve', () => {
  it('finds the shares of right ones among scores of three kinds', () => {
    // By hand: at 0 one of 100 is right, at 0.5 one of 4, at 1 nine of 10.
    const right = new Float32Array(116);
    right.fill(0.5, 1, 26).fill(1, 26);
    const wrong = new Float32Array(184);
    wrong.fill(0.5, 99, 174).fill(1, 174);
    const curve = fitProbabilityCurve(right, wrong);
    expect(probabilityAt(curve, 0)).toBeCloseTo(0.01, 9);
    expect(probabilityAt(curve, 0.5)).toBeCloseTo(0.25, 9);
    expect(probabilityAt(curve, 0.75)).toBeCloseTo(0.575, 9);
    expect(probabilityAt(curve, 1)).toBeCloseTo(0.9, 9);
    expect(probabilityAt(curve, -5)).toBeCloseTo(0.01, 9);
    expect(probabilityAt(curve, 5)).toBeCloseTo(0.9, 9);
  });

  it('never falls and stays within 0..1', () => {
    const score = fc.float({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 200 }),
        fc.array(score, { maxLength: 200 }),
        fc.array(score, { minLength: 2, maxLength: 20 }),
        (right, wrong, probes) => {
          const curve = fitProbabilityCurve(Float32Array.from(right), Float32Array.from(wrong));
          const found = probes.toSorted((a, b) => a - b).map((probe) => probabilityAt(curve, probe));
          for (const [i, probability] of found.entries()) {
            expect(probability).toBeGreaterThanOrEqual(i === 0 ? 0 : found[i - 1]!);
            expect(probability).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it('keeps the order of scores that calibration data tell apart', () => {
    const random = createRandom(3);
    const all = Array.from({ length: 4000 }, () => random.uniform());
    const isRight = all.map((score) => random.uniform() < score);
    const curve = fitProbabilityCurve(
      Float32Array.from(all.filter((_, i) => isRight[i])),
      Float32Array.from(all.filter((_, i) => !isRight[i])),
    );
    for (let score = 0.01; score < 0.98; score += 0.01) {
      expect(probabilityAt(curve, score + 0.01)).toBeGreaterThan(probabilityAt(curve, score));
      expect(Math.abs(probabilityAt(curve, score) - score)).toBeLessThan(0.12);
    }
  });

  it('says 0 when nothing was seen', () => {
    expect(probabilityAt(fitProbabilityCurve(new Float32Array(0), new Float32Array(0)), 0.5)).toBe(0);
  });
});

describe('fitTagCalibration', () => {
  it('makes scores of frequent and rare words the probabilities that they were drawn with', async () => {
    const held = drawn(400, words, 1);
    const fresh = drawn(400, words, 2);
    const calibration = await fitTagCalibration(held.scorer, indexRows(held.right), frequencies, {
      bands: 7,
    });
    const { data } = await calibratedScorer(fresh.scorer, calibration, frequencies).block(0, 400);
    const outcomes = new Uint8Array(data.length);
    for (const [picture, right] of fresh.right.entries())
      for (const word of right) outcomes[picture * words + word] = 1;
    expect(reliability(fresh.scores.data, outcomes).expectedCalibrationError).toBeGreaterThan(0.1);
    expect(reliability(data, outcomes).expectedCalibrationError).toBeLessThan(0.03);
    // Each half on its own, too: one curve for all words would fail here.
    for (const half of [0, 20]) {
      const at = Array.from(data.keys()).filter((i) => i % words >= half && i % words < half + 20);
      const own = reliability(
        at.map((i) => data[i]!),
        at.map((i) => outcomes[i]!),
      );
      expect(own.expectedCalibrationError).toBeLessThan(0.05);
    }
  });

  it('survives being stored as JSON', async () => {
    const held = drawn(100, words, 3);
    const calibration = await fitTagCalibration(held.scorer, indexRows(held.right), frequencies);
    const stored = JSON.parse(JSON.stringify(calibration));
    const before = await calibratedScorer(held.scorer, calibration, frequencies).block(0, 100);
    expect(await calibratedScorer(held.scorer, stored, frequencies).block(0, 100)).toEqual(before);
  });

  it('names what does not fit', async () => {
    const held = drawn(5, words, 4);
    const truth = indexRows(held.right);
    await expect(fitTagCalibration(held.scorer, truth, [1, 2])).rejects.toThrow(/40 words .* of 2/);
    await expect(fitTagCalibration(held.scorer, indexRows([[1]]), frequencies)).rejects.toThrow(/5 pictures/);
    const none = indexRows(Array.from({ length: 5 }, () => []));
    await expect(fitTagCalibration(held.scorer, none, frequencies)).rejects.toThrow(/no.*right tag/i);
  });
});

describe('tagLevel', () => {
  it('parts probabilities at 0.6 and 0.3', () => {
    expect([0.95, 0.6, 0.59, 0.3, 0.29, 0].map(tagLevel)).toEqual([
      'high',
      'high',
      'medium',
      'medium',
      'low',
      'low',
    ]);
  });
});
