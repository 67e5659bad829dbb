import { fit, Moments } from '../cca/index.ts';
import { CovistaError, throwIfAborted } from '../errors.ts';
import { tagVocabulary } from '../evaluation/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { joinRows, type Matrix32, type Rows, selectRows } from '../linalg/matrix.ts';
import type { WorkOptions } from '../progress.ts';
import { wordRows } from '../retrieval/index.ts';
import { TextEncoder, type WordVectors } from '../text/index.ts';
import {
  type CaptionBank,
  embedPictures,
  embedTexts,
  imageRows,
  type Model,
  type QueryBank,
} from './model.ts';
import type { Recipe } from './recipe.ts';

/** Pictures and their words, to learn from. */
export interface PairSource {
  readonly encoder: Model['encoder'];
  /** The captions of each picture, at least one each, in the order in which `features` gives them. */
  readonly captions: readonly (readonly string[])[];
  /** The features of the same pictures, batch by batch. */
  features(): AsyncIterable<Matrix32> | Iterable<Matrix32>;
}

/** What training needs besides the pairs. */
export interface TrainOptions extends WorkOptions {
  readonly engine: Engine;
  /** For recipes whose text view holds word vectors. */
  readonly wordVectors?: WordVectors;
  /** Where these come from, stored with the model: a file, or `default` when left out. */
  readonly vectors?: string;
  /** Of the captions, as a BCP 47 tag; `en` when left out. */
  readonly language?: string;
}

/** More training captions than this vote no better but cost memory: an even selection of them is kept. */
const LARGEST_BANK = 200_000;

/** Pictures and captions that tell hubs from others: more change the correction by less than they cost. */
const QUERY_BANK = 6000;

/** Captions encoded at once when the bank is made. */
const BANK_BATCH = 4096;

/**
 * Learns the joint space of pictures and words: text encoder, moments in one pass over the features, CCA in
 * closed form, and the bank of training captions that votes for tags.
 * @throws CovistaError `no-data` without any pair
 */
export async function train(pairs: PairSource, recipe: Recipe, options: TrainOptions): Promise<Model> {
  const { engine, signal, onProgress } = options;
  const pictures = pairs.captions.length;
  if (pictures === 0)
    throw new CovistaError('no-data', 'There is nothing to learn from: no picture has words.', {
      hint: 'Name a captions file when indexing, or put a .txt file with words beside each picture.',
    });
  const text = TextEncoder.fit(pairs.captions, {
    language: options.language,
    wordVectors: options.wordVectors,
    blocks: recipe.text,
    minimumCount: minimumCaptions(pictures),
    ...recipe.terms,
  });
  const moments = await accumulate(pairs, recipe, text, options);
  onProgress?.({ stage: 'solve', done: 0 });
  const space = await fit(moments, {
    engine,
    views: [[0], recipe.text.map((_, i) => i + 1)],
    normalize: [recipe.normalize.image, ...recipe.text.map(() => recipe.normalize.text)],
    parts: [pairs.encoder.blocks.map((block) => block.size)],
    ridge: [...recipe.ridge],
    dimensions: recipe.dimensions,
    signal,
  });
  const tokens = pairs.captions.map((some) => some.map((caption) => text.words(caption)));
  const model: Model = {
    recipe,
    encoder: pairs.encoder,
    text,
    vectors: options.vectors ?? 'default',
    space,
    tags: tagVocabulary(tokens, { minimumPictures: minimumPictures(pictures) }),
    bank: undefined,
    queries: undefined,
    trained: { pictures, captions: pairs.captions.reduce((sum, some) => sum + some.length, 0) },
  };
  const captions = pairs.captions.flat();
  return {
    ...model,
    bank: recipe.tags.method === 'vote' ? await captionBank(model, captions, options) : undefined,
    queries: recipe.hubness === undefined ? undefined : await queryBank(model, pairs, captions, engine),
  };
}

