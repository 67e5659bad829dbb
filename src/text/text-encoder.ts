import { z } from 'zod';
import { CovistaError } from '../errors.ts';
import { type Matrix32, type Rows, row, type SparseRows, zeros32 } from '../linalg/matrix.ts';
import type { SentenceEncoder } from './sentence-encoder.ts';
import { sparseRows } from './sparse-rows.ts';
import { stemmer } from './stemmers.ts';
import { stopWords } from './stop-words.ts';
import {
  requireSame,
  type StoredTextEncoder,
  storedSchema,
  type TextBlock,
  type TextDecomposition,
  type TextEncoderOptions,
  WHOLE_TEXT,
} from './text-encoder-options.ts';
import { countOccurrences, inverseDocumentFrequency } from './tf-idf.ts';
import { characterRuns, countWords, frequentTerms, type Vocabulary } from './vocabulary.ts';
import type { WordVectors } from './word-vectors.ts';
import { segmentWords } from './words.ts';

/** A column of the block `words`. */
interface Column {
  readonly index: number;
  /** ln((1 + captions) / captions with the term). */
  readonly weight: number;
}

/**
 * Turns texts into features: words without stop words, as word vectors weighted by TF-IDF with a picture (all of its
 * captions) as the document, as a bag of words weighted by TF-IDF with a caption as the document, as the vector that
 * a network makes of the whole text, or as several of these.
 */
export class TextEncoder {
  /** Names and sizes of the blocks, in the order in which {@link TextEncoder.encode} returns them. */
  readonly blocks: readonly { readonly name: TextBlock; readonly size: number }[];
  readonly language: string;
  /** Of the block `vectors`; undefined without it. */
  readonly wordVectors: WordVectors | undefined;
  /** Of the block `sentence`; undefined without it. */
  readonly sentences: SentenceEncoder | undefined;

  private readonly options: Required<
    Pick<TextEncoderOptions, 'minimumCount' | 'stems' | 'pairs' | 'keepStopWords' | 'characters'>
  >;
  /** All words, for the weights of their vectors; empty without the block `vectors`. */
  private readonly vocabulary: Vocabulary;
  /** The terms of the block `words`; empty without it. */
  private readonly bag: Vocabulary;
  private readonly stopWords: ReadonlySet<string>;
  private readonly stem: (word: string) => string;
  private readonly frequencies: ReadonlyMap<string, number>;
  private readonly columns: ReadonlyMap<string, Column>;

  private constructor(
    options: TextEncoderOptions,
    count: (encoder: TextEncoder) => [Vocabulary, Vocabulary],
  ) {
    const {
      blocks,
      language = 'en',
      wordVectors,
      sentences,
      minimumCount = 5,
      stems = false,
      pairs = false,
      keepStopWords = false,
      characters = 0,
    } = options;
    if (blocks.length === 0 || new Set(blocks).size < blocks.length)
      throw new CovistaError(
        'usage',
        `A text needs one or more different blocks, got [${blocks.join(', ')}].`,
      );
    if (blocks.includes('vectors') && wordVectors === undefined)
      throw new CovistaError('usage', 'The text block "vectors" needs word vectors.');
    if (blocks.includes('sentence') && sentences === undefined)
      throw new CovistaError('usage', 'The text block "sentence" needs a sentence encoder.');
    this.language = language;
    this.options = { minimumCount, stems, pairs, keepStopWords, characters };
    this.wordVectors = blocks.includes('vectors') ? wordVectors : undefined;
    this.sentences = blocks.includes('sentence') ? sentences : undefined;
    this.stopWords = stopWords(language);
    this.stem = stems ? stemmer(language) : (word) => word;
    const [vocabulary, bag] = count(this);
    this.vocabulary = vocabulary;
    this.bag = bag;
    this.frequencies = new Map(vocabulary.words.map((word, i) => [word, vocabulary.frequencies[i]!]));
    this.columns = new Map(
      bag.words.map((term, index) => [
        term,
        { index, weight: Math.log((1 + bag.documents) / bag.frequencies[index]!) },
      ]),
    );
    this.blocks = blocks.map((name) => ({
      name,
      size: { words: bag.words.length, vectors: wordVectors?.size ?? 0, sentence: sentences?.size ?? 0 }[
        name
      ],
    }));
  }

  /**
   * Learns the vocabulary and its document frequencies.
   * @param documents the captions of each picture
   * @throws CovistaError `usage` without any block, or without the word vectors that a block needs
   */
  static fit(documents: Iterable<readonly string[]>, options: TextEncoderOptions): TextEncoder {
    return new TextEncoder(options, (encoder) => {
      const texts = Array.from(documents);
      const none: Vocabulary = { documents: 0, words: [], frequencies: [] };
      const words = (captions: readonly string[]) => captions.flatMap((caption) => encoder.words(caption));
      const all = encoder.wordVectors === undefined ? none : countWords(texts.map(words));
      if (!options.blocks.includes('words')) return [all, none];
      const terms = countWords(texts.flat().map((caption) => encoder.terms(caption)));
      return [all, frequentTerms(terms, encoder.options.minimumCount)];
    });
  }

