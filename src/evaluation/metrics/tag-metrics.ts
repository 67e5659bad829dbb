import { checkOptions, whole } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { TopK } from '../../linalg/engine.ts';
import { matrix } from '../../linalg/matrix.ts';
import { type IndexRows, indexRow, rowCount } from '../../retrieval/gallery/index-rows.ts';
import { forEachQuery, type Scorer } from '../../retrieval/gallery/scorer.ts';
import { topTags } from '../../retrieval/tags/top-tags.ts';
import { averagePrecision, countWithin } from './category-metrics.ts';
import { requireIndices, requireWhole } from './check-arguments.ts';
import { relevantRanks } from './relevant-ranks.ts';
import { mean } from './statistics.ts';

/** How good the tags of pictures are, all in per cent except the size of the vocabulary. */
export interface TagMetrics {
  /** Share of right ones among a picture's 5 best tags. */
  readonly 'precision@5': number;
  /** Share of a picture's right tags that are among its 5 best. */
  readonly 'recall@5': number;
  /** Harmonic mean of the two above. */
  readonly 'f1@5': number;
  /** Mean average precision over the whole vocabulary. */
  readonly map: number;
  /** How many words the tags were chosen from. */
  readonly vocabulary: number;
}

/** Results of each picture that has at least one right tag; the others are left out. All in 0..1. */
export interface TagResults {
  /** The numbers of these pictures. */
  readonly pictures: Uint32Array;
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  readonly averagePrecision: Float64Array;
  readonly vocabulary: number;
  /** The best tags of all pictures, also of those without a right one. */
  readonly given: TopK;
}

/** Measures by word rather than by picture, as image annotation papers give them. */
export interface WordMetrics {
  /** Mean over words of the share of right ones among the pictures given the word, in per cent. */
  readonly precision: number;
  /** Mean over words of the share found among the pictures that have the word, in per cent. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
  /** N+: how many words were given rightly to at least one picture. */
  readonly nPlus: number;
  /** How many words are right for at least one picture: what the means go over. */
  readonly words: number;
}

/**
 * Precision@k, Recall@k and average precision of each picture's tags. The average precision ranks the whole
 * vocabulary. Ties count against the system. Pictures without a right tag are left out, for nothing can be found.
 * @param scorer pictures against the words of the vocabulary
 * @param truth the right words of each picture
 * @param options `k`: how many tags a picture gets, 5 by default
 * @throws CovistaError `bad-values` when pictures and truth differ in number or a word does not exist, `usage` for
 *   another number of tags
 */
export async function tagResults(
  scorer: Scorer,
  truth: IndexRows,
  options: { readonly k?: number } = {},
): Promise<TagResults> {
  checkOptions('tagResults', options, { k: whole(1) });
  const { k = 5 } = options;
  requireSameNumber(scorer.queries, truth);
  const pictures: number[] = [];
  const precision: number[] = [];
  const recall: number[] = [];
  const precisions: number[] = [];
  const count = Math.min(k, scorer.items);
  const given = {
    count,
    indices: new Uint32Array(scorer.queries * count),
    scores: new Float32Array(scorer.queries * count),
  };
  await forEachQuery(scorer, (picture, scores) => {
    const best = topTags(matrix(1, scores.length, scores), k);
    given.indices.set(best.indices, picture * count);
    given.scores.set(best.scores, picture * count);
    const right = indexRow(truth, picture);
    if (right.length === 0) return;
    const ranks = relevantRanks(scores, right);
    const hits = countWithin(ranks, k);
    pictures.push(picture);
    precision.push(hits / k);
    recall.push(hits / right.length);
    precisions.push(averagePrecision(ranks));
  });
  return {
    pictures: Uint32Array.from(pictures),
    precision: Float64Array.from(precision),
    recall: Float64Array.from(recall),
    averagePrecision: Float64Array.from(precisions),
    vocabulary: scorer.items,
    given,
  };
}

/** The means over pictures of {@link tagResults} computed with the default of 5 tags, in per cent. */
export function tagMetrics(results: TagResults): TagMetrics {
  const precision = 100 * mean(results.precision);
  const recall = 100 * mean(results.recall);
  return {
    'precision@5': precision,
    'recall@5': recall,
    'f1@5': harmonicMean(precision, recall),
    map: 100 * mean(results.averagePrecision),
    vocabulary: results.vocabulary,
  };
}

/**
 * Precision, recall, F1 and N+ by word, after Duygulu et al., ECCV 2002, and Guillaumin et al., ICCV 2009: every
 * picture gets the same number of tags; a word that is never given has precision 0; the means go over the words
 * that are right for at least one picture.
 * @param given the tags of each picture, pictures x count
 * @param truth the right words of each picture
 * @param vocabulary how many words there are
 * @throws CovistaError `bad-values` when pictures and truth differ in number or a word does not exist
 */
export function wordMetrics(given: TopK, truth: IndexRows, vocabulary: number): WordMetrics {
  requireSameNumber(given.count === 0 ? 0 : given.indices.length / given.count, truth);
  requireWhole('wordMetrics', 'vocabulary', vocabulary, 0);
  requireIndices('wordMetrics', truth, vocabulary);
  for (const word of given.indices)
    if (word >= vocabulary)
      throw new CovistaError('bad-values', `wordMetrics: word ${word} is given of only ${vocabulary}.`);
  const timesGiven = new Uint32Array(vocabulary);
  const timesRight = new Uint32Array(vocabulary);
  const timesTrue = new Uint32Array(vocabulary);
  for (let picture = 0; picture < rowCount(truth); picture++) {
    const right = indexRow(truth, picture);
    for (const word of right) timesTrue[word]! += 1;
    for (const word of given.indices.subarray(picture * given.count, (picture + 1) * given.count)) {
      timesGiven[word]! += 1;
      if (right.includes(word)) timesRight[word]! += 1;
    }
  }
  let words = 0;
  let nPlus = 0;
  let precision = 0;
  let recall = 0;
  for (let word = 0; word < vocabulary; word++) {
    if (timesTrue[word] === 0) continue;
    words++;
    if (timesRight[word]! > 0) nPlus++;
    precision += timesRight[word]! / Math.max(1, timesGiven[word]!);
    recall += timesRight[word]! / timesTrue[word]!;
  }
  precision *= 100 / words;
  recall *= 100 / words;
  return { precision, recall, f1: harmonicMean(precision, recall), nPlus, words };
}

function harmonicMean(a: number, b: number): number {
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}

function requireSameNumber(pictures: number, truth: IndexRows): void {
  if (pictures !== rowCount(truth))
    throw new CovistaError(
      'bad-values',
      `${pictures} pictures came with the right tags of ${rowCount(truth)}.`,
    );
}
