import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HalfMatrix, matrix, toFloat16 } from '../../src/linalg/index.ts';

describe('a matrix in half precision', () => {
  it('has the values that its bits stand for, each within half a step of what was rounded', () => {
    const values = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(values, (numbers) => {
        const half = HalfMatrix.of(matrix(2, 3, Float32Array.from(numbers)));
        expect([half.rows, half.columns]).toEqual([2, 3]);
        numbers.forEach((value, i) => {
          expect(Math.abs(half.data[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11 + 2 ** -25);
        });
      }),
    );
  });

  it('is written as the bits that it was read from', () => {
    const bits = toFloat16(Float32Array.of(0.1, -0.2, 0, 1));
    const half = new HalfMatrix(2, 2, bits);
    expect(HalfMatrix.of(half).bits).toBe(bits);
    expect(HalfMatrix.of(matrix(2, 2, half.data)).bits).toEqual(bits);
    expect(half.data).toBe(half.data);
  });

  it('refuses another number of elements', () => {
    expect(() => new HalfMatrix(2, 2, new Uint16Array(3))).toThrow('needs 4 elements, got 3');
  });
});
