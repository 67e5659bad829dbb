import { CovistaError } from '../base/errors.ts';
import type { Matrix, Matrix64 } from './matrix.ts';
import { requireLength, requireShape } from './shapes.ts';

/** Where the product of the blocks i <= j of so many lies in the order (0,0), (0,1), ..., (1,1), ... */
export function productIndex(blocks: number, i: number, j: number): number {
  return i * blocks - (i * (i - 1)) / 2 + j - i;
}

/** @throws CovistaError `bad-values` unless blocks, products and shifts of a joint Gram matrix fit together */
export function requireJointGram(
  blocks: readonly Matrix[],
  into: readonly Matrix64[],
  shifts: readonly Float64Array[] | undefined,
): void {
  const count = blocks.length;
  const products = (count * (count + 1)) / 2;
  if (into.length !== products)
    throw new CovistaError(
      'bad-values',
      `jointGram: ${count} blocks have ${products} products, got ${into.length}.`,
    );
  if (shifts && shifts.length !== count)
    throw new CovistaError(
      'bad-values',
      `jointGram: ${count} blocks need as many shifts, got ${shifts.length}.`,
    );
  for (const [i, block] of blocks.entries()) {
    requireShape('jointGram', `block ${i}`, block, blocks[0]!.rows, block.columns);
    requireLength('jointGram', `shift ${i}`, shifts?.[i], block.columns);
    for (let j = i; j < count; j++) {
      const product = into[productIndex(count, i, j)]!;
      requireShape('jointGram', `the product of ${i} and ${j}`, product, block.columns, blocks[j]!.columns);
    }
  }
}
