import { productIndex } from '../../linalg/joint-gram.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';

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
  /**
   * Per block and column how far rounding may have moved Σ (x - shift)², as a standard deviation: that of the product of
   * the columns c and d is sqrt(rounding_c rounding_d). It grows with all that is added, merged and subtracted.
   */
  readonly rounding: readonly Float64Array[];
}

/** Sums over no pairs, for blocks of these sizes. */
export function zeroSums(sizes: readonly number[]): MomentSums {
  return {
    count: 0,
    shifts: sizes.map((size) => new Float64Array(size)),
    sums: sizes.map((size) => new Float64Array(size)),
    products: sizes.flatMap((rows, i) => sizes.slice(i).map((columns) => zeros64(rows, columns))),
    rounding: sizes.map((size) => new Float64Array(size)),
  };
}

/** Σ (x - shift)² of each column of a block; a new array. */
export function squaresOf({ shifts, products }: MomentSums, block: number): Float64Array {
  const size = shifts[block]!.length;
  const { data } = products[productIndex(shifts.length, block, block)]!;
  return Float64Array.from({ length: size }, (_, c) => data[c * size + c]!);
}

/** The sum of moments, each times its sign, about common shifts; new arrays. */
export function combineSums(
  shifts: readonly Float64Array[],
  terms: readonly (readonly [MomentSums, number])[],
): MomentSums {
  const result = zeroSums(shifts.map((shift) => shift.length));
  let count = 0;
  for (const [term, sign] of terms) {
    count += sign * term.count;
    addShifted(term, sign, shifts, result);
    // What is taken away leaves its rounding behind, next to that of what stays.
    for (const [i, rounding] of result.rounding.entries())
      for (let c = 0; c < rounding.length; c++) rounding[c]! += term.rounding[i]![c]!;
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
