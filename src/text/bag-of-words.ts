import type { SparseRows } from '../linalg/matrix.ts';
import { sparseRows } from '../linalg/sparse-rows.ts';
import type { Terms } from './terms.ts';
import { countOccurrences } from './tf-idf.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A column of the bag. */
interface Column {
  readonly index: number;
  /** ln((1 + captions) / captions with the term). */
  readonly weight: number;
}

/** The text block `words`: bags of terms, weighted by TF-IDF with a caption as the document. */
export class BagOfWords {
  readonly terms: Terms;
  readonly vocabulary: Vocabulary;
  readonly #columns: ReadonlyMap<string, Column>;

  /** @param vocabulary the terms with a column each, and how many captions hold them */
  constructor(terms: Terms, vocabulary: Vocabulary) {
    this.terms = terms;
    this.vocabulary = vocabulary;
    const { documents, frequencies, words } = vocabulary;
    this.#columns = new Map(
      words.map((term, index) => [term, { index, weight: Math.log((1 + documents) / frequencies[index]!) }]),
    );
  }

  /** Whether a word by itself fills any column. */
  knows(word: string): boolean {
    return this.terms.ofWord(word).some((term) => this.#columns.has(term));
  }

  /** Whether a word or its stem has a column of its own, whatever runs of characters it shares with others. */
  holds(word: string): boolean {
    return this.#columns.has(this.terms.ofWord(word)[0]!);
  }

  /** The columns that a text fills, ascending, at unit length. */
  entries(text: string): { term: string; index: number; value: number }[] {
    const entries: { term: string; index: number; value: number }[] = [];
    let energy = 0;
    for (const [term, count] of countOccurrences(this.terms.of(text))) {
      const column = this.#columns.get(term);
      if (column === undefined) continue;
      const value = Math.log1p(count) * column.weight;
      energy += value * value;
      entries.push({ term, index: column.index, value });
    }
    const length = Math.sqrt(energy);
    for (const entry of entries) entry.value /= length;
    return entries.sort((a, b) => a.index - b.index);
  }

  /** Texts x terms. */
  encode(texts: readonly string[]): SparseRows {
    return sparseRows(
      texts.map((text) => this.entries(text)),
      this.vocabulary.words.length,
    );
  }
}
