import { describe, expect, it } from 'vitest';
import { reliability } from '../../../src/evaluation/index.ts';
import { createRandom, matrix } from '../../../src/linalg/index.ts';
import { combinedScorer, fitTagCombination, indexRows, matrixScorer } from '../../../src/retrieval/index.ts';

const pictures = 300;
const words = 30;

/** Scores and words drawn with logit p = 1.5 log s_1 + 0.5 log s_2 + 1. */
function drawn(seed: number) {
  const random = createRandom(seed);
  const [a, b] = [new Float32Array(pictures * words), new Float32Array(pictures * words)];
  const right = Array.from({ length: pictures }, (_, picture) =>
    Array.from({ length: words }, (_, word) => word).filter((word) => {
      const p = picture * words + word;
      a[p] = random.uniform();
      b[p] = random.uniform();
      const logit = 1.5 * Math.log(Math.max(a[p]!, 1e-4)) + 0.5 * Math.log(Math.max(b[p]!, 1e-4)) + 1;
      return random.uniform() < 1 / (1 + Math.exp(-logit));
    }),
  );
  return {
    scorers: [matrixScorer(matrix(pictures, words, a)), matrixScorer(matrix(pictures, words, b))],
    right,
  };
}

describe('fitTagCombination', () => {
  it('recovers the weights that words were drawn with, and predicts new ones with the right probabilities', async () => {
    const held = drawn(1);
    const combination = await fitTagCombination(held.scorers, indexRows(held.right));
    expect(Math.abs(combination.weights[0]! - 1.5)).toBeLessThan(0.15);
    expect(Math.abs(combination.weights[1]! - 0.5)).toBeLessThan(0.15);
    expect(Math.abs(combination.intercept - 1)).toBeLessThan(0.15);
    const fresh = drawn(2);
    const { data } = await combinedScorer(fresh.scorers, combination).block(0, pictures);
    const outcomes = new Uint8Array(data.length);
    for (const [picture, right] of fresh.right.entries())
      for (const word of right) outcomes[picture * words + word] = 1;
    expect(reliability(data, outcomes).expectedCalibrationError).toBeLessThan(0.03);
  });

  it('listens to the scorer that knows, and hardly to noise', async () => {
    const held = drawn(3);
    const random = createRandom(4);
    const noise = Float32Array.from({ length: pictures * words }, () => random.uniform());
    const scorers = [...held.scorers, matrixScorer(matrix(pictures, words, noise))];
    const { weights } = await fitTagCombination(scorers, indexRows(held.right));
    expect(Math.abs(weights[2]!)).toBeLessThan(0.1);
  });

  it('ends where words are told apart perfectly, and for scores of 0', async () => {
    const scores = Float32Array.from({ length: 40 }, (_, p) => (p % 4 === 0 ? 1 : 0));
    const scorers = [matrixScorer(matrix(10, 4, scores))];
    const truth = indexRows(Array.from({ length: 10 }, () => [0]));
    const combination = await fitTagCombination(scorers, truth);
    const { data } = await combinedScorer(scorers, combination).block(0, 10);
    expect(data.every(Number.isFinite)).toBe(true);
    expect(data[0]).toBeGreaterThan(0.8);
    expect(data[1]).toBeLessThan(0.2);
  });

  it('scores a part of the pictures as it does all', async () => {
    const { scorers } = drawn(5);
    const combined = combinedScorer(scorers, { weights: [1, 2], intercept: 0 });
    const all = await combined.block(0, pictures);
    const part = await combined.block(7, 9);
    expect([...part.data]).toEqual([...all.data.subarray(7 * words, 9 * words)]);
  });

  it('names what does not fit', async () => {
    const { scorers, right } = drawn(6);
    const other = matrixScorer(matrix(2, 3, new Float32Array(6)));
    await expect(fitTagCombination([...scorers, other], indexRows(right))).rejects.toThrow(
      /2 pictures and 3/,
    );
    await expect(fitTagCombination(scorers, indexRows([[1]]))).rejects.toThrow(/300 pictures/);
    await expect(fitTagCombination([], indexRows([]))).rejects.toThrow(/no scorer/);
    expect(() => combinedScorer(scorers, { weights: [1], intercept: 0 })).toThrow(/weights of 1/);
  });
});
