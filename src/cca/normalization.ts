import type { Moments } from './moments.ts';

/**
 * How a block is scaled before views are joined and ridges added:
 * `none`: as it is; `energy`: all of it by one factor, to a total variance of 1; `standardize`: each column to
 * the same variance, then to a total variance of 1.
 */
export type Normalization = 'none' | 'energy' | 'standardize';

/** The factor for each column of a block; 0 for constant columns, which carry nothing. */
export function columnScales(moments: Moments, block: number, normalization: Normalization): Float64Array {
  const variances = moments.variances(block);
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
