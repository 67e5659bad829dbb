import { CovistaError } from './errors.ts';
import { createRandom, type Random } from './random.ts';

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

/** Brings items into a random order, in place (Fisher and Yates). */
export function shuffle<T extends unknown[] | Uint32Array>(items: T, random: Random): T {
  const order = items as unknown[];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const drawn = order[i];
    order[i] = order[j];
    order[j] = drawn;
  }
  return items;
}

/**
 * Tells which items of a long list an even selection of at most so many takes: every second, every third ...
 * @param count how many items there are
 * @param most how many are wanted at most, from 1 on
 */
export function evenSelection(count: number, most: number): (position: number) => boolean {
  const step = Math.max(1, Math.ceil(count / most));
  return (position) => position % step === 0;
}

/** All items, or an even selection of at most so many; see {@link evenSelection}. */
export function evenly<T>(items: readonly T[], most: number): readonly T[] {
  const isTaken = evenSelection(items.length, most);
  return items.length <= most ? items : items.filter((_, i) => isTaken(i));
}

/**
 * The number of each item's group of twins, items of equal keys, in the order in which keys first occur. Twins are held out
 * together: were one of them learned from, the other would be known by heart.
 */
export function twinNumbers(keys: Iterable<string>): Uint32Array {
  const numbers = new Map<string, number>();
  return Uint32Array.from(keys, (key) => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
}

/** The positions of each group of twins, in the order in which keys first occur; see {@link twinNumbers}. */
export function twinGroups(keys: Iterable<string>): number[][] {
  const groups: number[][] = [];
  for (const [position, number] of twinNumbers(keys).entries()) {
    groups[number] ??= [];
    groups[number].push(position);
  }
  return groups;
}
