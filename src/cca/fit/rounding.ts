/** Unit roundoff: half the distance from 1 to the next number. */
const unit = { float64: 2 ** -53, float32: 2 ** -24 } as const;

/** How numbers are stored or multiplied. */
export type Precision = keyof typeof unit;

/** float32 products are summed in float32 over so many rows at most, then in float64. */
const SINGLE_ROWS = 4096;

/** What exceeds so many standard deviations of rounding is no rounding; errs by 1 % at the most where it just does. */
const CERTAIN = 100;

/** A standard deviation of less than this share of the mean is rounding of the column's own values. */
const CONSTANT = 1e-13;

/**
 * How far rounding moves Σ x² over `rows` values, as a share of it: errors of sums grow with the square root of their
 * length (Higham, "Accuracy and stability of numerical algorithms", 2002, section 2.8).
 */
export function productRounding(precision: Precision, rows: number): number {
  const length = precision === 'float32' ? Math.min(rows, SINGLE_ROWS) : rows;
  return unit[precision] * (1 + Math.sqrt(length) / 8);
}

/**
 * How much variance the rounding of numbers to a precision makes, as a share of their mean square: columns that depend on
 * each other in exact numbers differ by this much once they are stored.
 */
export function representationRounding(precision: Precision): number {
  return (0.4 * unit[precision]) ** 2;
}

/**
 * The one decision on what counts as a direction of its own: whether the variance that other columns leave unexplained
 * is more than rounding.
 * @param rest variance that is left
 * @param rounding how far rounding may have moved it, as a standard deviation
 */
export function isIndependent(rest: number, rounding: number): boolean {
  return rest > CERTAIN * rounding;
}

/**
 * How far rounding may have moved the eigenvalues of a symmetric matrix: about the norm of a matrix of independent errors
 * (Wigner's semicircle law).
 * @param rounding of the elements of its diagonal, as standard deviations
 */
export function eigenvalueRounding(rounding: Float64Array): number {
  return 2 * Math.sqrt(rounding.length) * rounding.reduce((most, value) => Math.max(most, value), 0);
}

/** Whether a column varies at all; see {@link isIndependent}. */
export function isVaryingColumn(variance: number, rounding: number, mean: number): boolean {
  return isIndependent(variance, rounding) && variance > (CONSTANT * mean) ** 2;
}
