import { z } from 'zod';
import { CovistaError } from '../errors.ts';
import { type Rows, row, type SparseRows, zeros32 } from '../linalg/matrix.ts';
import { stopWords } from './stop-words.ts';
import { countOccurrences, inverseDocumentFrequency } from './tf-idf.ts';
import { countWords, type Vocabulary } from './vocabulary.ts';
import type { WordVectors } from './word-vectors.ts';
import { segmentWords } from './words.ts';

/** `vectors`: the TF-IDF-weighted mean of word vectors. `words`: the TF-IDF bag of words. */
export type TextBlock = 'vectors' | 'words';

/** What {@link TextEncoder.fit} takes. */
export interface TextEncoderOptions {
  /** Of the texts, as a BCP 47 tag; `en` when left out. */
  readonly language?: string;
  /** Needed by the block `vectors`. */
  readonly wordVectors?: WordVectors;
  /** What a text is encoded as, in this order. */
  readonly blocks: readonly TextBlock[];
  /** The block `words` holds the words that occur in so many pictures; 5 when left out. */
  readonly minimumCount?: number;
}

const storedSchema = z.object({
  language: z.string(),
  blocks: z.array(z.enum(['vectors', 'words'])),
  minimumCount: z.number().int().positive(),
  wordVectors: z.object({ id: z.string(), size: z.number().int().positive() }).optional(),
  documents: z.number().int().nonnegative(),
  words: z.array(z.string()),
  frequencies: z.array(z.number().int().positive()),
});

/** What an encoder is stored as. */
export type StoredTextEncoder = z.infer<typeof storedSchema>;

/** What the encoder knows about one word. */
interface Term {
  /** Inverse document frequency. */
  readonly weight: number;
  readonly vector: Float32Array | undefined;
  /** Its column in the block `words`, or -1. */
  readonly column: number;
}

/**
 * Turns texts into features: words without stop words, weighted by TF-IDF with a picture (all of its captions)
 * as the document, as word vectors, as a bag of words, or as both.
 */
export class TextEncoder {
  /** Names and sizes of the blocks, in the order in which {@link TextEncoder.encode} returns them. */
  readonly blocks: readonly { readonly name: TextBlock; readonly size: number }[];
  readonly language: string;

  private readonly minimumCount: number;
  private readonly vocabulary: Vocabulary;
  private readonly wordVectors: WordVectors | undefined;
  private readonly stopWords: ReadonlySet<string>;
  private readonly terms = new Map<string, Term>();

  private constructor(vocabulary: Vocabulary, options: TextEncoderOptions) {
    const { blocks, language = 'en', wordVectors, minimumCount = 5 } = options;
    if (blocks.length === 0 || new Set(blocks).size < blocks.length)
      throw new CovistaError(
        'usage',
        `A text needs one or more different blocks, got [${blocks.join(', ')}].`,
      );
    if (blocks.includes('vectors') && wordVectors === undefined)
      throw new CovistaError('usage', 'The text block "vectors" needs word vectors.');
    this.language = language;
    this.minimumCount = minimumCount;
    this.vocabulary = vocabulary;
    this.wordVectors = blocks.includes('vectors') ? wordVectors : undefined;
    this.stopWords = stopWords(language);
    const rare = blocks.includes('words') ? vocabulary.frequencies.findIndex((f) => f < minimumCount) : 0;
    const kept = rare < 0 ? vocabulary.words.length : rare;
    vocabulary.words.forEach((word, i) => {
      this.terms.set(word, this.term(word, vocabulary.frequencies[i]!, i < kept ? i : -1));
    });
    this.blocks = blocks.map((name) => ({ name, size: name === 'words' ? kept : wordVectors!.size }));
  }

  /**
   * Learns the vocabulary and its document frequencies.
   * @param documents the captions of each picture
   * @throws CovistaError `usage` without any block, or without the word vectors that a block needs
   */
  static fit(documents: Iterable<readonly string[]>, options: TextEncoderOptions): TextEncoder {
    const { language = 'en' } = options;
    const stop = stopWords(language);
    return new TextEncoder(countWords(bags(documents, language, stop)), options);
  }

  /**
   * The words that carry meaning: lower case, in their order, as often as they occur, without stop words; see
   * {@link segmentWords}.
   */
  words(text: string): string[] {
    return contentWords(text, this.language, this.stopWords);
  }

  /** How many words of the text contribute to its features. A text without any has only zeros. */
  known(text: string): number {
    let count = 0;
    for (const word of this.words(text)) {
      const { column, vector } = this.lookUp(word);
      if (column >= 0 || vector !== undefined) count++;
    }
    return count;
  }

