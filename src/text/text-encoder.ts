import { z } from 'zod';
import { anObject, checkOptions } from '../base/check-options.ts';
import { CovistaError, inOneLine } from '../base/errors.ts';
import { type Matrix32, type Rows, row, zeros32 } from '../linalg/matrix.ts';
import { sparseRows } from '../linalg/sparse-rows.ts';
import { BagOfWords } from './bag-of-words.ts';
import { MeanVectors } from './mean-vectors.ts';
import type { SentenceEncoder } from './sentence-encoder.ts';
import { stemmer } from './stemmers.ts';
import { Terms } from './terms.ts';
import {
  requireSame,
  type StoredTextEncoder,
  storedSchema,
  type TextBlock,
  type TextDecomposition,
  type TextEncoderOptions,
  textEncoderRules,
  WHOLE_TEXT,
} from './text-encoder-options.ts';
import { countWords, frequentTerms, type Vocabulary } from './vocabulary.ts';
import type { WordVectors } from './word-vectors.ts';

const MINIMUM_COUNT = 5;
const NO_WORDS: Vocabulary = { documents: 0, words: [], frequencies: [] };

type Settings = Required<
  Pick<TextEncoderOptions, 'minimumCount' | 'stems' | 'pairs' | 'keepStopWords' | 'characters'>
>;

interface Vocabularies {
  /** All words, for the weights of their vectors; empty without the block `vectors`. */
  readonly words: Vocabulary;
  /** The terms of the block `words`; empty without it. */
  readonly terms: Vocabulary;
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
  /** Of the block `sentence`; undefined without it. */
  readonly sentences: SentenceEncoder | undefined;

  readonly #settings: Settings;
  readonly #terms: Terms;
  readonly #means: MeanVectors | undefined;
  readonly #bag: BagOfWords | undefined;
  /** Of the words of the training texts, once they are needed. */
  #stems: ReadonlySet<string> | undefined;