  /**
   * The words that carry meaning: lower case, in their order, as often as they occur, without stop words; see
   * {@link segmentWords}.
   */
  words(text: string): string[] {
    return segmentWords(text, this.language).filter((word) => !this.stopWords.has(word));
  }

  /**
   * How many words of the text contribute to its features; all of them where a network reads it. A text without any
   * has only zeros.
   */
  known(text: string): number {
    if (this.sentences !== undefined) return segmentWords(text, this.language).length;
    return this.words(text).filter(
      (word) =>
        this.columns.has(this.stem(word)) ||
        this.wordVectors?.vector(word) !== undefined ||
        characterRuns(word, this.options.characters).some((run) => this.columns.has(run)),
    ).length;
  }

  /**
   * The features of texts (n), one matrix a block:
   * - `vectors`: dense, n x the vectors' size, Σ_w tf_w idf_w v_w / Σ_w tf_w idf_w over the words w that have a
   *   vector v_w; tf_w is how often w occurs in the text. Words that no training text held count too.
   * - `words`: sparse, n x terms, log(1 + tf_t) log((1 + N) / n_t) for N captions of which n_t hold the term t, each
   *   row scaled to unit length; a term is a word or its stem, or a pair of neighbouring ones.
   *
   * - `sentence`: dense, n x the sentence encoder's size, unit length; zero for a text without any word.
   *
   * A row without any known word is zero.
   * @throws CovistaError as {@link SentenceEncoder.encode}
   */
  async encode(texts: readonly string[]): Promise<Rows[]> {
    const blocks: Rows[] = [];
    for (const { name, size } of this.blocks) {
      if (name === 'vectors') blocks.push(this.meanVectors(texts, size));
      else if (name === 'words') blocks.push(this.bagsOfWords(texts, size));
      else blocks.push(await this.sentenceVectors(texts, size));
    }
    return blocks;
  }

  /**
   * The features of one text as a sum over its terms: word vectors, words or stems, pairs of neighbours. Encoding is
   * not linear in the words, but given a text it is such a sum, whose rows add up to what {@link TextEncoder.encode}
   * gives, up to rounding.
   */
  async decompose(text: string): Promise<TextDecomposition> {
    const sentence = this.sentences && (await this.sentenceVectors([text], this.sentences.size));
    const words = [...new Set(this.bagWords(text))];
    const vectorTerms = this.wordVectors === undefined ? [] : this.shares(text);
    const bagTerms = this.blocks.some(({ name }) => name === 'words') ? this.entries(text) : [];
    const wholes = sentence === undefined ? 0 : 1;
    const rows = vectorTerms.length + bagTerms.length + wholes;
    const ownersOf = this.ownersOfTerms(text);
    const owners = [
      ...vectorTerms.map(({ word }) => [words.indexOf(word)]),
      ...bagTerms.map(({ term }) => [...ownersOf.get(term)!].map((word) => words.indexOf(word))),
      ...(wholes === 1 ? [[words.length]] : []),
    ];
    return {
      words: wholes === 1 ? [...words, WHOLE_TEXT] : words,
      owners: owners.map((some) => some.sort((a, b) => a - b)),
      blocks: this.blocks.map(({ name, size }) => {
        if (name === 'words') {
          const none = (count: number) => Array.from({ length: count }, () => []);
          return sparseRows(
            [...none(vectorTerms.length), ...bagTerms.map((e) => [e]), ...none(wholes)],
            size,
          );
        }
        const block = zeros32(rows, size);
        if (name === 'sentence') {
          row(block, rows - 1).set(sentence!.data);
          return block;
        }
        vectorTerms.forEach(({ vector, share }, i) => {
          for (let j = 0; j < size; j++) block.data[i * size + j] = share * vector[j]!;
        });
        return block;
      }),
    };
  }

  /** All that is needed to make the same encoder again, except for the word vectors and the sentence encoder. */
  toJSON(): StoredTextEncoder {
    const { language, options, wordVectors, sentences, vocabulary, bag } = this;
    return {
      language,
      blocks: this.blocks.map(({ name }) => name),
      ...options,
      ...(wordVectors && { wordVectors: { id: wordVectors.id, size: wordVectors.size } }),
      ...(sentences && { sentences: { id: sentences.id, size: sentences.size } }),
      documents: vocabulary.documents,
      captions: bag.documents,
      words: [...vocabulary.words],
      frequencies: [...vocabulary.frequencies],
      terms: [...bag.words],
      termFrequencies: [...bag.frequencies],
    };
  }

