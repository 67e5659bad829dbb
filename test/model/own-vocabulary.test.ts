import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openWordVectors } from '../../src/encoders/index.ts';
import { createRandom, type Matrix32, referenceEngine, zeros32 } from '../../src/linalg/index.ts';
import {
  bestTags,
  embedPictures,
  type Model,
  RECIPES,
  tagFeatures,
  tagsWithPhrases,
  train,
  vocabularyScorer,
} from '../../src/pipeline/index.ts';
import { parseVocabulary } from '../../src/retrieval/index.ts';

const engine = referenceEngine();
const GLOVE = resolve(import.meta.dirname, '../fixtures/word-vectors/glove-50.txt');
const THINGS = ['dog', 'man', 'girl', 'water', 'tennis ball'];
const SIZE = THINGS.length;

let model: Model;
let features: Matrix32;
let shown: number[];

beforeAll(async () => {
  const random = createRandom(3);
  features = zeros32(100, SIZE);
  shown = Array.from({ length: 100 }, (_, i) => i % SIZE);
  for (let p = 0; p < features.data.length; p++)
    features.data[p] = (p % SIZE === shown[Math.floor(p / SIZE)] ? 1 : 0) + 0.1 * random.normal();
  model = await train(
    {
      encoder: { id: 'test', size: SIZE, blocks: [{ name: 'features', size: SIZE }] },
      captions: shown.map((thing) => [`a ${THINGS[thing]} is here`, `one ${THINGS[thing]}`]),
      features: () => [features],
    },
    RECIPES.default!,
    { engine, wordVectors: await openWordVectors(GLOVE) },
  );
});

async function scoresIn(text: string) {
  const pictures = await embedPictures(model, features, engine);
  const { scorer, names, unknown } = await vocabularyScorer(
    model,
    parseVocabulary(text, 'words'),
    pictures,
    engine,
  );
  const { data } = await scorer.block(0, 100);
  const score = (picture: number, name: string) => data[picture * names.length + names.indexOf(name)]!;
  return { scorer, names, unknown, score };
}

describe('a vocabulary of one’s own', () => {
  it('keeps the scores of tags that the model has', async () => {
    const { scorer, names } = await scoresIn('dog\nman\ngirl\nwater');
    const own = await bestTags(model, scorer, names, 1);
    const tags = await tagFeatures(model, features, 1, engine);
    for (const [i, [best]] of own.entries())
      if (shown[i]! < 4) expect(best).toEqual({ word: THINGS[shown[i]!], score: tags[i]![0]!.score });
  });

  it('gives phrases by the captions that hold them', async () => {
    expect(tagsWithPhrases(model).names).toContain('tennis ball');
    const { score } = await scoresIn('tennis ball\ndog');
    expect(score(4, 'tennis ball')).toBeGreaterThan(0.5);
    expect(score(0, 'tennis ball')).toBeLessThan(0.2);
  });

  it('judges words of no caption by their vectors, and names those that nothing is known of', async () => {
    expect(model.tags).not.toContain('woman');
    const { score, unknown } = await scoresIn('woman\nqqxzy');
    expect(unknown).toEqual(['qqxzy']);
    expect(score(1, 'woman')).toBeGreaterThan(score(3, 'woman'));
    expect(score(1, 'woman')).toBeLessThanOrEqual(1);
    expect(score(1, 'qqxzy')).toBe(0);
    await expect(scoresIn('qqxzy')).rejects.toThrow(/None of the 1 words/);
  });

  it('makes names at least as probable as those under them', async () => {
    const { score, unknown } = await scoresIn('qqxzy\n  dog\n  girl\nmammal/dog');
    expect(unknown).toEqual([]);
    for (let picture = 0; picture < 100; picture++) {
      const best = Math.max(score(picture, 'dog'), score(picture, 'girl'));
      expect(score(picture, 'qqxzy')).toBe(best);
      expect(score(picture, 'mammal')).toBeGreaterThanOrEqual(score(picture, 'dog'));
    }
  });
});
