import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRandom, referenceEngine, zeros32 } from '../../src/linalg/index.ts';
import { embedTexts, loadModel, OWN_VECTORS, RECIPES, saveModel, train } from '../../src/pipeline/index.ts';
import { scratch } from '../cli/covista.ts';

const engine = referenceEngine();
const THINGS = ['hund', 'katze', 'boot', 'baum', 'fahrrad', 'pferd'];

it('word vectors trained on the captions are stored with the model, which needs no others', async () => {
  const random = createRandom(5);
  const n = 120;
  const features = zeros32(n, THINGS.length);
  const captions = Array.from({ length: n }, (_, i) => {
    const things = [random.integer(THINGS.length), random.integer(THINGS.length)];
    for (const thing of things) features.data[i * THINGS.length + thing] = 1 + 0.2 * random.normal();
    return things.map((thing) => `ein ${THINGS[thing]} steht auf der Wiese`);
  });
  const model = await train(
    {
      encoder: { id: 'test', size: THINGS.length, blocks: [{ name: 'features', size: THINGS.length }] },
      captions,
      features: () => [features],
    },
    RECIPES.default!,
    { engine, vectors: OWN_VECTORS, language: 'de' },
  );
  expect(model.text.wordVectors?.vector('hund')).toBeDefined();

  const folder = await scratch();
  try {
    const file = join(folder, 'model.safetensors');
    await saveModel(file, model);
    const loaded = await loadModel(file, {
      wordVectors: () => Promise.reject(new Error('no file of word vectors is needed')),
    });
    const queries = ['ein Hund auf der Wiese', 'Boot', 'unbekannt'];
    expect(await embedTexts(loaded.model, queries, engine)).toEqual(await embedTexts(model, queries, engine));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
