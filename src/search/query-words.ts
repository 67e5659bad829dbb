import { CovistaError } from '../base/errors.ts';
import type { Model } from '../model/model.ts';
import { parseQuery } from '../retrieval/index.ts';
import { otherLanguages, stopWords, TextEncoder, type WordVectors } from '../text/index.ts';

/** How well a model knows the words of a query; stop words are left out. */
export interface QueryWords {
  /** Words that training captions hold, as they are or by their stem. */
  readonly known: readonly string[];
  /** Words and emoji that count nothing: neither training captions nor word vectors hold them. */
  readonly unknown: readonly string[];
  /** Words that no training caption holds: their word vectors say what they mean, which is a guess. */
  readonly guessed: readonly string[];
  /** Languages whose stop words are among the unknown and guessed ones, as BCP 47 tags. */
  readonly languages: readonly string[];
}

/** The emoji in a text, each once: they are no words, and count nothing. */
export function emojiIn(text: string): string[] {
  return [...new Set(text.match(/\p{RGI_Emoji}/gv))];
}

/**
 * Says how well a model knows the words of a query.
 * @param language of the query, where it is not the model's
 * @throws CovistaError `usage` for a query that cannot be read
 */
export function queryWords(model: Model, words: string, language = model.text.language): QueryWords {
  const stop = stopWords(language);
  const text = parseQuery(words)
    .parts.map((part) => part.text)
    .join('\n');
  const doubts = [model, ...model.joined].map((member) => member.text.doubtful(text));
  // What one of the joined models knows is known.
  const doubtful = (word: string) =>
    doubts.every(({ unknown, guessed }) => unknown.includes(word) || guessed.includes(word));
  const readsWhole = [model, ...model.joined].some((member) => member.text.sentences !== undefined);
  const unknown = [
    ...doubts[0]!.unknown.filter(
      (word) => !stop.has(word) && doubts.every((one) => one.unknown.includes(word)),
    ),
    ...(readsWhole ? [] : emojiIn(text)),
  ];
  const guessed = [...new Set(doubts.flatMap((one) => [...one.guessed, ...one.unknown]))].filter(
    (word) => !stop.has(word) && doubtful(word) && doubts.some((one) => one.guessed.includes(word)),
  );
  const doubted = [...unknown, ...guessed];
  return {
    known: [...new Set(model.text.words(text))].filter((word) => !stop.has(word) && !doubted.includes(word)),
    unknown,
    guessed,
    languages: otherLanguages(doubted, language),
  };
}

/** Words that two files of vectors both hold, compared to see whether they lie in one space. */
const COMPARED = 1000;

/** Fewer say nothing. */
const FEWEST_COMPARED = 5;

/** Unrelated spaces have about 0; words spelt alike in two languages, among them names and numbers, far more. */
const LEAST_COSINE = 0.2;

/**
 * A model that reads queries in another language too, through word vectors that lie in the same space as its own
 * (aligned fastText or MUSE vectors, Numberbatch): words have their vectors there, or else those of the model.
 * @param vectors of the other language
 * @param language of the queries, as a BCP 47 tag; its stop words have no vectors
 * @throws CovistaError `usage` for a model without word vectors, or vectors that do not lie in the space of the model's
 */
export function readInLanguage(model: Model, vectors: WordVectors, language: string): Model {
  const own = model.text.wordVectors;
  if (own === undefined)
    throw new CovistaError('usage', 'The model has no word vectors that others could stand beside.', {
      hint: 'Learn one with aligned word vectors: covista fit --vectors <file>',
    });
  requireOneSpace(own, vectors);
  const stop = stopWords(language);
  const both: WordVectors = {
    id: own.id,
    size: own.size,
    count: own.count + vectors.count,
    vector: (word) => (stop.has(word) ? undefined : (vectors.vector(word) ?? own.vector(word))),
    words: () => vectors.words(),
  };
  const withVectors = <T extends { readonly text: TextEncoder }>(member: T): T => ({
    ...member,
    text: TextEncoder.fromJSON(member.text.toJSON(), {
      wordVectors: both,
      ...(member.text.sentences && { sentences: member.text.sentences }),
    }),
  });
  return { ...withVectors(model), joined: model.joined.map(withVectors) };
}

function requireOneSpace(own: WordVectors, other: WordVectors): void {
  const hint =
    'Both must come from one set of aligned vectors: learn with one language of it (covista fit --vectors), search with another. See docs/word-vectors.md.';
  const names = `The word vectors ${other.id} do not lie in the space of the model's, ${own.id}`;
  if (own.size !== other.size)
    throw new CovistaError('usage', `${names}: they have ${other.size} numbers, not ${own.size}.`, { hint });
  let sum = 0;
  let count = 0;
  for (const word of other.words()) {
    const [a, b] = [own.vector(word), other.vector(word)];
    if (a === undefined || b === undefined) continue;
    sum += cosine(a, b);
    if (++count === COMPARED) break;
  }
  if (count < FEWEST_COMPARED)
    throw new CovistaError('usage', `${names}, as far as can be seen: they share ${count} words.`, { hint });
  if (sum / count < LEAST_COSINE)
    throw new CovistaError(
      'usage',
      `${names}: the ${count} words that both hold have a mean cosine of ${(sum / count).toFixed(2)}.`,
      { hint },
    );
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa > 0 && bb > 0 ? dot / Math.sqrt(aa * bb) : 0;
}
