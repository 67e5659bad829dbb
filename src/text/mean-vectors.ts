import { type Matrix32, row, zeros32 } from '../linalg/matrix.ts';
import { countOccurrences, inverseDocumentFrequency } from './tf-idf.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordVectors } from './word-vectors.ts';

/** The text block `vectors`: word vectors averaged, weighted by TF-IDF with a picture's captions as the document. */
export class MeanVectors {
  readonly wordVectors: WordVectors;
  readonly vocabulary: Vocabulary;
  readonly #frequencies: ReadonlyMap<string, number>;

  /** @param vocabulary in how many documents each word occurs */
  constructor(wordVectors: WordVectors, vocabulary: Vocabulary) {
    this.wordVectors = wordVectors;
    this.vocabulary = vocabulary;
    this.#frequencies = new Map(vocabulary.words.map((word, i) => [word, vocabulary.frequencies[i]!]));
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
      const vector = this.wordVectors.vector(word);
      if (vector === undefined) return [];
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
