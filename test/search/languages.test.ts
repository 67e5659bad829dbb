import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CovistaError } from '../../src/base/errors.ts';
import { type EmojiSet, loadEmoji } from '../../src/datasets/index.ts';
import { type Engine, wasmEngine } from '../../src/linalg/index.ts';
import { embedTexts, RECIPES, type Recipe, runExperiment } from '../../src/pipeline/index.ts';

// Fetched from the npm registry at first use: without a network there is nothing to learn from.
const load = (language: string) =>
  loadEmoji({ language }).catch((error: unknown) => {
    if (error instanceof CovistaError && error.code === 'network') return undefined;
    throw error;
  });
const sets = { de: await load('de'), zh: await load('zh') };

let engine: Engine;
beforeAll(async () => {
  engine = await wasmEngine();
});
afterAll(() => engine.close());

const SIDE = 16;
const recipe: Recipe = { ...RECIPES.default!, text: ['words'], dimensions: 100 };

/** Animals, food and things by four artists: the pixels of small drawings are the features. */
async function learn(language: string, emoji: EmojiSet) {
  const wanted = /^(?:animals-nature|food-drink|objects)$/;
  const pictures = emoji.pictures.filter(({ concept }) => wanted.test(emoji.concepts[concept]!.group));
  const rows = await Promise.all(
    pictures.map(({ svg }) =>
      sharp(Buffer.from(svg))
        .resize(SIDE, SIDE)
        .flatten({ background: '#fff' })
        .removeAlpha()
        .raw()
        .toBuffer(),
    ),
  );
  const columns = SIDE * SIDE * 3;
  const data = Float32Array.from(rows.flatMap((row) => [...row]));
  const positions = [...pictures.keys()];
  const isTested = (i: number) => pictures[i]!.artist === 'twemoji';
  const experiment = {
    encoder: { id: 'pixels', size: columns, blocks: [{ name: 'pixels', size: columns }] },
    features: { rows: rows.length, columns, data },
    captions: pictures.map(({ concept }) => [emoji.concepts[concept]!.words.join(', ')]),
    train: positions.filter((i) => !isTested(i)),
    validation: [],
    test: positions.filter(isTested),
  };
  return runExperiment(experiment, recipe, { engine, language });
}

describe.each(Object.entries(sets))(
  'tags of emoji in the language %s (need the npm registry once)',
  (language, emoji) => {
    it.skipIf(emoji === undefined)(
      'are learned, found in other spellings too, and given',
      async () => {
        const { model, evaluation } = await learn(language, emoji!);
        const { imageToText, textToImage, imageToTag, chance } = evaluation;
        // Of an artist that was never seen, by coarse pixels alone.
        expect(textToImage['recall@10']).toBeGreaterThan(5 * chance.textToImage['recall@10']);
        expect(imageToText['recall@10']).toBeGreaterThan(5 * chance.imageToText['recall@10']);
        expect(imageToTag.map).toBeGreaterThan(5 * chance.imageToTag.map);
        // Tags are words, not phrases or particles.
        const stop = language === 'de' ? ['und', 'mit', 'der'] : ['的', '和', '在'];
        for (const tag of model.tags) {
          expect(tag).not.toMatch(/[\s,]/);
          expect(stop).not.toContain(tag);
        }
        const expected = language === 'de' ? ['tier', 'fisch', 'baum'] : ['动物', '鱼', '树'];
        expect(model.tags).toEqual(expect.arrayContaining(expected));
        // Capitals and inflections in German, missing spaces in Chinese.
        const [words, same] = language === 'de' ? ['fisch tiere', 'Fische TIER'] : ['动物 鱼', '动物鱼'];
        const { data, columns } = await embedTexts(model, [words!, same!], engine);
        let cosine = 0;
        for (let c = 0; c < columns; c++) cosine += data[c]! * data[columns + c]!;
        expect(cosine).toBeGreaterThan(0.8);
      },
      60_000,
    );
  },
);
