import { CovistaError, throwIfAborted } from '../errors.ts';
import type { Engine } from '../linalg/engine.ts';
import { productIndex } from '../linalg/joint-gram.ts';
import { isSparse, type Matrix, type Matrix64, zeros64 } from '../linalg/matrix.ts';
import { mirrorLower } from '../linalg/triangle.ts';
import {
  type BlockRows,
  type CheckedBlock,
  checkBlock,
  columnSums,
  notFinite,
  pairCount,
} from './block-rows.ts';
import { addCrossProducts, addSquares } from './cross-products.ts';
import { startingShift } from './starting-shift.ts';

/** The numbers that {@link Moments} stand on: sums over pairs of blocks shifted close to their means. */
export interface MomentSums {
  /** Number of pairs. */
  readonly count: number;
  /** Per block what was subtracted from every row: about its mean, or zeros where means are small. */
  readonly shifts: readonly Float64Array[];
  /** Per block Σ (x - shift). */
  readonly sums: readonly Float64Array[];
  /** Σ (x_i - shift_i) (x_j - shift_j)ᵀ for the blocks i <= j, in the order (0,0), (0,1), ..., (1,1), ... */
  readonly products: readonly Matrix64[];
}

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
    return new Moments({
      count: 0,
      shifts: sizes.map((size) => new Float64Array(size)),
      sums: sizes.map((size) => new Float64Array(size)),
      products: sizes.flatMap((rows, i) => sizes.slice(i).map((columns) => zeros64(rows, columns))),
    });
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
   * The variance of each column of a block (denominator n - 1). What cannot be told from the rounding of a
   * constant column is 0.
   * @throws CovistaError `no-data` for fewer than two pairs
   */
  variances(block: number): Float64Array {
    const { count, shifts, sums, products } = this.#sums;
    this.#requirePairs();
    const shift = this.#block(shifts, block);
    const sum = this.#block(sums, block);
    const size = shift.length;
    const product = products[this.#index(block, block)]!.data;
    return sum.map((total, c) => {
      const offset = total / count;
      const variance = (product[c * size + c]! - offset * total) / (count - 1);
      const noise = 1e-13 * offset ** 2 + (1e-13 * (shift[c]! + offset)) ** 2;
      return variance > noise ? variance : 0;
    });
  }

  /**
   * Adds a batch of pairs; wait for it before the next one. Cost: one product a block and a pair of blocks;
   * for {@link BlockRows} with shared rows over the rows, not the pairs, and for sparse rows over the non-zeros.
   * @param blocks the features of each block, all for the same pairs in the same order
   * @throws CovistaError `bad-values` when shapes do not fit or a value is not finite; nothing is added then
   */
  async add(
    blocks: readonly BlockRows[],
    options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    const { engine, signal } = options;
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
    if (dense.length === checked.length) await this.#addDense(dense, engine);
    else await this.#addShared(checked, pairs, engine);
  }

  /** Adds dense blocks whose pairs share no rows: all products in one pass. */
  async #addDense(blocks: readonly Matrix[], engine: Engine): Promise<void> {
    const { count, sums, products } = this.#sums;
    const shifts = count > 0 ? this.#sums.shifts : blocks.map(startingShift);
    this.#symmetric = false;
    const added = await engine.jointGram(blocks, products, { shifts });
    const bad = added.findIndex((sum) => !sum.every(Number.isFinite));
    if (bad >= 0) throw notFinite(blocks[bad]!, bad);
    for (const [i, sum] of sums.entries()) for (let c = 0; c < sum.length; c++) sum[c]! += added[i]![c]!;
    this.#sums = { shifts, sums, products, count: count + blocks[0]!.rows };
  }

  /** Adds blocks that are sparse, or whose pairs share rows. */
  async #addShared(checked: readonly CheckedBlock[], pairs: number, engine: Engine): Promise<void> {
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
      this.#sums = combine(this.sums, shifts, [[this.sums, 1]]);

    const { sums, products } = this.#sums;
    const shiftOf = (i: number) => (isSparse(checked[i]!.rows) ? undefined : this.#sums.shifts[i]!);
    for (let i = 0; i < checked.length; i++) {
      const block = checked[i]!;
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
        );
    }
    this.#sums = { ...this.#sums, count: this.count + pairs };
  }

  /**
   * The moments of both sets of pairs together; a new value.
   * @throws CovistaError `bad-values` when the blocks differ in size
   */
  merge(other: Moments): Moments {
    this.#requireSizes(other);
    const shifts = this.count > 0 ? this.#sums.shifts : other.#sums.shifts;
    return new Moments(
      combine(this.sums, shifts, [
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
      combine(this.sums, this.#sums.shifts, [
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

/** The sum of moments, each times its sign, about common shifts; new arrays. */
function combine(
  like: MomentSums,
  shifts: readonly Float64Array[],
  terms: readonly (readonly [MomentSums, number])[],
): MomentSums {
  const result = Moments.zero(like.shifts.map((shift) => shift.length)).sums;
  let count = 0;
  for (const [term, sign] of terms) {
    count += sign * term.count;
    addShifted(term, sign, shifts, result);
  }
  return { ...result, count, shifts: shifts.map((shift) => shift.slice()) };
}

/** into += sign * term, where x - s' = (x - s) + d for the old shift s, the new one s' and d = s - s'. */
function addShifted(term: MomentSums, sign: number, shifts: readonly Float64Array[], into: MomentSums): void {
  const n = term.count;
  const moves = term.shifts.map((old, i) => old.map((value, c) => value - shifts[i]![c]!));
  const blocks = shifts.length;
  for (let i = 0; i < blocks; i++) {
    const move = moves[i]!;
    const sum = term.sums[i]!;
    for (let c = 0; c < sum.length; c++) into.sums[i]![c]! += sign * (sum[c]! + n * move[c]!);
    for (let j = i; j < blocks; j++) {
      const index = productIndex(blocks, i, j);
      const from = term.products[index]!.data;
      const to = into.products[index]!.data;
      const columns = term.sums[j]!.length;
      for (let r = 0; r < sum.length; r++)
        for (let c = 0; c < columns; c++) {
          const moved = sum[r]! * moves[j]![c]! + move[r]! * (term.sums[j]![c]! + n * moves[j]![c]!);
          to[r * columns + c]! += sign * (from[r * columns + c]! + moved);
        }
    }
  }
}
