import { CovistaError } from '../../base/errors.ts';
import { productsFor } from '../moments/add-options.ts';
import { type BlockRows, pairCount } from '../moments/block-rows.ts';
import { Moments } from '../moments/moments.ts';
import type { JointSpace } from '../space/joint-space.ts';
import { fit } from './fit.ts';
import { fitFromRows, SQUARABLE_RIDGE } from './fit-from-rows.ts';
import { checkFitOptions, type FitOptions } from './fit-options.ts';

/**
 * Canonical correlation analysis of rows that are all at hand; see {@link fit} for what it gives. Without a ridge (below
 * 1e-6) it orthonormalises the columns themselves, so that the condition number is not squared: columns that differ by 1e-13
 * of their length are told apart where moments tell apart 1e-6. With ridges it takes the cheaper way of two: moments, or n x n
 * inner products of pairs where these are fewer than columns.
 * @param blocks the features of each block, all for the same pairs in the same order
 * @throws CovistaError as {@link Moments.add} and {@link fit} do
 */
export async function fitRows(blocks: readonly BlockRows[], options: FitOptions): Promise<JointSpace> {
  checkFitOptions('fitRows', options);
  const pairs = blocks.length > 0 ? pairCount(blocks[0]!) : 0;
  if (pairs < 2)
    throw new CovistaError('no-data', `CCA needs at least two pairs, got ${pairs}.`, {
      hint: 'Add pictures that have captions or tags.',
    });
  const sizes = blocks.map((block) => ('of' in block ? block.rows.columns : block.columns));
  const { ridge = 0 } = options;
  const ridges = typeof ridge === 'number' ? [ridge] : ridge;
  const squarable = ridges.every((share) => share >= SQUARABLE_RIDGE);
  if (!squarable || areProductsCheaper(pairs, sizes)) return fitFromRows(blocks, options);
  const moments = Moments.zero(sizes);
  const { engine, signal } = options;
  await moments.add(blocks, { engine, signal, products: productsFor(ridges) });
  return fit(moments, options);
}

/** Compares the leading terms of both ways' operation counts. */
function areProductsCheaper(n: number, sizes: readonly number[]): boolean {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const primal = n * total ** 2 + sizes.reduce((sum, size) => sum + 3 * size ** 3, 0);
  // An eigenproblem costs about ten times n³.
  const dual = n ** 2 * total + sizes.length * 10 * n ** 3;
  return dual < primal;
}
