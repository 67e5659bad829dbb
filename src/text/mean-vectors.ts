import { type Matrix32, row, zeros32 } from '../linalg/matrix.ts';
import { countOccurrences, inverseDocumentFrequency } from './tf-idf.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordVectors } from './word-vectors.ts';

/** Numbers whose squares, and sums of them, float32 holds with all their digits are taken as they are. */
const USUAL_EXPONENT = 32;

/** Words of the vocabulary that tell how large the numbers of vectors are. */
const LOOKED_AT = 64;

/** The text block `vectors`: word vectors averaged, weighted by TF-IDF with a picture's captions as the document. */
export class MeanVectors {
  readonly wordVectors: WordVectors;
  readonly vocabulary: Vocabulary;
  readonly #frequencies: ReadonlyMap<string, number>;
  /** What vectors are multiplied by: 1, but a power of two where numbers are so large or small that squares are lost. */
  readonly #scale: number;

  /** @param vocabulary in how many documents each word occurs */
  constructor(wordVectors: WordVectors, vocabulary: Vocabulary) {
    this.wordVectors = wordVectors;
    this.vocabulary = vocabulary;
    this.#frequencies = new Map(vocabulary.words.map((word, i) => [word, vocabulary.frequencies[i]!]));
    this.#scale = usualScale(wordVectors, vocabulary.words);
  }

  /** Whether a word has a vector. */
  knows(word: string): boolean {
    return this.wordVectors.vector(word) !== undefined;
  }

  /** Whether a word occurred in the texts that were learned from. */
  occurred(word: string): boolean {
    return this.#frequencies.has(word);
  }

  /** What each of a text's words that has a vector adds to the mean: its share, all shares adding up to 1. */
  shares(words: readonly string[]): { word: string; vector: Float32Array; share: number }[] {
    let total = 0;
    const found = [...countOccurrences(words)].flatMap(([word, count]) => {
      const given = this.wordVectors.vector(word);
      if (given === undefined) return [];
      const vector = this.#scale === 1 ? given : given.map((value) => value * this.#scale);
      const frequency = this.#frequencies.get(word) ?? 0;
      const share = count * inverseDocumentFrequency(this.vocabulary.documents, frequency);
      total += share;
      return [{ word, vector, share }];
    });
    for (const one of found) one.share /= total;
    return found;
  }

  /**
   * Texts x the vectors' size.
   * @param texts the words of each text
   */
  encode(texts: readonly (readonly string[])[]): Matrix32 {
    const { size } = this.wordVectors;
    const means = zeros32(texts.length, size);
    const sum = new Float64Array(size);
    texts.forEach((words, i) => {
      sum.fill(0);
      for (const { vector, share } of this.shares(words))
        for (let j = 0; j < size; j++) sum[j]! += share * vector[j]!;
      row(means, i).set(sum);
    });
    return means;
  }
}

/** The power of two that brings the largest number of the first words that have vectors near 1, or 1 where it is not far. */
function usualScale(wordVectors: WordVectors, words: readonly string[]): number {
  let largest = 0;
  let looked = 0;
  for (const word of words) {
    const vector = wordVectors.vector(word);
    if (vector === undefined) continue;
    for (const value of vector) largest = Math.max(largest, Math.abs(value));
    if (++looked === LOOKED_AT) break;
  }
  const exponent = largest === 0 ? 0 : Math.floor(Math.log2(largest));
  return Math.abs(exponent) <= USUAL_EXPONENT ? 1 : 2 ** -exponent;
}
