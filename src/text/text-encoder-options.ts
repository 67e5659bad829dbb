import { z } from 'zod';
import {
  anObject,
  flag,
  listOf,
  type OptionRules,
  oneOf,
  required,
  text,
  whole,
} from '../base/check-options.ts';
import { CovistaError } from '../base/errors.ts';
import type { Rows } from '../linalg/matrix.ts';
import type { SentenceEncoder } from './sentence-encoder.ts';
import type { WordVectors } from './word-vectors.ts';

/**
 * `vectors`: the TF-IDF-weighted mean of word vectors. `words`: the TF-IDF bag of words. `sentence`: what a network
 * makes of the whole text.
 */
export type TextBlock = 'vectors' | 'words' | 'sentence';

/** Stands for a text as a whole where what its words add is told apart. */
export const WHOLE_TEXT = '(the whole text)';

/** What `TextEncoder.fit` takes. */
export interface TextEncoderOptions {
  /** Of the texts, as a BCP 47 tag; `en` when left out. */
  readonly language?: string;
  /** Needed by the block `vectors`. */
  readonly wordVectors?: WordVectors;
  /** Needed by the block `sentence`. */
  readonly sentences?: SentenceEncoder;
  /** What a text is encoded as, in this order. */
  readonly blocks: readonly TextBlock[];
  /** The block `words` holds the words that occur in so many captions; 5 when left out. */
  readonly minimumCount?: number;
  /** Whether the block `words` counts stems (`jump` for `jumps` and `jumping`), where the language has a stemmer. */
  readonly stems?: boolean;
  /**
   * Whether the block `words` counts pairs of neighbouring words too: `tennis racket`. They must occur in five times
   * as many captions as words, since there are so many more of them.
   */
  readonly pairs?: boolean;
  /** Whether the block `words` counts stop words too, which pairs (`on a`) give a meaning. */
  readonly keepStopWords?: boolean;
  /**
   * The block `words` counts the runs of so many characters of each word too, its ends among them, which words of one
   * root and misspellings share (Bojanowski et al., "Enriching word vectors with subword information", TACL 2017), if
   * they occur in five times as many captions as words; none when left out or 0.
   */
  readonly characters?: number;
}

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
/** What the options may be. */
export const textEncoderRules: OptionRules<TextEncoderOptions> = {
  language: text,
  wordVectors: anObject,
  sentences: anObject,
  blocks: required(listOf(oneOf(['vectors', 'words', 'sentence']))),
  minimumCount: whole(1),
  stems: flag,
  pairs: flag,
  keepStopWords: flag,
  characters: whole(0),
};

/** The stored form of an encoder, as JSON. */
export const storedSchema = z.object({
  language: z.string().refine(isLanguageTag, 'is no language tag'),
  blocks: z.array(z.enum(['vectors', 'words', 'sentence'])),
  minimumCount: z.number().int().positive(),
  stems: z.boolean(),
  pairs: z.boolean(),
  keepStopWords: z.boolean(),
  characters: z.number().int().nonnegative().optional(),
  wordVectors: z.object({ id: z.string(), size: z.number().int().positive() }).optional(),
  sentences: z.object({ id: z.string(), size: z.number().int().positive() }).optional(),
  documents: z.number().int().nonnegative(),
  captions: z.number().int().nonnegative(),
  words: z.array(z.string()),
  frequencies: z.array(z.number().int().positive()),
  terms: z.array(z.string()),
  termFrequencies: z.array(z.number().int().positive()),
});

/** What an encoder is stored as. */
export type StoredTextEncoder = z.infer<typeof storedSchema>;

/** The features of a text as a sum over terms. */
export interface TextDecomposition {
  /**
   * The different words of the text in their order; stop words only where the bag counts them. Where there is a block
   * `sentence`, {@link WHOLE_TEXT} comes last: what a network makes of a text belongs to no single word.
   */
  readonly words: readonly string[];
  /** For each term the words that made it, as ascending positions in `words`. */
  readonly owners: readonly (readonly number[])[];
  /** One matrix a block, terms x size: what each term adds to the text's row. */
  readonly blocks: readonly Rows[];
}

/** That what a stored encoder is opened with is what it was fitted with. */
export function requireSame(
  what: string,
  expected: { readonly id: string; readonly size: number } | undefined,
  given: { readonly id: string; readonly size: number } | undefined,
): void {
  if (expected && given && (expected.id !== given.id || expected.size !== given.size))
    throw new CovistaError(
      'usage',
      `The text encoder was fitted with the ${what} ${expected.id} (${expected.size}-D), not ${given.id} (${given.size}-D).`,
    );
}
