import { checkOptions, whole } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import { indexRow, transposeIndexRows } from '../../retrieval/gallery/index-rows.ts';
import { forEachQuery, type Scorer } from '../../retrieval/gallery/scorer.ts';
import { requireNumbers } from './check-arguments.ts';
import { relevantRanks } from './relevant-ranks.ts';
import { pictureOfCaption } from './retrieval-metrics.ts';
import { mean } from './statistics.ts';

/** One number a query, in 0..1; NaN for a query without right items, such as one whose category no item has. */
export interface CategoryResults {
  readonly averagePrecision: Float64Array;
  /** Share of right ones, such as those of the query's category, among the first K. */
  readonly precisionAtK: Float64Array;
}

/**
 * Average precision: the mean, over the relevant items, of the precision at their ranks, the whole ranking considered.
 * @param ranks of the relevant items, from 1, ascending
 * @returns 0..1; NaN without relevant items
 */
export function averagePrecision(ranks: Uint32Array): number {
  let sum = 0;
  for (let j = 0; j < ranks.length; j++) sum += (j + 1) / ranks[j]!;
  return sum / ranks.length;
}

/** How many of ascending ranks are at most k. */
export function countWithin(ranks: Uint32Array, k: number): number {
  let count = 0;
  while (count < ranks.length && ranks[count]! <= k) count++;
  return count;
}

/**
 * Retrieval by category: an item is right when it has the query's category, as in Rasiwasia et al., "A New Approach
 * to Cross-Modal Multimedia Retrieval", ACM Multimedia 2010, section 5.1. Ties count against the system.
 * @param queryCategories the category of each query, a whole number from 0 on
 * @param itemCategories the category of each item
 * @param options `k` of Precision@K, 10 by default
 * @throws CovistaError `bad-values` when the numbers do not fit together or a category is none, `usage` for another k
 */
export async function categoryResults(
  scorer: Scorer,
  queryCategories: ArrayLike<number>,
  itemCategories: ArrayLike<number>,
  options: { readonly k?: number } = {},
): Promise<CategoryResults> {
  checkOptions('categoryResults', options, { k: whole(1) });
  const { k = 10 } = options;
  if (queryCategories.length !== scorer.queries || itemCategories.length !== scorer.items)
    throw new CovistaError(
      'bad-values',
      `${scorer.queries} queries and ${scorer.items} items came with the categories of ` +
        `${queryCategories.length} and ${itemCategories.length}.`,
    );
  requireNumbers('categoryResults', 'the category of query', queryCategories);
  requireNumbers('categoryResults', 'the category of item', itemCategories);
  const position = new Map<number, number>();
  const items = Uint32Array.from(itemCategories, (category) => {
    if (!position.has(category)) position.set(category, position.size);
    return position.get(category)!;
  });
  const members = transposeIndexRows(pictureOfCaption(items), position.size);
  const none = new Uint32Array(0);
  return precisionResults(
    scorer,
    (query) => {
      const category = position.get(queryCategories[query]!);
      return category === undefined ? none : indexRow(members, category);
    },
    k,
  );
}

/**
 * Average precision and Precision@K of queries that may have several right items each. Ties count against the system.
 * @param relevantOf the right items of a query
 */
export async function precisionResults(
  scorer: Scorer,
  relevantOf: (query: number) => Uint32Array,
  k: number,
): Promise<CategoryResults> {
  const results = {
    averagePrecision: new Float64Array(scorer.queries),
    precisionAtK: new Float64Array(scorer.queries),
  };
  await forEachQuery(scorer, (query, scores) => {
    const relevant = relevantOf(query);
    const ranks = relevantRanks(scores, relevant);
    results.averagePrecision[query] = averagePrecision(ranks);
    results.precisionAtK[query] = relevant.length === 0 ? Number.NaN : countWithin(ranks, k) / k;
  });
  return results;
}

/** Mean average precision, 0..1; queries whose category no item has are left out. */
export function meanAveragePrecision(results: CategoryResults): number {
  return mean(results.averagePrecision.filter((value) => !Number.isNaN(value)));
}

/** Mean Precision@K, 0..1; queries whose category no item has are left out. */
export function meanPrecisionAtK(results: CategoryResults): number {
  return mean(results.precisionAtK.filter((value) => !Number.isNaN(value)));
}
