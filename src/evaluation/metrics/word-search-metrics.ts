import { CovistaError } from '../../base/errors.ts';
import { type IndexRows, indexRow, rowCount } from '../../retrieval/gallery/index-rows.ts';
import type { Scorer } from '../../retrieval/gallery/scorer.ts';
import { precisionResults } from './category-metrics.ts';
import { chanceAveragePrecision } from './chance.ts';
import { requireIndices, requireWhole } from './check-arguments.ts';
import { mean } from './statistics.ts';

/** How well words find the pictures that they are true of, in per cent except the number of words. */
export interface WordSearchMetrics {
  /** Share of right ones among the first 10 pictures; NaN when no word is true of as many. */
  readonly 'precision@10': number;
  /** Mean average precision over all pictures. */
  readonly map: number;
  /** How many words are true of any picture: what the mean average precision goes over. */
  readonly words: number;
}

/** Results of each word that is true of any picture. All in 0..1. */
export interface WordSearchResults {
  /** The numbers of these words. */
  readonly words: Uint32Array;
  readonly averagePrecision: Float64Array;
  /** The numbers of the words that are true of at least 10 pictures: others cannot fill the first 10. */
  readonly frequentWords: Uint32Array;
  /** One a frequent word. */
  readonly precision: Float64Array;
}

/** Pictures that a word's precision is measured on. */
const K = 10;

/**
 * Every word is one query against all pictures, as in tag-to-image search of Gong et al. (IJCV 2014, section 5): the
 * precision at 10 and the average precision. Ties count against the system.
 * @param scorer words against pictures
 * @param right the pictures that each word is true of
 * @throws CovistaError `bad-values` when words differ in number
 */
export async function wordSearchResults(scorer: Scorer, right: IndexRows): Promise<WordSearchResults> {
  if (rowCount(right) !== scorer.queries)
    throw new CovistaError(
      'bad-values',
      `${scorer.queries} words came with the right pictures of ${rowCount(right)}.`,
    );
  const { averagePrecision, precisionAtK } = await precisionResults(
    scorer,
    (word) => indexRow(right, word),
    K,
  );
  const heldBy = (least: number) =>
    Uint32Array.from(averagePrecision.keys()).filter((word) => indexRow(right, word).length >= least);
  const [words, frequentWords] = [heldBy(1), heldBy(K)];
  return {
    words,
    averagePrecision: Float64Array.from(words, (word) => averagePrecision[word]!),
    frequentWords,
    precision: Float64Array.from(frequentWords, (word) => precisionAtK[word]!),
  };
}

/** The means over words of {@link wordSearchResults}, in per cent. */
export function wordSearchMetrics(results: WordSearchResults): WordSearchMetrics {
  return {
    'precision@10': 100 * mean(results.precision),
    map: 100 * mean(results.averagePrecision),
    words: results.words.length,
  };
}

/**
 * What random orders of the pictures get on average, in closed form.
 * @param right the pictures that each word is true of
 * @param pictures how many there are
 * @throws CovistaError `bad-values` for pictures that do not exist, `usage` for fewer than one
 */
export function chanceWordSearch(right: IndexRows, pictures: number): WordSearchMetrics {
  requireWhole('chanceWordSearch', 'pictures', pictures, 1);
  requireIndices('chanceWordSearch', right, pictures);
  const counts = Array.from({ length: rowCount(right) }, (_, word) => indexRow(right, word).length);
  const found = counts.filter((count) => count > 0);
  return {
    'precision@10': 100 * mean(found.filter((count) => count >= K).map((count) => count / pictures)),
    map: 100 * mean(found.map((count) => chanceAveragePrecision(count, pictures))),
    words: found.length,
  };
}
