import { CovistaError } from '../../base/errors.ts';

/**
 * The ranks, from 1 and ascending, that one query's relevant items get when all items are sorted by descending score.
 *
 * Ties count against the system: an item that is not relevant and scores the same stands before a relevant one, so
 * that a scorer which gives every item the same score gets the worst ranks and not perfect ones. For the same reason
 * a score of NaN is the worst for a relevant item and the best for any other.
 *
 * @param scores one score an item
 * @param relevant the numbers of the relevant items, each once
 * @throws CovistaError `bad-values` for a number of no item, or one that is there twice
 */
export function relevantRanks(scores: Float32Array, relevant: Uint32Array): Uint32Array {
  const count = relevant.length;
  requireItems(relevant, scores.length);
  const own = new Float32Array(count);
  for (let j = 0; j < count; j++) {
    const score = scores[relevant[j]!]!;
    own[j] = Number.isNaN(score) ? -Infinity : score;
  }
  own.sort().reverse();

  // level[j] counts items that stand before own[j] or level with it, but not before own[j - 1]. Relevant items are
  // counted along with the rest and taken out again, which spares marking them.
  const level = new Int32Array(count + 1);
  for (let i = 0; i < scores.length; i++) level[firstNotAbove(own, scores[i]!)]! += 1;
  for (let j = 0; j < count; j++) level[firstNotAbove(own, scores[relevant[j]!]!)]! -= 1;

  const ranks = new Uint32Array(count);
  let others = 0;
  for (let j = 0; j < count; j++) {
    others += level[j]!;
    ranks[j] = j + 1 + others;
  }
  return ranks;
}

function requireItems(relevant: Uint32Array, items: number): void {
  // Ascending numbers, as rows of them are, cannot repeat.
  let ascending = true;
  for (let j = 0; j < relevant.length; j++) {
    if (!(Number.isInteger(relevant[j]) && relevant[j]! >= 0 && relevant[j]! < items))
      throw new CovistaError(
        'bad-values',
        `Item ${relevant[j]} is said to be relevant; there are ${items} items, from 0.`,
      );
    if (j > 0 && relevant[j]! <= relevant[j - 1]!) ascending = false;
  }
  if (!ascending && new Set(relevant).size < relevant.length)
    throw new CovistaError(
      'bad-values',
      `The relevant items [${relevant.slice(0, 10)}] name one more than once.`,
    );
}

/** The first position of the descending `own` whose score is not above `score`, or its length; 0 for NaN. */
function firstNotAbove(own: Float32Array, score: number): number {
  let low = 0;
  let high = own.length;
  if (high > 0 && score < own[high - 1]!) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (own[middle]! > score) low = middle + 1;
    else high = middle;
  }
  return low;
}
