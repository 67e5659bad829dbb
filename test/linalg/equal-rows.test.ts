import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalRows } from '../../src/linalg/equal-rows.ts';
import { matrix } from '../../src/linalg/index.ts';

it('names the first of equal rows, as comparing all of them does', () => {
  const value = fc.constantFrom(0, -0, 1, -1, 0.5);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.array(value, { minLength: 1, maxLength: 60 }), { maxLength: 40 }),
      (columns, given) => {
        const rows = given.map((row) => Array.from({ length: columns }, (_, c) => row[c % row.length]!));
        const expected = rows.map((row) => rows.findIndex((other) => other.every((v, c) => v === row[c])));
        const found = equalRows(matrix(rows.length, columns, Float32Array.from(rows.flat())));
        if (expected.every((first, i) => first === i)) expect(found).toBeUndefined();
        else expect([...found!]).toEqual(expected);
      },
    ),
  );
});

it('tells rows apart that share most of their elements', () => {
  const data = new Float32Array(3000 * 700);
  for (let i = 0; i < 3000; i++) data[i * 700 + 5] = Math.floor(i / 2);
  const found = equalRows(matrix(3000, 700, data))!;
  expect([...found]).toEqual(Array.from({ length: 3000 }, (_, i) => i - (i % 2)));
});
