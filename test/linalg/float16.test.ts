import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '../../src/linalg/index.ts';

/** The value of half-precision bits by its definition in IEEE 754. */
function definition(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

describe('half precision', () => {
  const every = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

  it('decodes all 65,536 patterns as defined', () => {
    expect(fromFloat16(every)).toEqual(Float32Array.from(every, definition));
  });

  it('encodes every decoded value back to its bits', () => {
    const values = fromFloat16(every);
    const back = toFloat16(values);
    const numbers = every.filter((bits) => !Number.isNaN(values[bits]));
    expect(back.filter((_, bits) => !Number.isNaN(values[bits]))).toEqual(numbers);
    expect(fromFloat16(back)).toEqual(values);
  });

  it('rounds to the nearest value, ties to even', () => {
    const cases: [number, number][] = [
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 2 ** -11 + 2 ** -20, 0x3c01],
      [65519, 0x7bff],
      [65520, 0x7c00],
      [2 ** -25, 0],
      [2 ** -25 * 1.01, 1],
      [-(2 ** -14) + 2 ** -26, 0x8400],
      [Number.NEGATIVE_INFINITY, 0xfc00],
    ];
    for (const [value, bits] of cases) expect(toFloat16(Float64Array.of(value))[0]).toBe(bits);
  });

  it('is never further from a value than half a step', () => {
    fc.assert(
      fc.property(fc.float({ min: -65000, max: 65000, noNaN: true }), (value) => {
        const decoded = fromFloat16(toFloat16(Float32Array.of(value)))[0]!;
        const step = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1e-30)) - 10));
        expect(Math.abs(decoded - value)).toBeLessThanOrEqual(step / 2);
      }),
    );
  });
});
