/**
 * What the tags that a query names add to search by words, by their weight, on collections of several kinds: a fifth of
 * the training pairs is held out, pictures of the same captions together.
 *
 *     node bench/quality/search-tags.ts [--only emoji]
 */
import { parseArgs } from 'node:util';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import { joinRows, type Matrix32, selectRows } from '../../src/linalg/matrix.ts';
import { defaultWordVectors } from '../../src/models/index.ts';
import { evaluateModel, type Model, type PairSource, RECIPES, train } from '../../src/pipeline/index.ts';
import { captionGroups } from '../../src/pipeline/train.ts';
import { cocoMini, emoji, flickr8k } from './collections.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const WEIGHTS = [0, 0.1, 0.2, 0.4, 0.8];
const engine = await createEngine();
const wordVectors = await defaultWordVectors();

const withWeight = (model: Model, search: number): Model => ({
  ...model,
  recipe: { ...model.recipe, tags: { ...model.recipe.tags, search } as Model['recipe']['tags'] },
});

async function measure(name: string, pairs: PairSource, most = Number.POSITIVE_INFINITY): Promise<void> {
  const parts: Matrix32[] = [];
  for await (const part of pairs.features()) parts.push(part);
  const features = joinRows(parts);
  const groups = captionGroups(pairs.captions);
  const rows = Array.from(groups.keys());
  const test = rows.filter((i) => groups[i]! % 5 === 0);
  const kept = rows.filter((i) => groups[i]! % 5 !== 0);
  const step = Math.max(1, kept.length / most);
  const learned = Array.from(
    { length: Math.floor(kept.length / step) },
    (_, i) => kept[Math.floor(i * step)]!,
  );
  const model = await train(
    {
      encoder: pairs.encoder,
      captions: learned.map((i) => pairs.captions[i]!),
      features: () => [selectRows(features, learned)],
    },
    RECIPES.default!,
    { engine, wordVectors },
  );
  for (const weight of WEIGHTS) {
    const set = { features: selectRows(features, test), captions: test.map((i) => pairs.captions[i]!) };
    const { textToImage, tagToImage } = await evaluateModel(withWeight(model, weight), set, engine);
    const recalls = [1, 5, 10].map((k) => textToImage[`recall@${k as 1 | 5 | 10}`].toFixed(1)).join(' / ');
    const words = `${tagToImage['precision@10'].toFixed(1)} / ${tagToImage.map.toFixed(1)}`;
    console.log(`| ${name} | ${learned.length} | ${weight} | ${recalls} | ${words} |`);
  }
}

console.log('| collection | pairs | weight | text to image | tag to image |');
console.log('| --- | ---: | ---: | --- | --- |');
try {
  for (const [name, pairs] of Object.entries({ 'COCO-mini': cocoMini, Emoji: emoji, Flickr8k: flickr8k })) {
    if (!name.toLowerCase().includes(values.only)) continue;
    const source = await pairs();
    await measure(name, source);
    for (const most of [1000, 300]) if (source.captions.length > 2 * most) await measure(name, source, most);
  }
} finally {
  await engine.close();
}