  /**
   * The encoder that {@link TextEncoder.toJSON} described.
   * @param options `wordVectors`, `sentences`: the same ones as when it was fitted
   * @throws CovistaError `bad-format` when `json` is no such description; `usage` when others are given
   */
  static fromJSON(
    json: unknown,
    options: { wordVectors?: WordVectors; sentences?: SentenceEncoder } = {},
  ): TextEncoder {
    const parsed = storedSchema.safeParse(json);
    if (!parsed.success)
      throw new CovistaError('bad-format', `This is no text encoder: ${z.prettifyError(parsed.error)}`);
    const { documents, captions, words, frequencies, terms, termFrequencies, ...rest } = parsed.data;
    const { wordVectors: expectedVectors, sentences: expectedSentences, ...settings } = rest;
    if (words.length !== frequencies.length || terms.length !== termFrequencies.length)
      throw new CovistaError('bad-format', 'A text encoder has words without frequencies.');
    const { wordVectors, sentences } = options;
    requireSame('word vectors', expectedVectors, wordVectors);
    requireSame('sentence encoder', expectedSentences, sentences);
    return new TextEncoder({ ...settings, wordVectors, sentences }, () => [
      { documents, words, frequencies },
      { documents: captions, words: terms, frequencies: termFrequencies },
    ]);
  }

  /** The words that the terms of a text are made of. */
  private bagWords(text: string): string[] {
    return this.options.keepStopWords ? segmentWords(text, this.language) : this.words(text);
  }

  /** The terms of one caption as often as they occur, each with the words that made it. */
  private ownedTerms(text: string): { term: string; owners: readonly string[] }[] {
    const { pairs, characters } = this.options;
    const words = this.bagWords(text);
    const stems = words.map((word) => this.stem(word));
    const terms = stems.map((term, i) => ({ term, owners: [words[i]!] }));
    if (pairs)
      for (let i = 1; i < stems.length; i++)
        terms.push({ term: `${stems[i - 1]} ${stems[i]}`, owners: [words[i - 1]!, words[i]!] });
    for (const word of words)
      for (const run of characterRuns(word, characters)) terms.push({ term: run, owners: [word] });
    return terms;
  }

  private terms(text: string): string[] {
    return this.ownedTerms(text).map(({ term }) => term);
  }

  /** Which words of a text made each of its terms. */
  private ownersOfTerms(text: string): Map<string, Set<string>> {
    const found = new Map<string, Set<string>>();
    for (const { term, owners } of this.ownedTerms(text))
      found.set(term, new Set([...(found.get(term) ?? []), ...owners]));
    return found;
  }

  /** What each word that has a vector adds to the weighted mean: its share, all shares adding up to 1. */
  private shares(text: string): { word: string; vector: Float32Array; share: number }[] {
    let total = 0;
    const found = [...countOccurrences(this.words(text))].flatMap(([word, count]) => {
      const vector = this.wordVectors?.vector(word);
      if (vector === undefined) return [];
      const frequency = this.frequencies.get(word) ?? 0;
      const share = count * inverseDocumentFrequency(this.vocabulary.documents, frequency);
      total += share;
      return [{ word, vector, share }];
    });
    for (const one of found) one.share /= total;
    return found;
  }

  private meanVectors(texts: readonly string[], size: number): Matrix32 {
    const means = zeros32(texts.length, size);
    const sum = new Float64Array(size);
    texts.forEach((text, i) => {
      sum.fill(0);
      for (const { vector, share } of this.shares(text))
        for (let j = 0; j < size; j++) sum[j]! += share * vector[j]!;
      row(means, i).set(sum);
    });
    return means;
  }

  /** What the network makes of texts; those without any word, which it would make something of too, are zero. */
  private async sentenceVectors(texts: readonly string[], size: number): Promise<Matrix32> {
    const rows = texts.flatMap((text, i) => (this.known(text) > 0 ? [i] : []));
    const vectors = await this.sentences!.encode(rows.map((i) => texts[i]!));
    if (rows.length === texts.length) return vectors;
    const all = zeros32(texts.length, size);
    rows.forEach((to, from) => {
      row(all, to).set(row(vectors, from));
    });
    return all;
  }

  /** The columns of the block `words` that a caption fills, ascending, at unit length. */
  private entries(text: string): { term: string; index: number; value: number }[] {
    const entries: { term: string; index: number; value: number }[] = [];
    let energy = 0;
    for (const [term, count] of countOccurrences(this.terms(text))) {
      const column = this.columns.get(term);
      if (column === undefined) continue;
      const value = Math.log1p(count) * column.weight;
      energy += value * value;
      entries.push({ term, index: column.index, value });
    }
    const length = Math.sqrt(energy);
    for (const entry of entries) entry.value /= length;
    return entries.sort((a, b) => a.index - b.index);
  }

  private bagsOfWords(texts: readonly string[], columns: number): SparseRows {
    return sparseRows(
      texts.map((text) => this.entries(text)),
      columns,
    );
  }
}
