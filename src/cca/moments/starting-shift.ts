import type { Matrix } from '../../linalg/matrix.ts';

/** Rows that the choice looks at, evenly spaced. */
const SAMPLE = 256;

/**
 * What is subtracted from rows before they are multiplied, so that large means cost no digits: the mean of a sample
 * of them. Zeros where no column's mean exceeds its standard deviation: products of such rows lose at most one
 * binary digit, and rows can be multiplied as they lie.
 */
export function startingShift({ rows, columns, data }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  const count = Math.min(rows, SAMPLE);
  const position = (i: number) => Math.floor((i * rows) / count) * columns;
  for (let i = 0; i < count; i++)
    for (let c = 0, from = position(i); c < columns; c++) mean[c]! += data[from + c]! / count;
  const variance = new Float64Array(columns);
  for (let i = 0; i < count; i++)
    for (let c = 0, from = position(i); c < columns; c++)
      variance[c]! += (data[from + c]! - mean[c]!) ** 2 / count;
  return mean.some((value, c) => !(value ** 2 <= variance[c]!)) ? mean : mean.fill(0);
}
