/**
 * Smoothed inverse document frequency, ln((1 + N) / (1 + df)) + 1: as if one more document held every word, so
 * that a word nobody wrote still has a weight and one in every document is not lost. It is the form of
 * scikit-learn's `TfidfTransformer`; the idea is Spärck Jones's (Journal of Documentation 28, 1972).
 * @param documents N, how many documents there are
 * @param frequency df, how many of them hold the word
 */
export function inverseDocumentFrequency(documents: number, frequency: number): number {
  return Math.log((1 + documents) / (1 + frequency)) + 1;
}

/** How often each word occurs. */
export function countOccurrences(words: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
