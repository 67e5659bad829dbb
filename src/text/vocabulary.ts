/** The words of a collection and in how many of its documents each occurs. */
export interface Vocabulary {
  /** How many documents there are. */
  readonly documents: number;
  /** Each word once, the most frequent first, equally frequent ones in the order of their code units. */
  readonly words: readonly string[];
  /** In how many documents each word occurs, in the order of `words`. */
  readonly frequencies: readonly number[];
}

/** Counts in how many documents each word occurs. */
export function countWords(documents: Iterable<Iterable<string>>): Vocabulary {
  const counts = new Map<string, number>();
  let count = 0;
  for (const document of documents) {
    count++;
    for (const word of new Set(document)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return {
    documents: count,
    words: sorted.map(([word]) => word),
    frequencies: sorted.map(([, frequency]) => frequency),
  };
}

/** What a term that is a run of a word's characters begins with; no word holds it. */
const CHARACTERS = '@';

/** The terms that occur in so many texts; pairs of words and runs of characters, see {@link CHARACTERS}, in five times as many. */
export function frequentTerms({ documents, words, frequencies }: Vocabulary, minimum: number): Vocabulary {
  const kept = words.flatMap((term, i) =>
    frequencies[i]! >= (term.includes(' ') || term.startsWith(CHARACTERS) ? 5 * minimum : minimum) ? [i] : [],
  );
  return {
    documents,
    words: kept.map((i) => words[i]!),
    frequencies: kept.map((i) => frequencies[i]!),
  };
}

/** All runs of so many characters of a word with a mark at either end; none for 0. */
export function characterRuns(word: string, length: number): string[] {
  if (length === 0) return [];
  const marked = [...`#${word}#`];
  const runs: string[] = [];
  for (let start = 0; start + length <= marked.length; start++)
    runs.push(CHARACTERS + marked.slice(start, start + length).join(''));
  return runs;
}
