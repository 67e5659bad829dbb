/**
 * How a block is scaled before views are joined and ridges added:
 * `none`: as it is; `energy`: all of it by one factor, to a total variance of 1; `standardize`: each column to
 * the same variance, then to a total variance of 1.
 */
export type Normalization = 'none' | 'energy' | 'standardize';

/**
 * The factor for each column of a block; 0 for constant columns, which carry nothing.
 * @param variances the variance of each column, 0 for constant ones
 * @param parts lengths of stretches of columns (the layers of a network, say), each of which is normalised on its
 * own, so that a long one does not drown a short one; one stretch when left out
 */
export function columnScales(
  variances: Float64Array,
  normalization: Normalization,
  parts: readonly number[] = [variances.length],
): Float64Array {
  const scales = new Float64Array(variances.length);
  let start = 0;
  for (const length of parts) {
    scales.set(stretchScales(variances.subarray(start, start + length), normalization), start);
    start += length;
  }
  return scales;
}

function stretchScales(variances: Float64Array, normalization: Normalization): Float64Array {
  let total = 0;
  let varying = 0;
  for (const variance of variances) {
    total += variance;
    if (variance > 0) varying++;
  }
  return variances.map((variance) => {
    if (variance === 0) return 0;
    if (normalization === 'energy') return 1 / Math.sqrt(total);
    if (normalization === 'standardize') return 1 / Math.sqrt(variance * varying);
    return 1;
  });
}
