import { throwIfAborted } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import { isIndependent } from './rounding.ts';

/** The Cholesky factor of those rows and columns of a matrix that do not depend on each other. */
export interface PivotedFactor {
  /** The rows and columns kept, in the order in which they were taken. */
  readonly kept: Uint32Array;
  /** L (rank x rank, lower triangular): A[kept, kept] = L Lᵀ. */
  readonly l: Matrix64;
}

/** Columns that are eliminated before the rest of the matrix is brought up to date. */
const PANEL = 64;

/** What float64 arithmetic itself leaves uncertain of a variance of 1. */
export const FLOOR = 2 ** -51;

/**
 * Cholesky factorisation with complete pivoting of a matrix of correlations, in blocks (Higham, "Accuracy and stability
 * of numerical algorithms", 2002, section 10.3; LAPACK's dpstrf), with a running error analysis: eliminating column p
 * from column c moves the variance that c has left by b² times the rounding of p, for the coefficient b of c on p. A
 * column is kept as long as what is left of it is more than the rounding that has come together
 * ({@link isIndependent}). Of equal columns the first is kept.
 * @param a symmetric with a unit diagonal, size x size; the lower triangle is read, and all is overwritten
 * @param rounding of each diagonal element, as a standard deviation
 */
export async function pivotedCholesky(
  a: Matrix64,
  rounding: Float64Array,
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<PivotedFactor> {
  const size = a.rows;
  const { data } = a;
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  const uncertain = rounding.map((value) => value + FLOOR);
  const left = new Float64Array(size);
  for (let i = 0; i < size; i++) left[i] = data[i * size + i]!;
  let rank = 0;
  while (rank < size) {
    throwIfAborted(signal);
    const start = rank;
    const end = Math.min(start + PANEL, size);
    while (rank < end) {
      const pivot = largest(left, uncertain, order, rank);
      if (pivot < 0) break;
      if (pivot !== rank) exchange(a, pivot, rank, [order, uncertain, left]);
      eliminate(a, rank, start, left, uncertain);
      rank++;
    }
    if (rank < end) break;
    await subtractPanel(a, start, end, engine);
  }
  const l = zeros64(rank, rank);
  for (let i = 0; i < rank; i++) l.data.set(data.subarray(i * size, i * size + i + 1), i * rank);
  return { kept: order.slice(0, rank), l };
}

/** Shares that differ by less than this come from equal columns. */
const EQUAL = 1e-9;

/** The position from `from` on with most left, the first of about equal ones; -1 when all that is left is rounding. */
function largest(left: Float64Array, uncertain: Float64Array, order: Uint32Array, from: number): number {
  let best = -1;
  for (let i = from; i < left.length; i++) {
    if (!isIndependent(left[i]!, uncertain[i]!)) continue;
    const ahead = best < 0 ? Number.POSITIVE_INFINITY : left[i]! / left[best]! - 1;
    if (ahead > EQUAL || (ahead > -EQUAL && order[i]! < order[best]!)) best = i;
  }
  return best;
}

/** Exchanges rows and columns i > j of a symmetric matrix of which the lower triangle is kept, and elements of arrays. */
function exchange(
  { rows: size, data }: Matrix64,
  i: number,
  j: number,
  arrays: readonly (Float64Array | Uint32Array)[],
): void {
  const swap = (p: number, q: number) => {
    const kept = data[p]!;
    data[p] = data[q]!;
    data[q] = kept;
  };
  for (let c = 0; c < j; c++) swap(i * size + c, j * size + c);
  for (let p = j + 1; p < i; p++) swap(p * size + j, i * size + p);
  for (let r = i + 1; r < size; r++) swap(r * size + i, r * size + j);
  swap(i * size + i, j * size + j);
  for (const array of arrays) [array[i], array[j]] = [array[j]!, array[i]!];
}

/** Column `at` of L, with what the panel's columns since `start` explain taken from it; the others' rest shrinks. */
function eliminate(
  { rows: size, data }: Matrix64,
  at: number,
  start: number,
  left: Float64Array,
  uncertain: Float64Array,
): void {
  const pivot = Math.sqrt(left[at]!);
  const own = data.subarray(at * size, at * size + at + 1);
  own[at] = pivot;
  for (let i = at + 1; i < size; i++) {
    const from = i * size;
    let value = data[from + at]!;
    for (let p = start; p < at; p++) value -= data[from + p]! * own[p]!;
    value /= pivot;
    data[from + at] = value;
    left[i]! -= value * value;
    uncertain[i]! += (value / pivot) ** 2 * uncertain[at]!;
  }
}

/** Brings the lower triangle behind a panel of L up to date: A22 -= L21 L21ᵀ. */
async function subtractPanel(a: Matrix64, start: number, end: number, engine: Engine): Promise<void> {
  const { rows: size, data } = a;
  const rest = size - end;
  if (rest === 0) return;
  const below = zeros64(rest, end - start);
  for (let i = 0; i < rest; i++)
    below.data.set(data.subarray((end + i) * size + start, (end + i) * size + end), i * below.columns);
  const product = await engine.multiply(below, below, { transposeB: true });
  for (let i = 0; i < rest; i++) {
    const to = (end + i) * size + end;
    for (let j = 0; j <= i; j++) data[to + j]! -= product.data[i * rest + j]!;
  }
}
