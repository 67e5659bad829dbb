/**
 * Forms of similarity, and ways to correct hubs, on a fold of Flickr8k's training photos and the default recipe: also
 * with a bank of queries from another domain, the words of emoji.
 *
 *     node bench/quality/similarity.ts [--seed 1]
 */
import { parseArgs } from 'node:util';
import { project, type Similarity, similarityEmbeddings } from '../../src/cca/index.ts';
import { loadEmoji } from '../../src/datasets/index.ts';
import { defaultWordVectors } from '../../src/encoders/index.ts';
import { captionRanks, firstRanks, pictureOfCaption, recallAt } from '../../src/evaluation/index.ts';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import { type Matrix32, selectRows } from '../../src/linalg/matrix.ts';
import { imageRows } from '../../src/model/model.ts';
import { RECIPES, type Recipe, train } from '../../src/pipeline/index.ts';
import {
  bankCorrection,
  dynamicInvertedSoftmax,
  innerProductScorer,
  neighbourCorrection,
  transposeIndexRows,
} from '../../src/retrieval/index.ts';
import { flickr8kFold } from './flickr8k-fold.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const recipe: Recipe = { ...RECIPES.default!, tags: { method: 'nearest' } };
const engine = await createEngine();
const wordVectors = await defaultWordVectors();
const { features, captions, train: rows, test, encoder } = await flickr8kFold(Number(values.seed));
const model = await train(
  {
    encoder,
    captions: rows.map((i) => captions[i]!),
    features: () => [selectRows(features, rows)],
  },
  recipe,
  { engine, wordVectors },
);
const { correlations } = model.space;
const pictureOf = Uint32Array.from(test.flatMap((i, picture) => captions[i]!.map(() => picture)));
const emoji = await loadEmoji();

/** Variates of pictures and captions: those tested on, those of the bank, and the words of emoji. */
const pictures = (some: readonly number[]) =>
  project(model.space, 0, [imageRows(recipe, selectRows(features, some))], { engine });
const texts = async (some: readonly string[]) =>
  project(model.space, 1, await model.text.encode(some), { engine });
const bankRows = rows.filter((_, i) => i % 2 === 0);
const variates = {
  pictures: await pictures(test),
  captions: await texts(test.flatMap((i) => captions[i]!)),
  bankPictures: await pictures(bankRows),
  bankCaptions: await texts(bankRows.map((i) => captions[i]![0]!)),
  emoji: await texts(emoji.concepts.map(({ words }) => words.join(', '))),
};

const mean = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
function print(name: string, imageToText: Uint32Array, textToImage: Uint32Array): void {
  const both = [imageToText, textToImage].map((ranks) => [1, 5, 10].map((k) => recallAt(ranks, k)));
  const cells = both.map((some) => some.map((value) => value.toFixed(1)).join(' / '));
  console.log(`| ${name} | ${mean(both.flat()).toFixed(2)} | ${cells.join(' | ')} |`);
}
const heading = (what: string) =>
  console.log(`\n| ${what} | mean recall | image to text | text to image |\n| --- | ---: | --- | --- |`);

heading('similarity, no correction');
for (const [form, powers] of [
  ['cosine', [0, 0.5, 1, 1.5]],
  ['gong', [2, 4, 8]],
  ['csa', [0.5, 1, 2]],
  ['euclidean', [0, 1, 2]],
] as const)
  for (const power of powers) {
    const similarity: Similarity = { form, power };
    // The Euclidean form tells queries from the gallery; both directions need their own.
    const side = (m: Matrix32, of: 'query' | 'gallery') =>
      similarityEmbeddings(m, correlations, similarity, of);
    const toText = await captionRanks(
      engine,
      side(variates.pictures, 'query'),
      side(variates.captions, 'gallery'),
      pictureOf,
    );
    const toImage = await captionRanks(
      engine,
      side(variates.pictures, 'gallery'),
      side(variates.captions, 'query'),
      pictureOf,
    );
    print(`${form}, power ${power}`, toText.imageToText, toImage.textToImage);
  }

const unit = (m: Matrix32) =>
  similarityEmbeddings(m, correlations, { form: 'cosine', power: recipe.scaling });
const [p, c, bankP, bankC, bankE] = [
  variates.pictures,
  variates.captions,
  variates.bankPictures,
  variates.bankCaptions,
  variates.emoji,
].map(unit) as [Matrix32, Matrix32, Matrix32, Matrix32, Matrix32];
const ranks = (images?: Float32Array, forCaptions?: Float32Array) =>
  captionRanks(engine, p, c, pictureOf, { images, captions: forCaptions });

heading('hubs');
const plain = await ranks();
print('left as they are', plain.imageToText, plain.textToImage);
for (const [name, correct] of [
  [
    'inverted softmax of the bank, temperature 0.07',
    (items: Matrix32, bank: Matrix32) => bankCorrection(engine, items, bank),
  ],
  [
    'mean of the 10 nearest, weight 0.5 (orders as CSLS)',
    (items: Matrix32, bank: Matrix32) => neighbourCorrection(engine, items, bank, { neighbours: 10 }),
  ],
  [
    'mean of the 16 nearest, weight 0.5 (nearest neighbour normalisation)',
    (items: Matrix32, bank: Matrix32) => neighbourCorrection(engine, items, bank),
  ],
  [
    'mean of the 10 nearest, weight 0.75',
    (items: Matrix32, bank: Matrix32) =>
      neighbourCorrection(engine, items, bank, { neighbours: 10, weight: 0.75 }),
  ],
] as const) {
  const own = await ranks(await correct(p, bankC), await correct(c, bankP));
  print(name, own.imageToText, own.textToImage);
  const foreign = await ranks(await correct(p, bankE));
  print(`... photos corrected by emoji words`, plain.imageToText, foreign.textToImage);
}
const own = pictureOfCaption(pictureOf);
const dynamic = async (bank: Matrix32, toImage: boolean) => {
  const [queries, items] = toImage ? [c, p] : [p, c];
  const scorer = await dynamicInvertedSoftmax(
    innerProductScorer(engine, queries, items),
    innerProductScorer(engine, bank, items),
  );
  return firstRanks(scorer, toImage ? own : transposeIndexRows(own, p.rows));
};
print('dynamic inverted softmax, sharpness 10', await dynamic(bankP, false), await dynamic(bankC, true));
print('... photos corrected by emoji words', plain.imageToText, await dynamic(bankE, true));
await engine.close();
