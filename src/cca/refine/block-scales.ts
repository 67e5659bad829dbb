import { CovistaError } from '../../base/errors.ts';
import { isSparse, type Matrix, type Rows, type SparseRows } from '../../linalg/matrix.ts';
import { columnScales } from '../fit/normalization.ts';

/** How features are scaled for training: each column to unit variance, or all of a block to a total variance of 1. */
export type FeatureScale = 'column' | 'block';

/**
 * The factor of each column of a block; 0 for columns that do not vary.
 * @param mean of each column
 * @throws CovistaError `bad-values` for features that are not finite
 */
export function blockScales(rows: Rows, mean: Float64Array, scale: FeatureScale): Float64Array {
  const variances = isSparse(rows) ? sparseVariances(rows, mean) : denseVariances(rows, mean);
  const column = variances.findIndex((variance) => !Number.isFinite(variance));
  if (column >= 0)
    throw new CovistaError('bad-values', `Column ${column} of a block holds features that are not finite.`, {
      hint: 'Leave these items out, or encode them again.',
    });
  // Less than this is what rounding leaves of a constant column.
  const varying = variances.map((variance, c) => (variance > 1e-12 * mean[c]! ** 2 ? variance : 0));
  if (scale === 'block') return columnScales(varying, 'energy');
  return varying.map((variance) => (variance > 0 ? 1 / Math.sqrt(variance) : 0));
}

function denseVariances({ rows, columns, data }: Matrix, mean: Float64Array): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    const from = i * columns;
    for (let c = 0; c < columns; c++) sums[c]! += (data[from + c]! - mean[c]!) ** 2;
  }
  return sums.map((sum) => sum / rows);
}

function sparseVariances(s: SparseRows, mean: Float64Array): Float64Array {
  const variances = mean.map((value) => value ** 2);
  for (let i = 0; i < s.rows; i++)
    for (let p = s.offsets[i]!; p < s.offsets[i + 1]!; p++) {
      const column = s.indices[p]!;
      const value = s.values[p]!;
      variances[column]! += (value * (value - 2 * mean[column]!)) / s.rows;
    }
  return variances.map((variance) => Math.max(variance, 0));
}