  /**
   * The features of texts (n), one matrix a block:
   * - `vectors`: dense, n x the vectors' size, Σ_w tf_w idf_w v_w / Σ_w tf_w idf_w over the words w that have a
   *   vector v_w; tf_w is how often w occurs in the text. Words that no training text held count too.
   * - `words`: sparse, n x vocabulary, log(1 + tf_w) idf_w, each row scaled to unit length.
   *
   * A row without any known word is zero.
   */
  encode(texts: readonly string[]): Rows[] {
    const bags = texts.map((text) => countOccurrences(this.words(text)));
    return this.blocks.map(({ name, size }) =>
      name === 'vectors' ? this.meanVectors(bags, size) : this.bagsOfWords(bags, size),
    );
  }

  /** All that is needed to make the same encoder again, except for the word vectors. */
  toJSON(): StoredTextEncoder {
    const { language, minimumCount, wordVectors, vocabulary } = this;
    return {
      language,
      blocks: this.blocks.map(({ name }) => name),
      minimumCount,
      ...(wordVectors && { wordVectors: { id: wordVectors.id, size: wordVectors.size } }),
      documents: vocabulary.documents,
      words: [...vocabulary.words],
      frequencies: [...vocabulary.frequencies],
    };
  }

  /**
   * The encoder that {@link TextEncoder.toJSON} described.
   * @param options `wordVectors`: the same ones as when it was fitted
   * @throws CovistaError `bad-format` when `json` is no such description; `usage` when other word vectors are given
   */
  static fromJSON(json: unknown, options: { wordVectors?: WordVectors } = {}): TextEncoder {
    const parsed = storedSchema.safeParse(json);
    if (!parsed.success)
      throw new CovistaError('bad-format', `This is no text encoder: ${z.prettifyError(parsed.error)}`);
    const { documents, words, frequencies, wordVectors: expected, ...rest } = parsed.data;
    if (words.length !== frequencies.length)
      throw new CovistaError(
        'bad-format',
        `A text encoder has ${words.length} words, but ${frequencies.length} frequencies.`,
      );
    const { wordVectors } = options;
    if (expected && wordVectors && (expected.id !== wordVectors.id || expected.size !== wordVectors.size))
      throw new CovistaError(
        'usage',
        `The text encoder was fitted with the word vectors ${expected.id} (${expected.size}-D), not ${wordVectors.id} (${wordVectors.size}-D).`,
      );
    return new TextEncoder({ documents, words, frequencies }, { ...rest, wordVectors });
  }

  private meanVectors(bags: readonly ReadonlyMap<string, number>[], size: number): Rows {
    const means = zeros32(bags.length, size);
    const sum = new Float64Array(size);
    bags.forEach((bag, i) => {
      sum.fill(0);
      let total = 0;
      for (const [word, count] of bag) {
        const { weight, vector } = this.lookUp(word);
        if (vector === undefined) continue;
        const share = count * weight;
        total += share;
        for (let j = 0; j < size; j++) sum[j]! += share * vector[j]!;
      }
      if (total === 0) return;
      const mean = row(means, i);
      for (let j = 0; j < size; j++) mean[j] = sum[j]! / total;
    });
    return means;
  }

  private bagsOfWords(bags: readonly ReadonlyMap<string, number>[], columns: number): SparseRows {
    const offsets = new Uint32Array(bags.length + 1);
    const indices: number[] = [];
    const values: number[] = [];
    bags.forEach((bag, i) => {
      const entries: { column: number; value: number }[] = [];
      let energy = 0;
      for (const [word, count] of bag) {
        const { weight, column } = this.lookUp(word);
        if (column < 0) continue;
        const value = Math.log1p(count) * weight;
        energy += value * value;
        entries.push({ column, value });
      }
      entries.sort((a, b) => a.column - b.column);
      const length = Math.sqrt(energy);
      for (const { column, value } of entries) {
        indices.push(column);
        values.push(value / length);
      }
      offsets[i + 1] = indices.length;
    });
    return {
      rows: bags.length,
      columns,
      offsets,
      indices: Uint32Array.from(indices),
      values: Float32Array.from(values),
    };
  }

  private lookUp(word: string): Term {
    return this.terms.get(word) ?? this.term(word, 0, -1);
  }

  private term(word: string, frequency: number, column: number): Term {
    return {
      weight: inverseDocumentFrequency(this.vocabulary.documents, frequency),
      vector: this.wordVectors?.vector(word),
      column,
    };
  }
}

function contentWords(text: string, language: string, stop: ReadonlySet<string>): string[] {
  return segmentWords(text, language).filter((word) => !stop.has(word));
}

/** The words of each picture, all captions together. */
function* bags(
  documents: Iterable<readonly string[]>,
  language: string,
  stop: ReadonlySet<string>,
): Generator<string[]> {
  for (const captions of documents)
    yield captions.flatMap((caption) => contentWords(caption, language, stop));
}