  private constructor(options: TextEncoderOptions, count: (terms: Terms) => Vocabularies) {
    const {
      blocks,
      language = 'en',
      wordVectors,
      sentences,
      minimumCount = MINIMUM_COUNT,
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
    this.sentences = blocks.includes('sentence') ? sentences : undefined;
    this.#settings = { minimumCount, stems, pairs, keepStopWords, characters };
    this.#terms = new Terms({ language, ...this.#settings });
    const { words, terms } = count(this.#terms);
    this.#means = blocks.includes('vectors') ? new MeanVectors(wordVectors!, words) : undefined;
    this.#bag = blocks.includes('words') ? new BagOfWords(this.#terms, terms) : undefined;
    const sizes = {
      words: terms.words.length,
      vectors: wordVectors?.size ?? 0,
      sentence: sentences?.size ?? 0,
    };
    this.blocks = blocks.map((name) => ({ name, size: sizes[name] }));
  }

  /**
   * Learns the vocabulary and its document frequencies.
   * @param documents the captions of each picture
   * @throws CovistaError `usage` without any block, or without the word vectors or the sentence encoder that a block
   *   needs
   */
  static fit(documents: Iterable<readonly string[]>, options: TextEncoderOptions): TextEncoder {
    checkOptions('TextEncoder.fit', options, textEncoderRules);
    const { blocks, minimumCount = MINIMUM_COUNT } = options;
    return new TextEncoder(options, (terms) => {
      const texts = Array.from(documents);
      const contentWords = (captions: readonly string[]) =>
        captions.flatMap((caption) => terms.contentWords(caption));
      const counted = () => countWords(texts.flat().map((caption) => terms.of(caption)));
      return {
        words: blocks.includes('vectors') ? countWords(texts.map(contentWords)) : NO_WORDS,
        terms: blocks.includes('words') ? frequentTerms(counted(), minimumCount) : NO_WORDS,
      };
    });
  }

  /** Of the block `vectors`; undefined without it. */
  get wordVectors(): WordVectors | undefined {
    return this.#means?.wordVectors;
  }

  /**
   * The words that carry meaning: lower case, in their order, as often as they occur, without stop words; see
   * `segmentWords`.
   */
  words(text: string): string[] {
    return this.#terms.contentWords(text);
  }

  /**
   * How many words of the text contribute to its features; all of them where a network reads it. A text without any
   * has only zeros.
   */
  known(text: string): number {
    if (this.sentences !== undefined) return this.#terms.allWords(text).length;
    return this.words(text).filter((word) => this.#bag?.knows(word) || this.#means?.knows(word)).length;
  }

  /**
   * How well the words of a text are known, each once and without stop words. Where a network reads the text, all of
   * them are taken as known: which words it knows nobody can tell.
   * - `unknown`: those that contribute nothing, as no training text holds them and they have no word vector;
   * - `guessed`: those that no training text holds, neither as they are nor by their stem; what they add comes from
   *   word vectors or spelling alone, and may be wrong.
   */
  doubtful(text: string): { unknown: string[]; guessed: string[] } {
    const unknown: string[] = [];
    const guessed: string[] = [];
    if (this.sentences === undefined)
      for (const word of new Set(this.words(text))) {
        if (this.#occurred(word)) continue;
        if (this.#bag?.knows(word) || this.#means?.knows(word)) guessed.push(word);
        else unknown.push(word);
      }
    return { unknown, guessed };
  }

  #occurred(word: string): boolean {
    if (this.#bag?.holds(word) || this.#means?.occurred(word)) return true;
    const stem = stemmer(this.language);
    this.#stems ??= new Set(this.#means?.vocabulary.words.map(stem));
    return this.#stems.has(stem(word));
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
    for (const { name } of this.blocks) {
      if (name === 'vectors') blocks.push(this.#means!.encode(texts.map((text) => this.words(text))));
      else if (name === 'words') blocks.push(this.#bag!.encode(texts));
      else blocks.push(await this.#sentenceVectors(texts));
    }
    return blocks;
  }

  /**
   * The features of one text as a sum over its terms: word vectors, words or stems, pairs of neighbours. Encoding is
   * not linear in the words, but given a text it is such a sum, whose rows add up to what {@link TextEncoder.encode}
   * gives, up to rounding.
   */
  async decompose(text: string): Promise<TextDecomposition> {
    const sentence = this.sentences && (await this.#sentenceVectors([text]));
    const words = [...new Set(this.#terms.words(text))];
    const vectorTerms = this.#means?.shares(this.words(text)) ?? [];
    const bagTerms = this.#bag?.entries(text) ?? [];
    const wholes = sentence === undefined ? 0 : 1;
    const rows = vectorTerms.length + bagTerms.length + wholes;
    const ownersOf = this.#terms.owners(text);
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
    const { language, wordVectors, sentences } = this;
    const words = this.#means?.vocabulary ?? NO_WORDS;
    const terms = this.#bag?.vocabulary ?? NO_WORDS;
    return {
      language,
      blocks: this.blocks.map(({ name }) => name),
      ...this.#settings,
      ...(wordVectors && { wordVectors: { id: wordVectors.id, size: wordVectors.size } }),
      ...(sentences && { sentences: { id: sentences.id, size: sentences.size } }),
      documents: words.documents,
      captions: terms.documents,
      words: [...words.words],
      frequencies: [...words.frequencies],
      terms: [...terms.words],
      termFrequencies: [...terms.frequencies],
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
      throw new CovistaError(
        'bad-format',
        `This is no text encoder: ${inOneLine(z.prettifyError(parsed.error))}`,
      );
    checkOptions('TextEncoder.fromJSON', options, { wordVectors: anObject, sentences: anObject });
    const { documents, captions, words, frequencies, terms, termFrequencies, ...rest } = parsed.data;
    const { wordVectors: expectedVectors, sentences: expectedSentences, ...settings } = rest;
    if (words.length !== frequencies.length || terms.length !== termFrequencies.length)
      throw new CovistaError('bad-format', 'A text encoder has words without frequencies.');
    const { wordVectors, sentences } = options;
    requireSame('word vectors', expectedVectors, wordVectors);
    requireSame('sentence encoder', expectedSentences, sentences);
    return new TextEncoder({ ...settings, wordVectors, sentences }, () => ({
      words: { documents, words, frequencies },
      terms: { documents: captions, words: terms, frequencies: termFrequencies },
    }));
  }

  /** What the network makes of texts; those without any word, which it would make something of too, are zero. */
  async #sentenceVectors(texts: readonly string[]): Promise<Matrix32> {
    const rows = texts.flatMap((text, i) => (this.known(text) > 0 ? [i] : []));
    const vectors = await this.sentences!.encode(rows.map((i) => texts[i]!));
    if (rows.length === texts.length) return vectors;
    const all = zeros32(texts.length, this.sentences!.size);
    rows.forEach((to, from) => {
      row(all, to).set(row(vectors, from));
    });
    return all;
  }
}
