import { checkOptions } from '../../base/check-options.ts';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { productIndex } from '../../linalg/joint-gram.ts';
import { isSparse, type Matrix, type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import { mirrorLower } from '../../linalg/triangle.ts';
import { isVaryingColumn, productRounding, representationRounding } from '../fit/rounding.ts';
import { type AddOptions, addRules } from './add-options.ts';
import {
  type BlockRows,
  type CheckedBlock,
  checkBlock,
  columnSums,
  notFinite,
  pairCount,
} from './block-rows.ts';
import { addCrossProducts, addSquares } from './cross-products.ts';
import { combineSums, type MomentSums, squaresOf, zeroSums } from './moment-sums.ts';
import { startingShift } from './starting-shift.ts';
import { requireFinite, widenBlock, widenRows } from './widen.ts';

/** Bytes of float32 features that are brought to float64 at a time. */
const PART_BYTES = 16 << 20;

/**
 * Count, means and covariances of any number of blocks of features that describe the same pairs: all that CCA
 * needs to know of the data, in memory that does not grow with it. A view is one block or several, for instance
 * a picture's features as block 0, the mean word vector of a caption as block 1 and its bag of words as block 2.
 *
 * Moments of parts add up: {@link add} streams batches in, {@link merge} and {@link subtract} join and remove
 * parts (for cross-validation), exactly up to rounding. Rows are shifted by about the mean of the first batch
 * before they are multiplied, so that large means cost no digits (Chan, Golub and LeVeque, "Algorithms for
 * computing the sample variance", 1983); sparse blocks, whose means are small, stay sparse.
 */
export class Moments {
  /** How many columns each block has. */
  readonly sizes: readonly number[];
  #sums: MomentSums;
  /** Whether products of a block with itself hold both triangles, or the lower one alone so far. */
  #symmetric = true;

  /** @param sums taken as it is, not copied */
  constructor(sums: MomentSums) {
    this.sizes = sums.shifts.map((shift) => shift.length);
    this.#sums = sums;
  }

  /** Moments of no pairs yet, for blocks of these sizes. */
  static zero(sizes: readonly number[]): Moments {
    return new Moments(zeroSums(sizes));
  }

  /** Number of pairs. */
  get count(): number {
    return this.#sums.count;
  }

  /** What is kept, for saving; not to be written to. */
  get sums(): MomentSums {
    if (!this.#symmetric)
      for (const [i, size] of this.sizes.entries())
        mirrorLower(this.#sums.products[this.#index(i, i)]!.data, size);
    this.#symmetric = true;
    return this.#sums;
  }

  /** The mean of each column of a block; zeros when there are no pairs. */
  mean(block: number): Float64Array {
    const { count, shifts, sums } = this.#sums;
    const shift = this.#block(shifts, block);
    const sum = this.#block(sums, block);
    return shift.map((value, c) => (count > 0 ? value + sum[c]! / count : 0));
  }

  /**
   * The covariance of two blocks (columns of i x columns of j), with denominator n - 1; a new matrix.
   * @throws CovistaError `no-data` for fewer than two pairs
   */
  covariance(i: number, j: number): Matrix64 {
    const { count, sums, products } = this.sums;
    this.#requirePairs();
    const sumI = this.#block(sums, i);
    const sumJ = this.#block(sums, j);
    const rows = sumI.length;
    const columns = sumJ.length;
    const swapped = i > j;
    const product = products[swapped ? this.#index(j, i) : this.#index(i, j)]!.data;
    const result = zeros64(rows, columns);
    for (let r = 0; r < rows; r++) {
      const mean = sumI[r]! / count;
      for (let c = 0; c < columns; c++) {
        const sum = swapped ? product[c * rows + r]! : product[r * columns + c]!;
        result.data[r * columns + c] = (sum - mean * sumJ[c]!) / (count - 1);
      }
    }
    return result;
  }

  /**
   * The variance of each column of a block (denominator n - 1). What cannot be told from rounding is 0: of a column that is
   * constant, or that occurred only in pairs that were subtracted.
   * @throws CovistaError `no-data` for fewer than two pairs
   */
  variances(block: number): Float64Array {
    const { count, shifts, sums } = this.#sums;
    this.#requirePairs();
    const shift = this.#block(shifts, block);
    const sum = this.#block(sums, block);
    const squares = squaresOf(this.#sums, block);
    const rounding = this.varianceRounding(block);
    return sum.map((total, c) => {
      const offset = total / count;
      const variance = (squares[c]! - offset * total) / (count - 1);
      return isVaryingColumn(variance, rounding[c]!, shift[c]! + offset) ? variance : 0;
    });
  }

  /**
   * How far rounding may have moved the variance of each column of a block, as a standard deviation; the covariance of
   * the columns c and d by sqrt(rounding_c rounding_d).
   * @throws CovistaError `no-data` for fewer than two pairs
   */
  varianceRounding(block: number): Float64Array {
    this.#requirePairs();
    return this.#block(this.#sums.rounding, block).map((value) => value / (this.count - 1));
  }

  /**
   * Adds a batch of pairs; wait for it before the next one. Cost: one product a block and a pair of blocks;
   * for {@link BlockRows} with shared rows over the rows, not the pairs, and for sparse rows over the non-zeros.
   * @param blocks the features of each block, all for the same pairs in the same order
   * @throws CovistaError `bad-values` when shapes do not fit or a value is not finite; nothing is added then
   */
  async add(blocks: readonly BlockRows[], options: AddOptions): Promise<void> {
    checkOptions('Moments.add', options, addRules);
    const { engine, products = 'float64', signal } = options;
    throwIfAborted(signal);
    if (blocks.length !== this.sizes.length)
      throw new CovistaError(
        'bad-values',
        `A batch must have ${this.sizes.length} blocks, got ${blocks.length}.`,
      );
    const pairs = blocks.length > 0 ? pairCount(blocks[0]!) : 0;
    const checked = blocks.map((block, i) => checkBlock(block, i, pairs, this.sizes[i]!));
    if (pairs === 0) return;
    const dense = checked.flatMap(({ rows, of }) => (of || isSparse(rows) ? [] : [rows]));
    const before = this.sizes.map((_, block) => squaresOf(this.#sums, block));
    if (dense.length === checked.length) await this.#addDense(dense, products, engine);
    else await this.#addShared(checked, pairs, products, engine);
    this.#addRounding(checked, before, pairs, products);
  }

  /** Adds dense blocks whose pairs share no rows: all products in one pass. */
  async #addDense(
    blocks: readonly Matrix[],
    precision: AddOptions['products'],
    engine: Engine,
  ): Promise<void> {
    const { count, sums, products } = this.#sums;
    const shifts = count > 0 ? this.#sums.shifts : blocks.map(startingShift);
    const single = blocks.every((block) => block.data instanceof Float32Array);
    // Blocks of both kinds are multiplied in float64 in any case.
    const widened = single && precision === 'float64';
    if (widened) requireFinite(blocks);
    const pairs = blocks[0]!.rows;
    const rowBytes = 8 * blocks.reduce((sum, block) => sum + block.columns, 0);
    const step = widened ? Math.max(1, Math.floor(PART_BYTES / Math.max(rowBytes, 1))) : pairs;
    this.#symmetric = false;
    for (let start = 0; start < pairs; start += step) {
      const part = widened ? blocks.map((block) => widenRows(block, start, step)) : blocks;
      const added = await engine.jointGram(part, products, { shifts });
      const bad = added.findIndex((sum) => !sum.every(Number.isFinite));
      if (bad >= 0) throw notFinite(blocks[bad]!, bad);
      for (const [i, sum] of sums.entries()) for (let c = 0; c < sum.length; c++) sum[c]! += added[i]![c]!;
    }
    this.#sums = { ...this.#sums, shifts, count: count + pairs };
  }

  /** Adds blocks that are sparse, or whose pairs share rows. */
  async #addShared(
    checked: readonly CheckedBlock[],
    pairs: number,
    precision: AddOptions['products'],
    engine: Engine,
  ): Promise<void> {
    const known = checked.map((block, i) =>
      isSparse(block.rows) ? new Float64Array(this.sizes[i]!) : this.#sums.shifts[i]!,
    );
    const added = checked.map((block, i) => columnSums(block, known[i]!, i));
    const moved = checked.map((block, i) =>
      this.count > 0 || isSparse(block.rows)
        ? { shift: known[i]!, sum: added[i]! }
        : aboutMean(known[i]!, added[i]!, pairs),
    );
    const shifts = moved.map(({ shift }) => shift);
    if (this.count === 0) this.#sums = { ...this.#sums, shifts };
    else if (shifts.some((shift, i) => distinct(shift, this.#sums.shifts[i]!)))
      this.#sums = combineSums(shifts, [[this.sums, 1]]);

    const { sums, products } = this.#sums;
    const shiftOf = (i: number) => (isSparse(checked[i]!.rows) ? undefined : this.#sums.shifts[i]!);
    for (let i = 0; i < checked.length; i++) {
      const block = precision === 'float64' ? widenBlock(checked[i]!) : checked[i]!;
      for (let c = 0; c < sums[i]!.length; c++) sums[i]![c]! += moved[i]!.sum[c]!;
      await addSquares(engine, block, shiftOf(i), products[this.#index(i, i)]!);
      for (let j = i + 1; j < checked.length; j++)
        await addCrossProducts(
          engine,
          block,
          shiftOf(i),
          checked[j]!,
          shiftOf(j),
          products[this.#index(i, j)]!,
          precision === 'float64',
        );
    }
    this.#sums = { ...this.#sums, count: this.count + pairs };
  }

  /** Adds to {@link MomentSums.rounding} what the pairs brought whose squares make the difference to `before`. */
  #addRounding(
    checked: readonly CheckedBlock[],
    before: readonly Float64Array[],
    pairs: number,
    precision: AddOptions['products'],
  ): void {
    const { rounding } = this.#sums;
    const wide = checked.some(({ rows }) => !isSparse(rows) && rows.data instanceof Float64Array);
    for (const [i, { rows, of }] of checked.entries()) {
      // Sparse rows are multiplied in float64; rows of one batch without sharing, all in the widest type of its blocks.
      const single = !isSparse(rows) && rows.data instanceof Float32Array;
      const inSingle = single && precision === 'float32' && (of !== undefined || !wide);
      const share = productRounding(inSingle ? 'float32' : 'float64', inSingle ? pairs : this.count);
      const own = representationRounding(isSparse(rows) || single ? 'float32' : 'float64');
      const squares = squaresOf(this.#sums, i);
      const shift = this.#sums.shifts[i]!;
      for (let c = 0; c < rounding[i]!.length; c++) {
        const grown = Math.abs(squares[c]! - before[i]![c]!);
        rounding[i]![c]! += share * grown + own * (grown + pairs * shift[c]! ** 2);
      }
    }
  }

  /**
   * The moments of both sets of pairs together; a new value.
   * @throws CovistaError `bad-values` when the blocks differ in size
   */
  merge(other: Moments): Moments {
    this.#requireSizes(other);
    const shifts = this.count > 0 ? this.#sums.shifts : other.#sums.shifts;
    return new Moments(
      combineSums(shifts, [
        [this.sums, 1],
        [other.sums, 1],
      ]),
    );
  }

  /**
   * The moments without pairs that were added before: of all folds but one, say. A new value.
   * @throws CovistaError `bad-values` when the blocks differ in size or `other` has more pairs
   */
  subtract(other: Moments): Moments {
    this.#requireSizes(other);
    if (other.count > this.count)
      throw new CovistaError('bad-values', `Cannot remove ${other.count} pairs from ${this.count}.`);
    return new Moments(
      combineSums(this.#sums.shifts, [
        [this.sums, 1],
        [other.sums, -1],
      ]),
    );
  }

  #index(i: number, j: number): number {
    return productIndex(this.sizes.length, i, j);
  }

  #block<T>(values: readonly T[], block: number): T {
    if (!(block in values))
      throw new CovistaError('bad-values', `There is no block ${block}; there are ${this.sizes.length}.`);
    return values[block]!;
  }

  #requirePairs(): void {
    if (this.count < 2)
      throw new CovistaError('no-data', `Covariances need at least two pairs, got ${this.count}.`, {
        hint: 'Add pictures that have captions or tags.',
      });
  }

  #requireSizes(other: Moments): void {
    if (this.sizes.join() !== other.sizes.join())
      throw new CovistaError(
        'bad-values',
        `Moments of blocks of sizes [${this.sizes}] and [${other.sizes}] do not fit together.`,
      );
  }
}

/** The mean of rows as their new shift, and what their sum is about it. */
function aboutMean(shift: Float64Array, sum: Float64Array, count: number) {
  const mean = shift.map((value, c) => value + sum[c]! / count);
  return { shift: mean, sum: sum.map((value, c) => value - count * (mean[c]! - shift[c]!)) };
}

function distinct(a: Float64Array, b: Float64Array): boolean {
  return a !== b && a.some((value, c) => value !== b[c]);
}
