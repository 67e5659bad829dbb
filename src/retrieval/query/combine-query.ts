import { CovistaError } from '../../base/errors.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { zeros32 } from '../../linalg/matrix.ts';

/**
 * Arithmetic in the joint space: one query of several parts, words or pictures,
 *
 *     q = Σ w_i e_i / |Σ w_i e_i|
 *
 * for parts of unit length e_i and weights w_i. The score of an item x is then q·x, in proportion to Σ w_i cos(e_i, x):
 * the weighted sum of what the parts would score alone. A negative weight subtracts, so that items like that part fall
 * (vector offsets after Mikolov et al., NAACL 2013; pictures plus words after Kiros et al., 2014).
 *
 * @param parts parts x k, rows of unit length; a row of zeros (a text of unknown words only) adds nothing
 * @param weights one a part
 * @returns 1 x k, of unit length
 * @throws CovistaError `bad-values` when the numbers do not fit together or are not finite, `usage` when nothing is
 *   left because the parts cancel
 */
export function combineQuery(parts: Matrix32, weights: ArrayLike<number>): Matrix32 {
  const { rows, columns, data } = parts;
  if (weights.length !== rows)
    throw new CovistaError('bad-values', `${rows} parts of a query came with ${weights.length} weights.`);
  const sum = new Float64Array(columns);
  let size = 0;
  for (let i = 0; i < rows; i++) {
    size += Math.abs(weights[i]!);
    for (let c = 0; c < columns; c++) sum[c]! += weights[i]! * data[i * columns + c]!;
  }
  const length = Math.hypot(...sum);
  if (!Number.isFinite(length))
    throw new CovistaError('bad-values', 'A part of the query or its weight is not finite.');
  // Parts that cancel leave rounding errors, which would point anywhere.
  if (length <= 1e-6 * size)
    throw new CovistaError('usage', 'The parts of the query cancel each other, or none of them is known.', {
      hint: 'Leave out what is both wanted and not wanted, or try other words.',
    });
  const query = zeros32(1, columns);
  for (let c = 0; c < columns; c++) query.data[c] = sum[c]! / length;
  return query;
}
