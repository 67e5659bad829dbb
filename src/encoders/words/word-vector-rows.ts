import { fromFloat16, toFloat16 } from '../../linalg/float16.ts';

/** The exponent of the power of two below which a row's largest number is brought: half precision ends at 65504. */
const LARGEST_EXPONENT = 14;

/** The smallest scale: float32's smallest normal number. */
const SMALLEST_SCALE = 2 ** -126;
/** The scale of the largest numbers, some of which are rounded to one that float32 does not hold. */
const LARGEST_SCALE = 2 ** (127 - LARGEST_EXPONENT);
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * Rows in half precision, each divided by a power of two of its own first, so that numbers of any magnitude keep 11
 * bits: down to 2^-29 of their row's largest, and below that to within 2^-40 of it, which is less than float32 keeps
 * of a sum of them.
 * @param values rows x size finite numbers, which are overwritten
 * @returns the bits of the numbers, and the scale of each row, which its numbers have to be multiplied by
 */
export function toScaledHalf(
  values: Float32Array,
  size: number,
): { readonly bits: Uint16Array; readonly scales: Float32Array } {
  const scales = new Float32Array(values.length / size);
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < scales.length; i++) {
    const start = i * size;
    const end = start + size;
    // Without their signs, bits of floats are in the order of their magnitudes.
    let largest = 0;
    for (let j = start; j < end; j++) largest = Math.max(largest, patterns[j]! & 0x7fffffff);
    if (largest === 0) {
      scales[i] = 1;
      continue;
    }
    const scale = Math.max(SMALLEST_SCALE, 2 ** ((largest >>> 23) - 127 - LARGEST_EXPONENT));
    scales[i] = scale;
    const factor = 1 / scale;
    for (let j = start; j < end; j++) values[j]! *= factor;
  }
  return { bits: toFloat16(values), scales };
}

/** The numbers of one row of {@link toScaledHalf}. */
export function fromScaledHalf(bits: Uint16Array, scale: number): Float32Array {
  const values = fromFloat16(bits);
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
  if (scale !== LARGEST_SCALE) return values;
  return values.map((value) => Math.max(-LARGEST_FLOAT32, Math.min(LARGEST_FLOAT32, value)));
}
