import { stemmer } from './stemmers.ts';
import { stopWords } from './stop-words.ts';
import { characterRuns } from './vocabulary.ts';
import { segmentWords } from './words.ts';

/** What the terms of a text are; see `TextEncoderOptions`. */
export interface TermOptions {
  readonly language: string;
  readonly stems: boolean;
  readonly pairs: boolean;
  readonly keepStopWords: boolean;
  readonly characters: number;
}

/** Words whose stems are kept: texts say the same few thousand again and again. */
const KEPT_STEMS = 1 << 15;

/** Splits texts into the terms that a bag of words counts: words or stems, pairs of neighbours, runs of characters. */
export class Terms {
  readonly #options: TermOptions;
  readonly #stopWords: ReadonlySet<string>;
  readonly #stem: (word: string) => string;

  constructor(options: TermOptions) {
    this.#options = options;
    this.#stopWords = stopWords(options.language);
    this.#stem = options.stems ? remembered(stemmer(options.language)) : (word) => word;
  }

  /** All words, lower case, in their order, as often as they occur. */
  allWords(text: string): string[] {
    return segmentWords(text, this.#options.language);
  }

  /** The words that carry meaning: all but the stop words. */
  contentWords(text: string): string[] {
    return this.allWords(text).filter((word) => !this.#stopWords.has(word));
  }

  /** The words that terms are made of. */
  words(text: string): string[] {
    return this.#options.keepStopWords ? this.allWords(text) : this.contentWords(text);
  }

  /** The terms that a single word makes. */
  ofWord(word: string): string[] {
    return [this.#stem(word), ...characterRuns(word, this.#options.characters)];
  }

  /** The terms of a text, as often as they occur. */
  of(text: string): string[] {
    return this.#owned(text).map(({ term }) => term);
  }

  /** Which words of a text made each of its terms. */
  owners(text: string): Map<string, ReadonlySet<string>> {
    const found = new Map<string, Set<string>>();
    for (const { term, owners } of this.#owned(text))
      found.set(term, new Set([...(found.get(term) ?? []), ...owners]));
    return found;
  }

  #owned(text: string): { term: string; owners: readonly string[] }[] {
    const { pairs, characters } = this.#options;
    const words = this.words(text);
    const stems = words.map((word) => this.#stem(word));
    const terms = stems.map((term, i) => ({ term, owners: [words[i]!] }));
    if (pairs)
      for (let i = 1; i < stems.length; i++)
        terms.push({ term: `${stems[i - 1]} ${stems[i]}`, owners: [words[i - 1]!, words[i]!] });
    for (const word of words)
      for (const run of characterRuns(word, characters)) terms.push({ term: run, owners: [word] });
    return terms;
  }
}

function remembered(stem: (word: string) => string): (word: string) => string {
  const known = new Map<string, string>();
  return (word) => {
    let found = known.get(word);
    if (found === undefined) {
      found = stem(word);
      if (known.size >= KEPT_STEMS) known.clear();
      known.set(word, found);
    }
    return found;
  };
}
