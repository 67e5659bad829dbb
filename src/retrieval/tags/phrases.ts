import { amount, checkOptions } from '../../base/check-options.ts';

/** Two words that belong together. */
export interface Phrase {
  /** `tennis racket`: as it is given for a tag. */
  readonly text: string;
  readonly words: readonly [string, string];
  /** In how many captions the second word follows the first directly. */
  readonly count: number;
  /** Normalised pointwise mutual information, -1..1: 1 when neither word occurs without the other. */
  readonly association: number;
}

/** Options of {@link findPhrases}. */
export interface PhraseOptions {
  /** In how many captions a phrase must occur, 10 by default. */
  readonly minimumCount?: number;
  /** The least association, 0.4 by default. */
  readonly minimumAssociation?: number;
}

/**
 * Finds pairs of neighbouring words that are said together far more often than chance would have it, by
 *
 *     npmi(a, b) = log(p(a b) / (p(a) p(b))) / -log p(a b)
 *
 * with p the share of captions that hold a word, or the pair side by side (Bouma, "Normalized (pointwise) mutual
 * information in collocation extraction", GSCL 2009). Unlike the score of Mikolov et al. (NIPS 2013) it has a scale
 * that does not depend on how many captions there are. In Flickr8k's captions, pairs like `martial arts` lie above 0.9,
 * `tennis ball` and `hockey players` at 0.5, `soccer ball` and `baseball bat` above 0.4, `wooden structure` below.
 * @param captions the words of each caption in their order, stop words among them: without those, words would seem
 *   neighbours that are none
 * @param vocabulary the words that phrases may be made of
 * @returns the strongest first
 * @throws CovistaError `usage` for options out of range
 */
export function findPhrases(
  captions: readonly (readonly string[])[],
  vocabulary: Iterable<string>,
  options: PhraseOptions = {},
): Phrase[] {
  checkOptions('findPhrases', options, { minimumCount: amount(1), minimumAssociation: amount(-1, 1) });
  const { minimumCount = 10, minimumAssociation = 0.4 } = options;
  const allowed = new Set(vocabulary);
  const words = new Map<string, number>();
  const pairs = new Map<string, number>();
  for (const caption of captions) {
    for (const word of new Set(caption)) if (allowed.has(word)) increase(words, word);
    for (const pair of pairsOf(caption, allowed)) increase(pairs, pair);
  }
  const phrases: Phrase[] = [];
  for (const [text, count] of pairs) {
    if (count < minimumCount) continue;
    const [a, b] = text.split(' ') as [string, string];
    const information = Math.log((count * captions.length) / (words.get(a)! * words.get(b)!));
    const association = count === captions.length ? 1 : information / Math.log(captions.length / count);
    if (association >= minimumAssociation) phrases.push({ text, words: [a, b], count, association });
  }
  return phrases.sort((x, y) => y.association - x.association || (x.text < y.text ? -1 : 1));
}

/**
 * The words of captions, followed by the phrases that they hold, which then can be tags like any word: for the tag
 * vocabulary, the words that captions vote for, and the truth of an evaluation.
 * @param captions the words of each caption in their order, stop words among them
 * @param phrases as {@link findPhrases} gives them
 */
export function withPhrases(
  captions: readonly (readonly string[])[],
  phrases: Iterable<Pick<Phrase, 'text' | 'words'>>,
): string[][] {
  const known = new Map(Array.from(phrases, ({ words, text }) => [words.join(' '), text]));
  return captions.map((caption) => {
    const found: string[] = [];
    for (let i = 1; i < caption.length; i++) {
      const text = known.get(`${caption[i - 1]} ${caption[i]}`);
      if (text !== undefined) found.push(text);
    }
    return [...caption, ...found];
  });
}

/** Neighbouring words of the vocabulary, each pair once. */
function pairsOf(caption: readonly string[], allowed: ReadonlySet<string>): Set<string> {
  const pairs = new Set<string>();
  for (let i = 1; i < caption.length; i++) {
    const [a, b] = [caption[i - 1]!, caption[i]!];
    // A word said twice in a row is no phrase.
    if (a !== b && allowed.has(a) && allowed.has(b)) pairs.add(`${a} ${b}`);
  }
  return pairs;
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
