/**
 * What the tags that a query names add to search by words, by their weight, on collections of several kinds: a fifth of
 * the training pairs is held out, pictures of the same captions together. Beside captions and single words it asks for
 * pairs of neighbouring words, as plain words and as quoted phrases: those that the captions of at least three held-out
 * pictures hold. Such a picture is right.
 *
 *     node bench/quality/search-tags.ts [--only emoji]
 */
import { parseArgs } from 'node:util';
import { defaultWordVectors } from '../../src/encoders/index.ts';
import { type WordSearchMetrics, wordSearchMetrics, wordSearchResults } from '../../src/evaluation/index.ts';
import { captionGroups } from '../../src/learning/train.ts';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import { joinRows, type Matrix32, selectRows } from '../../src/linalg/matrix.ts';
import {
  embedTexts,
  evaluateModel,
  type Model,
  type PairSource,
  pictureIndex,
  placePictures,
  RECIPES,
  type TestSet,
  train,
} from '../../src/pipeline/index.ts';
import { indexRows, innerProductScorer, parseQuery, taggedScorer } from '../../src/retrieval/index.ts';
import { queryTagger } from '../../src/search/query-tags.ts';
import { segmentWords } from '../../src/text/index.ts';
import { cocoMini, emoji, flickr8k } from './collections.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const WEIGHTS = [0, 0.1, 0.2, 0.4, 0.8];
const engine = await createEngine();
const wordVectors = await defaultWordVectors();

const withWeight = (model: Model, search: number): Model => ({
  ...model,
  recipe: { ...model.recipe, tags: { ...model.recipe.tags, search } as Model['recipe']['tags'] },
});

/** Pairs of neighbouring tags in the captions of three pictures or more, and those pictures. */
function neighbours(model: Model, captions: TestSet['captions']): [string, ReadonlySet<number>][] {
  const tags = new Set(model.tags);
  const holders = new Map<string, Set<number>>();
  captions.forEach((some, picture) => {
    // Keywords stand in lists; those that follow each other are no phrase.
    for (const text of some.flatMap((caption) => caption.split(','))) {
      const words = segmentWords(text, 'en');
      for (let i = 1; i < words.length; i++) {
        const [a, b] = [words[i - 1]!, words[i]!];
        if (a === b || !tags.has(a) || !tags.has(b)) continue;
        const pair = `${a} ${b}`;
        holders.set(pair, (holders.get(pair) ?? new Set()).add(picture));
      }
    }
  });
  return [...holders].filter(([, pictures]) => pictures.size >= 3);
}

/** Search by pairs of neighbouring words, as plain words and in quotes. */
async function phraseSearch(model: Model, set: TestSet): Promise<WordSearchMetrics[]> {
  const pairs = neighbours(model, set.captions);
  const paths = set.captions.map((_, i) => `${i}`);
  const placed = await placePictures(model, { paths, vectors: set.features }, engine);
  const { embeddings, correction, tags } = pictureIndex(placed, engine);
  const texts = pairs.map(([text]) => text);
  const tagsOf = queryTagger(model);
  const byText = innerProductScorer(engine, await embedTexts(model, texts, engine), embeddings, {
    correction,
  });
  const right = indexRows(pairs.map(([, pictures]) => pictures));
  const search = async (queries: readonly string[]) => {
    const named = queries.map((query) => tagsOf(parseQuery(query).parts).flat());
    return wordSearchMetrics(await wordSearchResults(taggedScorer(byText, tags, named), right));
  };
  return [await search(texts), await search(texts.map((text) => `"${text}"`))];
}

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
    const weighted = withWeight(model, weight);
    const { textToImage, tagToImage } = await evaluateModel(weighted, set, engine);
    const recalls = [1, 5, 10].map((k) => textToImage[`recall@${k as 1 | 5 | 10}`].toFixed(1)).join(' / ');
    const shown = (found: WordSearchMetrics) =>
      `${found['precision@10'].toFixed(1)} / ${found.map.toFixed(1)}`;
    const phrases = await phraseSearch(weighted, set);
    const words = [tagToImage, ...phrases].map(shown).join(' | ');
    console.log(`| ${name} | ${learned.length} | ${weight} | ${recalls} | ${words} |`);
  }
}

console.log('| collection | pairs | weight | text to image | tag to image | two words | in quotes |');
console.log('| --- | ---: | ---: | --- | --- | --- | --- |');
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
