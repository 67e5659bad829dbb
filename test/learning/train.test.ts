import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reliability } from '../../src/evaluation/index.ts';
import type { Engine, Matrix32 } from '../../src/linalg/index.ts';
import { createRandom, wasmEngine } from '../../src/linalg/index.ts';
import {
  evaluateModel,
  loadModel,
  type PairSource,
  type Recipe,
  recipeByName,
  saveModel,
  tagFeatures,
  train,
} from '../../src/pipeline/index.ts';
import { scratch } from '../cli/covista.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await wasmEngine();
});
afterAll(() => engine.close());

const SIZE = 16;
const recipe: Recipe = { ...recipeByName('default'), text: ['words'], dimensions: 16 };

/** Pictures of concepts that have words of their own, each drawn `copies` times; drawings tell nothing of the words. */
function drawings(concepts: number, copies: number): PairSource {
  const random = createRandom(5);
  const looks = Array.from({ length: concepts }, () =>
    Float32Array.from({ length: SIZE }, () => random.normal()),
  );
  const captions: string[][] = [];
  const data: number[] = [];
  for (let copy = 0; copy < copies; copy++)
    for (let concept = 0; concept < concepts; concept++) {
      captions.push([`word${concept % 40} word${(concept * 7) % 40} concept${concept}`]);
      for (const value of looks[concept]!) data.push(value + 0.01 * random.normal());
    }
  const features = { rows: captions.length, columns: SIZE, data: Float32Array.from(data) };
  const encoder = { id: 'test', size: SIZE, blocks: [{ name: 'all', size: SIZE }] };
  return { encoder, captions, features: () => [features] };
}

describe('the calibration of tags', () => {
  it('is learned on pictures whose captions were not learned from, so that copies do not make tags seem sure', async () => {
    const model = await train(drawings(301, 3), recipe, { engine });
    const random = createRandom(6);
    const unseen = Float32Array.from({ length: 50 * SIZE }, () => random.normal());
    const tags = await tagFeatures(model, { rows: 50, columns: SIZE, data: unseen }, 1, engine);
    // With copies of held-out pictures among those learned from, votes would all come true.
    for (const [best] of tags) expect(best!.score).toBeLessThan(0.5);
  });

  it('is judged by how frequent words are, too, each given tag once', async () => {
    const drawn = drawings(61, 10);
    const pairs = { ...drawn, captions: drawn.captions.map(([caption], i) => [`${caption} only${i}`]) };
    const model = await train(pairs, recipe, { engine });
    const [features] = pairs.features() as [Matrix32];
    const { calibration, calibrationByFrequency } = await evaluateModel(
      model,
      { features, captions: pairs.captions },
      engine,
    );
    const total = ({ bins }: Reliability) => bins.reduce((sum, { count }) => sum + count, 0);
    expect(total(calibration!)).toBe(5 * features.rows);
    expect(calibrationByFrequency.length).toBeGreaterThan(1);
    expect(calibrationByFrequency.reduce((sum, { reliability }) => sum + total(reliability), 0)).toBe(
      5 * features.rows,
    );
    const froms = calibrationByFrequency.map(({ from }) => from);
    expect(froms).toEqual(froms.toSorted((a, b) => b - a));
  });

  it('is left out where there are too few pictures', async () => {
    expect((await train(drawings(100, 1), recipe, { engine })).calibration).toBeUndefined();
  });
});

describe('direct scores of tags', () => {
  it('are learned beside the vote, and stored with the model and what captions of a picture agree on', async () => {
    const single = drawings(61, 10);
    // Two captions that share all words but one.
    const captions = single.captions.map(([caption], i) => [caption!, `${caption} extra${(i * 7919) % 11}`]);
    const pairs = { ...single, captions };
    const model = await train(pairs, recipe, { engine });
    expect(model.direct!.regression.weights.rows).toBe(model.tags.length);
    expect(model.direct!.combination.weights).toHaveLength(2);
    expect(model.direct!.combination.weights[0]).toBeGreaterThan(0.5);
    const agreed = model.bank!.pictures!.words.indices;
    expect(model.tags.filter((_, word) => agreed.includes(word)).some((tag) => tag.startsWith('extra'))).toBe(
      false,
    );
    const folder = await scratch();
    try {
      const file = join(folder, 'model.safetensors');
      await saveModel(file, model);
      const { model: loaded } = await loadModel(file, {
        wordVectors: () => Promise.reject(new Error('not asked for')),
      });
      const [features] = [...(pairs.features() as Iterable<Parameters<typeof tagFeatures>[1]>)];
      const tags = await tagFeatures(model, features!, 3, engine);
      const again = await tagFeatures(loaded, features!, 3, engine);
      const isRight = tags.map(([best], i) => captions[i]!.join(' ').split(' ').includes(best!.word));
      expect(isRight.filter((right) => right).length).toBeGreaterThan(0.9 * tags.length);
      for (const [i, [best]] of tags.entries()) {
        expect(again[i]![0]!.score).toBeCloseTo(best!.score, 1);
      }
      expect({ ...loaded.direct!.combination }).toEqual({ ...model.direct!.combination });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
