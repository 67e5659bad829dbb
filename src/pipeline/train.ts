import { fit, Moments } from '../cca/index.ts';
import { CovistaError, throwIfAborted } from '../errors.ts';
import { tagVocabulary } from '../evaluation/index.ts';
import type { Engine } from '../linalg/engine.ts';
import type { Matrix32, Rows } from '../linalg/matrix.ts';
import type { WorkOptions } from '../progress.ts';
import { wordRows } from '../retrieval/index.ts';
import { TextEncoder, type WordVectors } from '../text/index.ts';
import { type CaptionBank, embedTexts, type Model } from './model.ts';
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
  /** Of the captions, as a BCP 47 tag; `en` when left out. */
  readonly language?: string;
}

/** More training captions than this vote no better but cost memory: an even selection of them is kept. */
const LARGEST_BANK = 200_000;

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
  const minimumCount = minimumPictures(pictures);
  const text = TextEncoder.fit(pairs.captions, {
    language: options.language,
    wordVectors: options.wordVectors,
    blocks: recipe.text,
    minimumCount,
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
    space,
    tags: tagVocabulary(tokens, { minimumPictures: minimumCount }),
    bank: undefined,
    trained: { pictures, captions: pairs.captions.reduce((sum, some) => sum + some.length, 0) },
  };
  if (recipe.tags.method !== 'vote') return model;
  return { ...model, bank: await captionBank(model, pairs.captions.flat(), options) };
}

/**
 * In how many training pictures a word must occur to be learned: 5 in large collections, where rarer words are
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
    await moments.add(paired(features, captions, recipe, text), { engine, signal });
    first += features.rows;
  }
  if (first !== total)
    throw new CovistaError('bad-values', `${total} pictures have captions, but there are ${first} features.`);
  onProgress?.({ stage: 'add up moments', done: total, total, unit: 'pictures' });
  return moments;
}

/** The rows of one batch of pairs: each picture with its joined captions, or with each of them in turn. */
function paired(
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
  const step = Math.ceil(captions.length / LARGEST_BANK);
  const kept = step === 1 ? captions : captions.filter((_, i) => i % step === 0);
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
