import type { Engine } from '../../linalg/engine.ts';
import { isSparse, type Matrix64, type Rows, type SparseRows, zeros64 } from '../../linalg/matrix.ts';
import type { CheckedBlock } from './block-rows.ts';
import { sumByGroup } from './sum-by-group.ts';

type Shift = Float64Array | undefined;

/** into += Σ over pairs of (x - shift) (x - shift)ᵀ. Sparse blocks have no shift. */
export async function addSquares(
  engine: Engine,
  block: CheckedBlock,
  shift: Shift,
  into: Matrix64,
): Promise<void> {
  const weights = block.counts ? { weights: block.counts } : {};
  if (isSparse(block.rows)) await engine.sparseGram(block.rows, into, weights);
  else await engine.gram(block.rows, into, shift ? { ...weights, shift } : weights);
}

/**
 * into += Σ over pairs of (x - shiftX) (y - shiftY)ᵀ. Where pairs share rows, the other block is first summed
 * over the pairs of each row, so that the product runs over rows, not over pairs.
 * @param exact whether sums of sparse rows keep what float32 would round away
 */
export async function addCrossProducts(
  engine: Engine,
  x: CheckedBlock,
  shiftX: Shift,
  y: CheckedBlock,
  shiftY: Shift,
  into: Matrix64,
  exact: boolean,
): Promise<void> {
  if (x.of && (!y.of || x.rows.rows <= y.rows.rows)) {
    for (const summed of sumByGroup(y, shiftY, x.of, x.rows.rows, exact))
      await addRowProducts(engine, x.rows, shiftX, summed, undefined, into);
  } else if (y.of) {
    for (const summed of sumByGroup(x, shiftX, y.of, y.rows.rows, exact))
      await addRowProducts(engine, summed, undefined, y.rows, shiftY, into);
  } else {
    await addRowProducts(engine, x.rows, shiftX, y.rows, shiftY, into);
  }
}

async function addRowProducts(
  engine: Engine,
  x: Rows,
  shiftX: Shift,
  y: Rows,
  shiftY: Shift,
  into: Matrix64,
): Promise<void> {
  if (!isSparse(x)) {
    const options = shiftX ? { shiftX } : {};
    if (isSparse(y)) await engine.sparseCrossGram(x, y, into, options);
    else await engine.crossGram(x, y, into, shiftY ? { ...options, shiftY } : options);
  } else if (isSparse(y)) {
    addSparseProducts(x, y, into);
  } else {
    const transposed = zeros64(y.columns, x.columns);
    await engine.sparseCrossGram(y, x, transposed, shiftY ? { shiftX: shiftY } : {});
    for (let i = 0; i < x.columns; i++)
      for (let j = 0; j < y.columns; j++)
        into.data[i * y.columns + j]! += transposed.data[j * x.columns + i]!;
  }
}

function addSparseProducts(x: SparseRows, y: SparseRows, into: Matrix64): void {
  for (let i = 0; i < x.rows; i++)
    for (let p = x.offsets[i]!; p < x.offsets[i + 1]!; p++) {
      const value = x.values[p]!;
      const to = x.indices[p]! * y.columns;
      for (let q = y.offsets[i]!; q < y.offsets[i + 1]!; q++)
        into.data[to + y.indices[q]!]! += value * y.values[q]!;
    }
}
