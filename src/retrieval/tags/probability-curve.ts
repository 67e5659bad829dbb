/** A function from scores to probabilities that never falls: straight lines between knots, level beyond them. */
export interface ProbabilityCurve {
  /** Ascending. */
  readonly scores: readonly number[];
  /** Of the same length, 0..1, ascending. */
  readonly probabilities: readonly number[];
}

/** Neighbouring scores of the same share of right ones. */
interface Pool {
  readonly count: number;
  readonly right: number;
  readonly scoreSum: number;
}

/** Fewer scores than this together say little of a probability. */
const smallestPool = 20;

/**
 * Isotonic regression: of all functions that never fall, the one that is closest in squares to what came true. Pool
 * adjacent violators (Ayer et al., 1955; for probabilities Zadrozny and Elkan, KDD 2002) on scores taken 20 at a time
 * or more, with straight lines between the means of the pools in place of steps, so that different scores keep
 * different probabilities and ranks do not change.
 * @param right scores of predictions that came true; sorted in place
 * @param wrong scores of predictions that did not; sorted in place
 * @returns without any prediction, a curve that is 0 everywhere
 */
export function fitProbabilityCurve(right: Float32Array, wrong: Float32Array): ProbabilityCurve {
  right.sort();
  wrong.sort();
  const pools: Pool[] = [];
  const push = (pool: Pool) => {
    let merged = pool;
    for (let last = pools.at(-1); last !== undefined; last = pools.at(-1)) {
      if (last.right * merged.count < merged.right * last.count) break;
      merged = joined(last, merged);
      pools.pop();
    }
    pools.push(merged);
  };
  forEachGroup(right, wrong, push);
  return curveThrough(pools, Math.min(first(right), first(wrong)), Math.max(last(right), last(wrong)));
}

/** The probability at a score. */
export function probabilityAt({ scores, probabilities }: ProbabilityCurve, score: number): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return probabilities[0] ?? 0;
  if (low === scores.length) return probabilities[low - 1]!;
  const below = scores[low - 1]!;
  const share = (score - below) / (scores[low]! - below);
  return probabilities[low - 1]! + share * (probabilities[low]! - probabilities[low - 1]!);
}

/** Hands out the scores of both lists in ascending order, 20 or more at a time, equal ones together. */
function forEachGroup(right: Float32Array, wrong: Float32Array, visit: (pool: Pool) => void): void {
  let r = 0;
  let w = 0;
  while (r < right.length || w < wrong.length) {
    const left = right.length - r + wrong.length - w;
    // What is left over at the end is too little for a group of its own.
    const wanted = left < 2 * smallestPool ? left : smallestPool;
    let scoreSum = 0;
    let score = Number.NaN;
    const [startR, startW] = [r, w];
    for (;;) {
      const fromRight = w >= wrong.length || (r < right.length && right[r]! <= wrong[w]!);
      if (r >= right.length && w >= wrong.length) break;
      const next = fromRight ? right[r]! : wrong[w]!;
      if (r - startR + w - startW >= wanted && next !== score) break;
      score = next;
      scoreSum += score;
      if (fromRight) r++;
      else w++;
    }
    visit({ count: r - startR + w - startW, right: r - startR, scoreSum });
  }
}

/** Lines through the pools' means, from 0 at the smallest score; the last line goes on to the largest score. */
function curveThrough(pools: readonly Pool[], smallest: number, largest: number): ProbabilityCurve {
  const scores: number[] = [];
  const probabilities: number[] = [];
  const add = (score: number, probability: number) => {
    if (scores.length > 0 && score <= scores.at(-1)!) return;
    scores.push(score);
    probabilities.push(Math.min(1, Math.max(probability, probabilities.at(-1) ?? 0)));
  };
  if (pools.length > 1 && smallest < pools[0]!.scoreSum / pools[0]!.count) add(smallest, 0);
  // A pool without a right one is given half of one: nothing is impossible.
  for (const pool of pools) add(pool.scoreSum / pool.count, Math.max(pool.right, 0.5) / pool.count);
  if (pools.length > 1) {
    const [score, before] = [scores.at(-1)!, scores.at(-2)!];
    const slope = (probabilities.at(-1)! - probabilities.at(-2)!) / (score - before);
    add(largest, probabilities.at(-1)! + slope * (largest - score));
  }
  return { scores, probabilities };
}

function joined(a: Pool, b: Pool): Pool {
  return { count: a.count + b.count, right: a.right + b.right, scoreSum: a.scoreSum + b.scoreSum };
}

function first(sorted: Float32Array): number {
  return sorted[0] ?? Number.POSITIVE_INFINITY;
}

function last(sorted: Float32Array): number {
  return sorted.at(-1) ?? Number.NEGATIVE_INFINITY;
}
