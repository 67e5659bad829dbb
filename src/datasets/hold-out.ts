import { CovistaError } from '../errors.ts';
import { createRandom } from '../linalg/random.ts';

/** Items parted into those to learn from (`kept`) and those to test on (`held`); both ascending. */
export interface HoldOut {
  readonly kept: readonly number[];
  readonly held: readonly number[];
}

/**
 * Holds out a random share of the items 0 .. n - 1, without replacement.
 * @param share part of the items to test on, in [0, 1]; rounded to whole items
 * @param seed equal seeds give equal parts on every machine
 * @throws CovistaError `usage` when `n` or `share` is outside its range
 */
export function holdOut(n: number, share: number, seed: number): HoldOut {
  if (!Number.isSafeInteger(n) || n < 0 || !(share >= 0 && share <= 1))
    throw new CovistaError('usage', `A share of ${share} of ${n} items cannot be held out.`);
  const random = createRandom(seed);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const count = Math.round(n * share);
  // The first steps of a Fisher-Yates shuffle draw the held-out items.
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(n - i);
    const drawn = order[j]!;
    order[j] = order[i]!;
    order[i] = drawn;
  }
  return { kept: [...order.subarray(count).sort()], held: [...order.subarray(0, count).sort()] };
}
