import { expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { matrix, referenceEngine } from '../../src/linalg/index.ts';
import {
  compareQuality,
  type Evaluation,
  evaluateModel,
  qualityIntervals,
  RECIPES,
  train,
} from '../../src/pipeline/index.ts';

const engine = referenceEngine();
const WORDS = ['dog', 'cat', 'boat', 'tree', 'horse', 'lamp'];

async function evaluation(noise: number): Promise<Evaluation> {
  const random = createRandom(2);
  const n = 150;
  const data = new Float32Array(n * WORDS.length);
  const captions = Array.from({ length: n }, (_, i) => {
    const own = [random.integer(WORDS.length), random.integer(WORDS.length)];
    for (let j = 0; j < WORDS.length; j++)
      data[i * WORDS.length + j] = (own.includes(j) ? 1 : 0) + noise * random.normal();
    return [`a ${WORDS[own[0]!]} and a ${WORDS[own[1]!]}`, `${WORDS[own[0]!]}`];
  });
  const part = (from: number, to: number) =>
    matrix(to - from, WORDS.length, data.slice(from * WORDS.length, to * WORDS.length));
  const model = await train(
    {
      encoder: { id: 'test', size: WORDS.length, blocks: [{ name: 'features', size: WORDS.length }] },
      captions: captions.slice(0, 100),
      features: () => [part(0, 100)],
    },
    { ...RECIPES.default!, text: ['words'] },
    { engine },
  );
  return evaluateModel(model, { features: part(100, 150), captions: captions.slice(100) }, engine);
}

it('has intervals around what was measured, the same for the same seed', async () => {
  const measured = await evaluation(0.3);
  const intervals = qualityIntervals(measured, { resamples: 300 });
  expect(intervals.imageToText['recall@1']!.estimate).toBeCloseTo(measured.imageToText['recall@1'], 9);
  expect(intervals.textToImage.medianRank!.estimate).toBe(measured.textToImage.medianRank);
  expect(intervals.imageToTag.map!.estimate).toBeCloseTo(measured.imageToTag.map, 9);
  expect(qualityIntervals(measured, { resamples: 300 })).toEqual(intervals);
  expect(qualityIntervals(measured, { resamples: 300, seed: 2 })).not.toEqual(intervals);
});

it('tells a worse model from a better one, and a model from itself not at all', async () => {
  const [good, bad] = [await evaluation(0.1), await evaluation(3)];
  const tests = compareQuality(good, bad);
  expect(tests.textToImage['recall@10']!.difference.low).toBeGreaterThan(0);
  expect(tests.textToImage['recall@10']!.pValue).toBeLessThan(0.01);
  expect(tests.textToImage).not.toHaveProperty('medianRank');
  const same = compareQuality(good, good);
  expect(same.imageToTag.map).toEqual({ difference: { estimate: 0, low: 0, high: 0 }, pValue: 1 });
});
