import { type IndexRows, indexRow, rowCount } from '../../retrieval/gallery/index-rows.ts';
import { requireIndices, requireWhole } from './check-arguments.ts';
import type { RetrievalMetrics } from './retrieval-metrics.ts';
import type { TagMetrics } from './tag-metrics.ts';

/**
 * What a system that ranks at random gets on average, in closed form. A query with c relevant ones among m items
 * finds none within the first K with the probability (m - c)/m · (m - c - 1)/(m - 1) · ... of K factors. The median
 * rank is the median of the mixture of all queries' rank distributions.
 * @param relevant the relevant items of each query; queries without any are left out
 * @param items how many items there are
 * @returns NaN throughout without queries
 * @throws CovistaError `bad-values` for relevant items that do not exist, `usage` for a number of items below 1
 */
export function chanceRetrieval(relevant: IndexRows, items: number): RetrievalMetrics {
  requireWhole('chanceRetrieval', 'items', items, 1);
  requireIndices('chanceRetrieval', relevant, items);
  const queriesBySize = new Map<number, number>();
  let queries = 0;
  for (let query = 0; query < rowCount(relevant); query++) {
    const size = indexRow(relevant, query).length;
    if (size === 0) continue;
    queries++;
    queriesBySize.set(size, (queriesBySize.get(size) ?? 0) + 1);
  }

  if (queries === 0) {
    const none = Number.NaN;
    return { 'recall@1': none, 'recall@5': none, 'recall@10': none, medianRank: none };
  }

  // found[rank]: the probability that the first relevant item stands at this rank or before it.
  const found = new Float64Array(items + 1);
  for (const [size, count] of queriesBySize) {
    let missed = 1;
    for (let rank = 1; rank <= items; rank++) {
      missed *= Math.max(0, items - size - rank + 1) / (items - rank + 1);
      found[rank]! += (1 - missed) * (count / queries);
    }
  }
  const recall = (k: number) => 100 * found[Math.min(k, items)]!;
  // The tolerance absorbs rounding where exactly half of the probability lies at or below a rank.
  const lower = found.findIndex((share) => share >= 0.5 - 1e-9);
  const upper = found.findIndex((share) => share > 0.5 + 1e-9);
  return {
    'recall@1': recall(1),
    'recall@5': recall(5),
    'recall@10': recall(10),
    medianRank: (lower + upper) / 2,
  };
}

/**
 * What random tags get on average, in closed form. The average precision of a random ranking with t right ones among
 * v words is ((t - 1)/(v - 1) · (v - H) + H) / v, with H = 1 + 1/2 + ... + 1/v.
 * @param truth the right words of each picture; pictures without any are left out
 * @param vocabulary how many words there are
 * @returns NaN without pictures that have any
 * @throws CovistaError `bad-values` for words that do not exist, `usage` for a vocabulary below 1
 */
export function chanceTags(truth: IndexRows, vocabulary: number): TagMetrics {
  requireWhole('chanceTags', 'vocabulary', vocabulary, 1);
  requireIndices('chanceTags', truth, vocabulary);
  let pictures = 0;
  let precision = 0;
  let map = 0;
  for (let picture = 0; picture < rowCount(truth); picture++) {
    const right = indexRow(truth, picture).length;
    if (right === 0) continue;
    pictures++;
    precision += (Math.min(5, vocabulary) * right) / vocabulary / 5;
    map += chanceAveragePrecision(right, vocabulary);
  }
  precision *= 100 / pictures;
  const recall = pictures === 0 ? Number.NaN : (100 * Math.min(5, vocabulary)) / vocabulary;
  return {
    'precision@5': precision,
    'recall@5': recall,
    'f1@5': (2 * precision * recall) / (precision + recall),
    map: (100 * map) / pictures,
    vocabulary,
  };
}

/**
 * The expected average precision of a random ranking, 0..1.
 * @param relevant how many items are relevant, from 1
 * @param items how many there are
 * @throws CovistaError `usage` for numbers out of range
 */
export function chanceAveragePrecision(relevant: number, items: number): number {
  requireWhole('chanceAveragePrecision', 'relevant', relevant, 1);
  requireWhole('chanceAveragePrecision', 'items', items, relevant);
  let harmonic = 0;
  for (let i = items; i >= 1; i--) harmonic += 1 / i;
  const others = items === 1 ? 0 : (relevant - 1) / (items - 1);
  return (others * (items - harmonic) + harmonic) / items;
}
