import { joinArrays, type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import type { Moments } from '../moments/moments.ts';
import type { ViewPlan } from './fit-options.ts';

/** The covariance of two views, put together from blocks and scaled on both sides; a new matrix. */
export function covarianceOf(moments: Moments, left: ViewPlan, right: ViewPlan): Matrix64 {
  const single = left.blocks.length === 1 && right.blocks.length === 1;
  // A view that is one block needs no second copy.
  const result = single
    ? moments.covariance(left.blocks[0]!, right.blocks[0]!)
    : joinedCovariance(moments, left, right);
  return scaleBothSides(result, left.scales, right.scales);
}

/** How far rounding may have moved the variances of a view's columns after scaling, as standard deviations. */
export function roundingOf(moments: Moments, view: ViewPlan): Float64Array {
  const rounding = joinArrays(
    Float64Array,
    view.blocks.map((block) => moments.varianceRounding(block)),
  );
  return rounding.map((value, c) => value * view.scales[c]! ** 2);
}

function joinedCovariance(moments: Moments, left: ViewPlan, right: ViewPlan): Matrix64 {
  const result = zeros64(left.scales.length, right.scales.length);
  let top = 0;
  for (const i of left.blocks) {
    let start = 0;
    for (const j of right.blocks) {
      const { rows, columns, data } = moments.covariance(i, j);
      for (let r = 0; r < rows; r++)
        result.data.set(data.subarray(r * columns, (r + 1) * columns), (top + r) * result.columns + start);
      start += columns;
    }
    top += moments.sizes[i]!;
  }
  return result;
}

/** Multiplies each element by the factors of its row and its column, in place. */
export function scaleBothSides(m: Matrix64, rowScales: Float64Array, columnScales: Float64Array): Matrix64 {
  const { columns, data } = m;
  for (let r = 0; r < m.rows; r++)
    for (let c = 0; c < columns; c++) data[r * columns + c]! *= rowScales[r]! * columnScales[c]!;
  return m;
}

/** The mean of the diagonal: of which ridges are shares. */
export function meanDiagonal(covariance: Matrix64): number {
  const size = covariance.rows;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += covariance.data[i * size + i]!;
  return trace / size;
}

/**
 * Adds a share of the mean diagonal to the diagonal, in place, but for columns without variance, which stay out.
 * @returns what was added
 */
export function addRidge(covariance: Matrix64, share: number): number {
  const size = covariance.rows;
  const ridge = share * meanDiagonal(covariance);
  for (let i = 0; i < size; i++)
    if (covariance.data[i * size + i]! > 0) covariance.data[i * size + i]! += ridge;
  return ridge;
}
