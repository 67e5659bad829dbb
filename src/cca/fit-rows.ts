import { CovistaError } from '../errors.ts';
import { type BlockRows, pairCount } from './block-rows.ts';
import { fit } from './fit.ts';
import { fitDual } from './fit-dual.ts';
import { checkFitOptions, type FitOptions } from './fit-options.ts';
import type { JointSpace } from './joint-space.ts';
import { Moments } from './moments.ts';

/**
 * Canonical correlation analysis of rows that are all at hand; see {@link fit} for what it gives. Where there
 * are fewer pairs than columns it works on n x n inner products of pairs in place of d x d covariances if that
 * is cheaper; the results are the same.
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
  if (isDualCheaper(pairs, sizes)) return fitDual(blocks, options);
  const moments = Moments.zero(sizes);
  await moments.add(blocks, options);
  return fit(moments, options);
}

/** Compares the leading terms of both routes' operation counts. */
function isDualCheaper(n: number, sizes: readonly number[]): boolean {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const primal = n * total ** 2 + sizes.reduce((sum, size) => sum + 3 * size ** 3, 0);
  // An eigenproblem costs about ten times n³.
  const dual = n ** 2 * total + sizes.length * 10 * n ** 3;
  return dual < primal;
}
