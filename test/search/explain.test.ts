import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceEngine, row } from '../../src/linalg/index.ts';
import {
  explainHits,
  explainTags,
  loadModel,
  type Model,
  type PictureIndex,
  RECIPES,
  type Recipe,
  type SearchQuery,
  saveModel,
  search,
  tagFeatures,
} from '../../src/pipeline/index.ts';
import { scratch } from '../cli/covista.ts';
import { indexThings, learnThings, picturesOfThings, thingVectors } from '../learning/things.ts';

const engine = referenceEngine();
const all = picturesOfThings(120);

const learn = (recipe: Recipe) => learnThings(all, recipe, engine);

const indexOf = (model: Model) => indexThings(all, model, engine);

/** All that a score was split into. */
const total = (hit: Awaited<ReturnType<typeof explainHits>>[number]) =>
  hit.parts.reduce(
    (sum, { constant, words }) => words.reduce((part, one) => part + one.contribution, sum + constant),
    hit.hubness,
  );

const QUERIES: SearchQuery[] = [
  { words: 'a dog' },
  { words: 'dog dogs near the water qqqxzzy' },
  { words: '2:dog man -grass "ball water"' },
  { words: 'man -"ball water" 0.5:"girl dog"' },
  { words: 'girl', picture: row(all.features, 3) as Float32Array },
  { picture: row(all.features, 5) as Float32Array },
];

describe.each(['article', 'default', 'joined'])('explanations of hits by the recipe %s', (name) => {
  let model: Model;
  let index: PictureIndex;

  beforeAll(async () => {
    const standard = RECIPES.default!;
    const terms = { stems: false, pairs: true, keepStopWords: true, characters: 4 };
    const joined = [{ terms, image: 'cube-root' as const }];
    model = await learn(name === 'joined' ? { ...standard, joined } : RECIPES[name]!);
    index = await indexOf(model);
  });

  it.each(QUERIES)('add up to the score for %o', async (query) => {
    const hits = await search(index, model, query, 20, engine);
    const explained = await explainHits(index, model, query, hits, engine);
    expect(explained).toHaveLength(20);
    for (const [i, hit] of explained.entries()) {
      expect(hit).toMatchObject(hits[i]!);
      expect(Math.abs(total(hit) - hit.score)).toBeLessThan(1e-4);
    }
  });

  it('name the tags that counted, unless a picture was asked for too', async () => {
    const tagged = async (query: SearchQuery) => {
      const hits = await search(index, model, query, 5, engine);
      const explained = await explainHits(index, model, query, hits, engine);
      return explained.flatMap(({ parts }) => parts.flatMap(({ words }) => words.map(({ tag }) => tag ?? 0)));
    };
    const counted = await tagged({ words: 'dog' });
    if (name === 'article') expect(counted).toEqual([0, 0, 0, 0, 0]);
    else {
      for (const tag of counted) expect(tag).toBeGreaterThan(0.1);
      // No caption says "watering", but its stem is that of a tag.
      for (const tag of await tagged({ words: 'watering' })) expect(tag).toBeGreaterThan(0.1);
    }
    const picture = row(all.features, 3) as Float32Array;
    expect(Math.max(...(await tagged({ words: 'dog', picture })))).toBe(0);
  });

  it('credit the words that are in the picture, and not those that are unknown', async () => {
    const query = { words: 'dog qqqxzzy' };
    const [best] = await explainHits(
      index,
      model,
      query,
      await search(index, model, query, 1, engine),
      engine,
    );
    const contribution = new Map(best!.parts[0]!.words.map((one) => [one.word, one.contribution]));
    expect(contribution.get('dog')).toBeGreaterThan(0.3);
    expect(contribution.get('qqqxzzy')).toBe(0);
  });
});

describe('training captions in explanations', () => {
  let model: Model;
  let folder: string;

  beforeAll(async () => {
    folder = await scratch();
    const file = join(folder, 'model.safetensors');
    await saveModel(file, await learn(RECIPES.default!));
    ({ model } = await loadModel(file, { wordVectors: thingVectors }));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are stored with the model, and those that carry a hit speak of the query', async () => {
    expect(model.bank!.texts).toEqual(all.captions.flat());
    const index = await indexOf(model);
    const query = { words: 'a dog in water' };
    const hits = await search(index, model, query, 1, engine);
    const [best] = await explainHits(index, model, query, hits, engine);
    expect(new Set(best!.captions.map(({ text }) => text)).size).toBe(3);
    for (const { text, toQuery } of best!.captions) {
      expect(text).toMatch(/dog|water/);
      expect(toQuery).toBeGreaterThan(0.5);
    }
  });

  it('hold the tag that they voted for, and their shares make up that of the tag', async () => {
    const tags = await tagFeatures(model, all.features, 3, engine);
    const explained = await explainTags(model, all.features, tags, engine);
    for (const tag of explained.flat()) {
      expect(tag.voters).toBeGreaterThan(0);
      expect(tag.share).toBeLessThanOrEqual(1 + 1e-5);
      for (const { text } of tag.captions) expect(model.text.words(text)).toContain(tag.word);
      const shown = tag.captions.reduce((sum, { share }) => sum + share, 0);
      expect(shown).toBeLessThanOrEqual(tag.share + 1e-6);
      if (tag.voters === tag.captions.length) expect(shown).toBeCloseTo(tag.share, 6);
    }
    // Without calibration, for which there are too few pictures, the share is the score.
    expect(explained[0]![0]!.share).toBeCloseTo(tags[0]![0]!.score, 5);
  });
});
