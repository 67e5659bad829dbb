import { throwIfAborted } from '../base/errors.ts';
import { OWN_VECTORS } from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import {
  type SentenceEncoder,
  segmentWords,
  stopWords,
  TextEncoder,
  trainWordVectors,
  type WordVectors,
} from '../text/index.ts';
import type { PairSource } from './pairs.ts';
import type { TrainOptions } from './train-options.ts';

/** Fits the text encoder of a recipe to the captions of pictures, training word vectors on them where asked for. */
export async function fitTextEncoder(
  { captions }: Pick<PairSource, 'captions'>,
  recipe: Recipe,
  options: TrainOptions,
): Promise<TextEncoder> {
  if (recipe.text.includes('sentence') && options.sentences !== undefined)
    await encodeAhead(captions, recipe, options.sentences, options);
  return TextEncoder.fit(captions, {
    language: options.language,
    wordVectors: await vectorsFor(captions, recipe, options),
    sentences: options.sentences,
    blocks: recipe.text,
    minimumCount: minimumCaptions(captions.length),
    ...recipe.terms,
  });
}

/** Sentences encoded between two looks at the signal. */
const SENTENCES = 256;

/**
 * Encodes each different caption once, with progress, since training asks for captions several times: a sentence
 * encoder keeps what it made.
 */
async function encodeAhead(
  captions: PairSource['captions'],
  { unit }: Recipe,
  sentences: SentenceEncoder,
  { signal, onProgress }: TrainOptions,
): Promise<void> {
  const texts = [...new Set(unit === 'picture' ? captions.map((some) => some.join(' ')) : captions.flat())];
  const report = (done: number) =>
    onProgress?.({ stage: 'encode captions', done, total: texts.length, unit: 'captions' });
  for (let start = 0; start < texts.length; start += SENTENCES) {
    throwIfAborted(signal);
    report(start);
    await sentences.encode(texts.slice(start, start + SENTENCES));
  }
  report(texts.length);
}

/** In how many training captions a word must occur to be a column: what occurs once tells little, but it is all there is in a small collection. */
function minimumCaptions(pictures: number): number {
  return pictures >= 200 ? 2 : 1;
}

async function vectorsFor(
  captions: PairSource['captions'],
  recipe: Recipe,
  { engine, language = 'en', vectors, wordVectors, signal, onProgress }: TrainOptions,
): Promise<WordVectors | undefined> {
  if (vectors !== OWN_VECTORS || !recipe.text.includes('vectors')) return wordVectors;
  onProgress?.({ stage: 'train word vectors', done: 0 });
  const stop = stopWords(language);
  const words = captions.map((some) =>
    some.flatMap((caption) => segmentWords(caption, language).filter((word) => !stop.has(word))),
  );
  return trainWordVectors(words, { engine, minimumCount: minimumCaptions(captions.length), signal });
}