/** In how many training captions a word must occur to be a column: what occurs once tells little, but it is all there is in a small collection. */
export function minimumCaptions(pictures: number): number {
  return pictures >= 200 ? 2 : 1;
}

/**
 * In how many training pictures a word must occur to be given as a tag: 5 in large collections, where rarer words are
 * mostly misspellings, and fewer in small ones, where every word counts.
 */
function minimumPictures(pictures: number): number {
  if (pictures >= 2000) return 5;
  return pictures >= 200 ? 2 : 1;
}

/** One pass over the features: the moments of image features, and of each text block. */
async function accumulate(
  pairs: PairSource,
  recipe: Recipe,
  text: TextEncoder,
  { engine, signal, onProgress }: TrainOptions,
): Promise<Moments> {
  const moments = Moments.zero([pairs.encoder.size, ...text.blocks.map((block) => block.size)]);
  const total = pairs.captions.length;
  let first = 0;
  for await (const features of pairs.features()) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'add up moments', done: first, total, unit: 'pictures' });
    const captions = pairs.captions.slice(first, first + features.rows);
    await moments.add(paired(imageRows(recipe, features), captions, recipe, text), { engine, signal });
    first += features.rows;
  }
  if (first !== total)
    throw new CovistaError('bad-values', `${total} pictures have captions, but there are ${first} features.`);
  onProgress?.({ stage: 'add up moments', done: total, total, unit: 'pictures' });
  return moments;
}

/** The rows of one batch of pairs: each picture with its joined captions, or with each of them in turn. */
export function paired(
  features: Matrix32,
  captions: readonly (readonly string[])[],
  recipe: Recipe,
  text: TextEncoder,
): (Rows | { rows: Rows; of: Uint32Array })[] {
  if (recipe.unit === 'picture') return [features, ...text.encode(captions.map((some) => some.join(' ')))];
  const of = Uint32Array.from(captions.flatMap((some, picture) => some.map(() => picture)));
  return [{ rows: features, of }, ...text.encode(captions.flat())];
}

/** Embeds the training captions, or an even selection where there are very many. */
async function captionBank(
  model: Model,
  captions: readonly string[],
  { engine, signal, onProgress }: TrainOptions,
): Promise<CaptionBank> {
  const kept = evenly(captions, LARGEST_BANK);
  const words = wordRows(
    kept.map((caption) => model.text.words(caption)),
    model.tags,
  );
  const columns = model.space.correlations.length;
  const embeddings = new Float32Array(kept.length * columns);
  for (let start = 0; start < kept.length; start += BANK_BATCH) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'place training captions', done: start, total: kept.length, unit: 'captions' });
    const batch = await embedTexts(model, kept.slice(start, start + BANK_BATCH), engine);
    embeddings.set(batch.data, start * columns);
  }
  onProgress?.({ stage: 'place training captions', done: kept.length, total: kept.length, unit: 'captions' });
  return { embeddings: { rows: kept.length, columns, data: embeddings }, words };
}

/** Embeds an even selection of the training pictures and captions. */
async function queryBank(
  model: Model,
  pairs: PairSource,
  captions: readonly string[],
  engine: Engine,
): Promise<QueryBank> {
  const step = Math.ceil(pairs.captions.length / QUERY_BANK);
  const parts: Matrix32[] = [];
  let first = 0;
  for await (const features of pairs.features()) {
    const rows = Array.from({ length: features.rows }, (_, i) => i).filter((i) => (first + i) % step === 0);
    if (rows.length > 0) parts.push(await embedPictures(model, selectRows(features, rows), engine));
    first += features.rows;
  }
  return {
    pictures: joinRows(parts),
    captions: await embedTexts(model, evenly(captions, QUERY_BANK), engine),
  };
}

/** All items, or an even selection of at most so many. */
function evenly<T>(items: readonly T[], most: number): readonly T[] {
  const step = Math.ceil(items.length / most);
  return step <= 1 ? items : items.filter((_, i) => i % step === 0);
}
