import fc from 'fast-check';
import { expect, it } from 'vitest';
import { evenly, evenSelection, holdOut, shuffle, twinGroups, twinNumbers } from '../../src/base/sampling.ts';
import { createRandom } from '../../src/linalg/index.ts';

it('parts all items into two, the same for the same seed', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (n, share, seed) => {
      const { kept, held } = holdOut(n, share, seed);
      expect(held).toHaveLength(Math.round(n * share));
      expect([...kept, ...held].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(holdOut(n, share, seed)).toEqual({ kept, held });
    }),
  );
  expect(holdOut(1594, 0.2, 1)).not.toEqual(holdOut(1594, 0.2, 2));
});

it('draws every item equally often', () => {
  const times = new Float64Array(10);
  for (let seed = 0; seed < 2000; seed++) for (const i of holdOut(10, 0.3, seed).held) times[i]!++;
  // Expected 600 each; 90 is more than four standard deviations.
  for (const count of times) expect(Math.abs(count - 600)).toBeLessThan(90);
});

it('refuses a share outside 0 to 1', () => {
  expect(() => holdOut(10, 1.5, 1)).toThrow(/share of 1.5/);
  expect(() => holdOut(-1, 0.5, 1)).toThrow();
});

it('brings every item to every place equally often', () => {
  const times = new Float64Array(16);
  for (let seed = 0; seed < 2000; seed++)
    for (const [place, item] of shuffle([0, 1, 2, 3], createRandom(seed)).entries())
      times[4 * place + item]!++;
  // Expected 500 each; 80 is more than four standard deviations.
  for (const count of times) expect(Math.abs(count - 500)).toBeLessThan(80);
});

it('takes an even selection of at most as many as are wanted, and all where there are no more', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.integer({ min: 1, max: 60 }), (n, most) => {
      const items = Array.from({ length: n }, (_, i) => i);
      const taken = evenly(items, most);
      expect(taken.length).toBeLessThanOrEqual(most);
      if (n <= most) expect(taken).toEqual(items);
      // Never fewer than half of what could be.
      expect(2 * taken.length).toBeGreaterThanOrEqual(Math.min(n, most));
      expect(items.filter(evenSelection(n, most))).toEqual(taken);
      const gaps = new Set(taken.slice(1).map((item, i) => item - taken[i]!));
      expect(gaps.size).toBeLessThanOrEqual(1);
    }),
  );
});

it('keeps twins together', () => {
  expect([...twinNumbers(['b', 'a', 'b', 'c', 'a'])]).toEqual([0, 1, 0, 2, 1]);
  expect(twinGroups(['b', 'a', 'b', 'c', 'a'])).toEqual([[0, 2], [1, 4], [3]]);
});
