import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holdOut } from '../../src/datasets/index.ts';

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
