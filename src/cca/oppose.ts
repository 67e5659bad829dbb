import { CovistaError } from '../errors.ts';
import { productIndex } from '../linalg/joint-gram.ts';
import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import { Moments } from './moments.ts';

/**
 * Moments with further pairs whose views do not belong together: each counts like a pair (x - m, -(y - m)) for the
 * means m, so that what it shows and what it says become less correlated where they were more. Means stay as they are,
 * and coherences at most 1, since covariances within a view grow as those of any pair do.
 * @param moments of pairs that belong together
 * @param opposed of pairs that do not, of the same blocks
 * @param views the number of the view of each block: products of two views change sign
 * @throws CovistaError `bad-values` when the blocks differ in size
 */
export function oppose(moments: Moments, opposed: Moments, views: readonly number[]): Moments {
  const blocks = moments.sizes.length;
  if (moments.sizes.join() !== opposed.sizes.join() || views.length !== blocks)
    throw new CovistaError(
      'bad-values',
      `Moments of blocks of sizes [${moments.sizes}] and [${opposed.sizes}] do not fit together.`,
    );
  const { sums: total } = moments;
  const { sums: added } = opposed;
  if (added.count === 0) return moments;
  const means = moments.sizes.map((_, i) => moments.mean(i));
  const addedMeans = moments.sizes.map((_, i) => opposed.mean(i));
  const products: Matrix64[] = new Array(total.products.length);
  for (let i = 0; i < blocks; i++)
    for (let j = i; j < blocks; j++) {
      const index = productIndex(blocks, i, j);
      const [rows, columns] = [moments.sizes[i]!, moments.sizes[j]!];
      const from = total.products[index]!.data;
      const other = added.products[index]!.data;
      const sign = views[i] === views[j] ? 1 : -1;
      const product = zeros64(rows, columns);
      for (let r = 0; r < rows; r++) {
        const offset = means[i]![r]! - total.shifts[i]![r]!;
        const apart = addedMeans[i]![r]! - means[i]![r]!;
        const spread = added.sums[i]![r]! / added.count;
        for (let c = 0; c < columns; c++) {
          // About the mean of the opposed pairs, then about that of the others.
          const scatter =
            other[r * columns + c]! -
            spread * added.sums[j]![c]! +
            added.count * apart * (addedMeans[j]![c]! - means[j]![c]!);
          product.data[r * columns + c] =
            from[r * columns + c]! +
            sign * scatter +
            added.count * offset * (means[j]![c]! - total.shifts[j]![c]!);
        }
      }
      products[index] = product;
    }
  const count = total.count + added.count;
  return new Moments({
    count,
    shifts: total.shifts,
    sums: total.shifts.map((shift, i) => shift.map((value, c) => count * (means[i]![c]! - value))),
    products,
  });
}
