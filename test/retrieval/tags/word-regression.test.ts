import { describe, expect, it } from 'vitest';
import { matrix, referenceEngine } from '../../../src/linalg/index.ts';
import { selectRows } from '../../../src/linalg/matrix.ts';
import { regressionScorer, WordSums } from '../../../src/retrieval/index.ts';
import { densify, product, random32, randomSparse } from '../../linalg/plain.ts';

const engine = referenceEngine();
const features = random32(60, 5, 1);
// A mean far from zero, as activations of a network have.
for (let p = 0; p < features.data.length; p++) features.data[p]! += 30 + (p % 5);
const words = randomSparse(60, 7, 0.3, 2);

async function solved(ridge: number) {
  const sums = new WordSums(5, 7);
  await sums.add(engine, features, words);
  return sums.solve(engine, { ridge });
}

describe('WordSums', () => {
  it('gives the weights where the penalised squares are smallest: the gradient is 0', async () => {
    for (const ridge of [0, 0.3]) {
      const { weights } = await solved(ridge);
      const predicted = await regressionScorer(engine, features, await solved(ridge)).block(0, 60);
      const targets = densify(words).data;
      const mean = [0, 1, 2, 3, 4].map(
        (c) => features.data.reduce((sum, x, p) => sum + (p % 5 === c ? x : 0), 0) / 60,
      );
      const variance =
        features.data.reduce((sum, x, p) => sum + (x - mean[p % 5]!) ** 2, 0) / features.data.length;
      for (let word = 0; word < 7; word++) {
        let residuals = 0;
        const gradient = [0, 0, 0, 0, 0];
        for (let i = 0; i < 60; i++) {
          const residual = targets[i * 7 + word]! - predicted.data[i * 7 + word]!;
          residuals += residual;
          for (let c = 0; c < 5; c++)
            gradient[c]! += (residual * (features.data[i * 5 + c]! - mean[c]!)) / 60;
        }
        expect(residuals).toBeCloseTo(0, 3);
        for (let c = 0; c < 5; c++)
          expect(gradient[c]! - ridge * variance * weights.data[word * 5 + c]!).toBeCloseTo(0, 4);
      }
    }
  });

  it('recovers words that are a linear function of the features', async () => {
    const x = random32(40, 3, 3);
    const truth = matrix(3, 2, Float64Array.of(1, -2, 0.5, 0, 3, 1));
    const y = product(x, truth);
    const dense = {
      rows: 40,
      columns: 2,
      offsets: Uint32Array.from({ length: 41 }, (_, i) => 2 * i),
      indices: Uint32Array.from({ length: 80 }, (_, i) => i % 2),
      values: Float32Array.from(y.data, (value) => value + 0.25),
    };
    const sums = new WordSums(3, 2);
    await sums.add(engine, x, dense);
    const { weights, intercepts } = await sums.solve(engine, { ridge: 0 });
    for (let word = 0; word < 2; word++) {
      expect(intercepts[word]).toBeCloseTo(0.25, 5);
      for (let c = 0; c < 3; c++)
        expect(weights.data[word * 3 + c]).toBeCloseTo(truth.data[c * 2 + word]!, 5);
    }
  });

  it('adds up over batches', async () => {
    const sums = new WordSums(5, 7);
    for (const [from, to] of [
      [0, 13],
      [13, 13],
      [13, 60],
    ] as const) {
      const rows = Array.from({ length: to - from }, (_, i) => from + i);
      const start = words.offsets[from]!;
      await sums.add(engine, selectRows(features, rows), {
        rows: to - from,
        columns: 7,
        offsets: words.offsets.slice(from, to + 1).map((offset) => offset - start),
        indices: words.indices.slice(start, words.offsets[to]),
        values: words.values.slice(start, words.offsets[to]),
      });
    }
    expect(sums.count).toBe(60);
    const batched = await sums.solve(engine, { ridge: 0.3 });
    const once = await solved(0.3);
    once.weights.data.forEach((weight, p) => {
      expect(batched.weights.data[p]).toBeCloseTo(weight, 5);
    });
  });

  it('expects of every word its mean when the ridge is very large', async () => {
    const { data } = await regressionScorer(engine, features, await solved(1e9)).block(0, 60);
    for (let word = 0; word < 7; word++) {
      const mean = densify(words).data.reduce((sum, value, p) => sum + (p % 7 === word ? value : 0), 0) / 60;
      for (let i = 0; i < 60; i++) expect(data[i * 7 + word]).toBeCloseTo(mean, 4);
    }
  });

  it('names what is wrong with its input', async () => {
    const sums = new WordSums(5, 7);
    await expect(sums.solve(engine)).rejects.toThrow(/two pictures or more, got 0/);
    await expect(sums.add(engine, random32(60, 4, 1), words)).rejects.toThrow(/60 x 4/);
    const broken = random32(60, 5, 1);
    broken.data[7] = Number.NaN;
    await expect(sums.add(engine, broken, words)).rejects.toThrow(/Column 2/);
    await sums.add(engine, features, words);
    await expect(sums.solve(engine, { ridge: -1 })).rejects.toThrow(/ridge/);
  });
});
