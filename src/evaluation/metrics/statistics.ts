import { requireFinite } from './check-arguments.ts';

/**
 * The arithmetic mean; NaN without values.
 * @throws CovistaError `bad-values` for a value that is not finite
 */
export function mean(values: ArrayLike<number>): number {
  requireFinite('mean', values);
  return plainMean(values);
}

/** {@link mean} of values that are known to be finite. */
export function plainMean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * The median, the mean of the two middle values when their number is even; NaN without values.
 * @throws CovistaError `bad-values` for a value that is not finite
 */
export function median(values: ArrayLike<number>): number {
  requireFinite('median', values);
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** The quantile p (0..1) of ascending values, interpolated linearly between neighbours. */
export function quantile(ascending: Float64Array, p: number): number {
  const position = p * (ascending.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below]! + (position - below) * (ascending[above]! - ascending[below]!);
}
