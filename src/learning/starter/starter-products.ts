import type { Moments } from '../../cca/index.ts';
import type { Engine } from '../../linalg/engine.ts';
import { productIndex } from '../../linalg/joint-gram.ts';
import { type Matrix32, type Matrix64, zeros64 } from '../../linalg/matrix.ts';

/** A view of a starter: which blocks of its moments it has. */
export interface ProductView {
  readonly blocks: readonly number[];
  /** The factor of each column, as the recipe scales it. */
  readonly scales: Float64Array;
}

/** Σ z_i z_jᵀ over the pairs of a starter for its scaled columns z, about their means, as what to multiply with. */
export interface StarterProducts {
  /**
   * The products of the columns of two views, the first of which comes first in the moments or is the same, with
   * directions of the second.
   * @param directions in scaled columns, d x k
   */
  times(left: ProductView, right: ProductView, directions: Matrix64): Promise<Matrix64>;
}

/**
 * Takes the products from moments, which are not held on to. They are kept in single precision, in half the memory: those
 * of a stored starter are rounded to half precision already, and scaled columns have variances of like size.
 */
export function starterProducts(
  moments: Moments,
  views: readonly ProductView[],
  engine: Engine,
): StarterProducts {
  const { sizes } = moments;
  const index = (i: number, j: number) => productIndex(sizes.length, i, j);
  const scales = scalesByBlock(sizes, views);
  const kept: Matrix32[] = [];
  for (let i = 0; i < sizes.length; i++)
    for (let j = i; j < sizes.length; j++)
      kept[index(i, j)] = scaledProduct(moments, i, j, scales[i]!, scales[j]!);
  return {
    async times(left, right, directions) {
      const k = directions.columns;
      const single = new Float32Array(directions.data);
      const result = zeros64(left.scales.length, k);
      let top = 0;
      for (const i of left.blocks) {
        let start = 0;
        for (const j of right.blocks) {
          const rows = sizes[j]!;
          const part = { rows, columns: k, data: single.subarray(start * k, (start + rows) * k) };
          const product = kept[index(Math.min(i, j), Math.max(i, j))]!;
          const { data } = await engine.multiply(product, part, { transposeA: i > j });
          for (let p = 0; p < data.length; p++) result.data[top * k + p]! += data[p]!;
          start += rows;
        }
        top += sizes[i]!;
      }
      return result;
    },
  };
}

function scalesByBlock(sizes: readonly number[], views: readonly ProductView[]): Float64Array[] {
  const scales: Float64Array[] = [];
  for (const view of views) {
    let start = 0;
    for (const block of view.blocks) {
      scales[block] = view.scales.subarray(start, start + sizes[block]!);
      start += sizes[block]!;
    }
  }
  return scales;
}

function scaledProduct(
  moments: Moments,
  i: number,
  j: number,
  left: Float64Array,
  right: Float64Array,
): Matrix32 {
  const { count, sums, products } = moments.sums;
  const [rows, columns] = [left.length, right.length];
  const product = products[productIndex(moments.sizes.length, i, j)]!.data;
  const data = new Float32Array(rows * columns);
  for (let r = 0, p = 0; r < rows; r++) {
    const mean = sums[i]![r]! / count;
    for (let c = 0; c < columns; c++, p++)
      data[p] = (product[p]! - mean * sums[j]![c]!) * left[r]! * right[c]!;
  }
  return { rows, columns, data };
}
