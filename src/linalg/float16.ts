import type { Floats } from './matrix.ts';

/**
 * Rounds to IEEE 754 half precision, to nearest with ties to even; what exceeds 65504 becomes infinity.
 * @returns the bits, one number of 16 bits for each value
 */
export function toFloat16(values: Floats): Uint16Array {
  const half = new Uint16Array(values.length);
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  for (let i = 0; i < values.length; i++) {
    single[0] = values[i]!;
    const sign = (bits[0]! >>> 16) & 0x8000;
    const magnitude = bits[0]! & 0x7fffffff;
    if (magnitude >= 0x47800000) {
      // 65536 and more, infinity, or NaN.
      half[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    } else if (magnitude < 0x38800000) {
      // Below the smallest normal half, 2^-14: adding 0.5 makes the adder round at the right bit.
      single[0] = Math.abs(values[i]!) + 0.5;
      half[i] = sign | (bits[0]! - 0x3f000000);
    } else {
      const odd = (magnitude >>> 13) & 1;
      half[i] = sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
    }
  }
  return half;
}

/** The float32 values of half-precision bits; exact. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  singles ??= allSingles();
  const values = new Float32Array(bits.length);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = singles[bits[i]!]!;
  return values;
}

/** The float32 bits of every half, made at first use: looking them up is four times as fast as working them out. */
let singles: Uint32Array | undefined;

function allSingles(): Uint32Array {
  const words = new Uint32Array(1 << 16);
  const values = new Float32Array(words.buffer);
  for (let half = 0; half < words.length; half++) {
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) words[half] = sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
    else if (magnitude >= 0x400) words[half] = sign | ((magnitude << 13) + 0x38000000);
    else values[half] = (half & 0x8000 ? -magnitude : magnitude) * 2 ** -24;
  }
  return words;
}
