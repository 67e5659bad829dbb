import { CovistaError } from '../../base/errors.ts';

/** One part of a query and how much it counts: below 0 for what is not wanted. */
export interface QueryPart {
  readonly text: string;
  readonly weight: number;
  /** Whether the words of the text belong together: every part is a phrase but the plain words. */
  readonly phrase?: boolean;
}

/** What somebody asked for in words. */
export interface Query {
  /** At least one. */
  readonly parts: readonly QueryPart[];
}

/**
 * The weight of a part with a minus. On Flickr8k's validation photos, 266 queries of the kind "a and not b" find by
 * embeddings alone, with weights of 0, -0.3, -0.5 and -1, among the first 10 photos 39.7, 43.8, 45.0 and 42.4 % right
 * ones, and 10.2, 6.2, 4.4 and 2.3 % with a and b. Taking off only what a and b have in common (projection) gains
 * little: 40.4 %.
 */
export const NEGATIVE_WEIGHT = 0.5;

/** A minus and a number before a colon, both optional, then a phrase in quotes or a word. */
const TOKEN =
  /([-\u2212]?)(?:(\d+(?:\.\d+)?|\.\d+):)?(?:["\u201c\u201d]([^"\u201c\u201d]*)(["\u201c\u201d]?)|(\S*))/uy;
const SPACE = /\s+/uy;

/**
 * Reads a query:
 *
 * - `a dog on grass`: plain words are one part of weight 1, and are read together as a caption would be;
 * - `-grass`: not wanted, weight -0.5; `-2:grass`: not wanted at all, weight -1 (the number times -0.5);
 * - `2:dog`: counts twice as much as the plain words; `0.5:dog` half as much;
 * - `"hot dog"`: a phrase that is a part of its own, whose words belong together; so are `-"hot dog"` and `2:"hot dog"`.
 *
 * - `a dog without a ball`, `a beach, no people`, `a bird but not a duck`: what follows `without`, `no` or `not`, up to
 *   a comma or the next preposition or conjunction, is not wanted, as with a minus.
 *
 * A minus or a number counts only at the beginning of a word: `t-shirt` is a plain word. Quotes keep their content
 * as it is, so that `"10:30"` and `"-5"` can be asked for.
 * @returns the plain words first, as they come, then the other parts in their order
 * @throws CovistaError `usage` for an empty query, quotes that do not close, a weight of 0, or a minus or weight
 *   with nothing behind it
 */
export function parseQuery(text: string): Query {
  const plain: string[] = [];
  const parts: QueryPart[] = [];
  let position = 0;
  for (;;) {
    SPACE.lastIndex = position;
    if (SPACE.test(text)) position = SPACE.lastIndex;
    if (position === text.length) break;
    TOKEN.lastIndex = position;
    const [token, minus, number, quoted, closing, word] = TOKEN.exec(text)!;
    position += token.length;
    if (quoted !== undefined && closing === '')
      throw new CovistaError(
        'usage',
        `The quote before ${excerpt(quoted)} is not closed in ${excerpt(text)}.`,
        {
          hint: 'Put a second quote behind the phrase.',
        },
      );
    const content = (quoted ?? word!).trim();
    if (content === '')
      throw new CovistaError('usage', `Nothing stands behind ${excerpt(token)} in ${excerpt(text)}.`, {
        hint: 'Write -word, 2:word or "a phrase", without a space in between.',
      });
    if ((minus !== '' || number !== undefined) && /^[-\u2212]/.test(content))
      throw new CovistaError('usage', `The minus in ${excerpt(token)} stands in the wrong place.`, {
        hint: 'Write -word, or -2:word with a weight.',
      });
    if (minus === '' && number === undefined && quoted === undefined) {
      plain.push(content);
      continue;
    }
    const weight = (number === undefined ? 1 : Number(number)) * (minus === '' ? 1 : -NEGATIVE_WEIGHT);
    if (weight === 0 || !Number.isFinite(weight))
      throw new CovistaError('usage', `The weight in ${excerpt(token)} must be above 0.`, {
        hint: 'Leave the word out, or write -word for what is not wanted.',
      });
    parts.push({ text: content, weight, phrase: true });
  }
  const { wanted, unwanted } = splitNegations(plain);
  for (const text of unwanted) parts.push({ text, weight: -NEGATIVE_WEIGHT, phrase: true });
  if (wanted.length > 0) parts.unshift({ text: wanted.join(' '), weight: 1 });
  if (parts.length === 0)
    throw new CovistaError('usage', 'The query is empty.', { hint: 'Name what to find.' });
  return { parts };
}

const NEGATIONS = new Set(['without', 'no', 'not']);
const ARTICLES = new Set('a an the any his her its their other'.split(' '));
const BOUNDARIES = new Set(
  'in on at by near with from under over behind beside between next inside outside during and or but while who that'.split(
    ' ',
  ),
);
const PUNCTUATION = /[,;.!?]+$/u;

/** Parts plain English words into those that are wanted and phrases that a negation stands before. */
function splitNegations(plain: readonly string[]): { wanted: string[]; unwanted: string[] } {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  const word = (i: number) => plain[i]!.toLowerCase().replace(PUNCTUATION, '');
  for (let i = 0; i < plain.length; i++) {
    let end = i + 1;
    if (NEGATIONS.has(plain[i]!.toLowerCase())) {
      while (end < plain.length && (ARTICLES.has(word(end)) || NEGATIONS.has(word(end)))) end++;
      const first = end;
      while (end < plain.length && !BOUNDARIES.has(word(end)) && !NEGATIONS.has(word(end)))
        if (PUNCTUATION.test(plain[end++]!)) break;
      const phrase = plain.slice(first, end).join(' ').replace(PUNCTUATION, '');
      if (phrase !== '') {
        unwanted.push(phrase);
        i = end - 1;
        continue;
      }
    }
    wanted.push(plain[i]!);
  }
  return { wanted, unwanted };
}

/** Quoted for a message, and not longer than a line. */
function excerpt(text: string): string {
  return `'${text.length > 60 ? `${text.slice(0, 60)}...` : text}'`;
}
