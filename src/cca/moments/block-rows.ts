import { CovistaError } from '../../base/errors.ts';
import { isSparse, type Rows, type SparseRows } from '../../linalg/matrix.ts';

/**
 * Rows that several pairs share: pair p has row `of[p]`. One picture with five captions makes five pairs, and
 * the picture's features are stored, and multiplied, once.
 */
export interface IndexedRows {
  readonly rows: Rows;
  /** For each pair the number of its row. */
  readonly of: Uint32Array;
}

/** The features of one block of a batch: a row for each pair, or rows that pairs share. */
export type BlockRows = Rows | IndexedRows;

/** A block of a batch, checked: `of` and `counts` are there when pairs share rows. */
export interface CheckedBlock {
  readonly rows: Rows;
  readonly of: Uint32Array | undefined;
  /** How many pairs each row belongs to. */
  readonly counts: Float64Array | undefined;
}

/** How many pairs the features of a block describe. */
export function pairCount(block: BlockRows): number {
  return 'of' in block ? block.of.length : block.rows;
}

/**
 * Checks one block of a batch.
 * @throws CovistaError `bad-values` when its number of pairs or columns differs from what is expected, a row or column
 *   number is out of range, or float64 features are so large or small that their squares are not numbers
 */
export function checkBlock(block: BlockRows, index: number, pairs: number, size: number): CheckedBlock {
  const rows = 'of' in block ? block.rows : block;
  if (rows.columns !== size)
    throw new CovistaError('bad-values', `Block ${index} must have ${size} columns, got ${rows.columns}.`);
  if (pairCount(block) !== pairs)
    throw new CovistaError(
      'bad-values',
      `Block ${index} has ${pairCount(block)} pairs, but block 0 has ${pairs}.`,
    );
  if (isSparse(rows)) checkSparse(rows, index);
  else if (rows.data instanceof Float64Array) requireScale(rows.data, rows.columns, index);
  if (!('of' in block)) return { rows, of: undefined, counts: undefined };
  const counts = new Float64Array(rows.rows);
  for (let p = 0; p < pairs; p++) {
    const r = block.of[p]!;
    if (r >= rows.rows)
      throw new CovistaError(
        'bad-values',
        `Block ${index}: pair ${p} refers to row ${r}, but there are ${rows.rows} rows.`,
      );
    counts[r]!++;
  }
  return { rows, of: block.of, counts };
}

/** Fourth powers of numbers of this size, or of its inverse, stay within float64: products of inner products. */
const LARGEST = 1e60;

function requireScale(data: Float64Array, columns: number, index: number): void {
  let largest = 0;
  let place = 0;
  for (let p = 0; p < data.length; p++) {
    const size = Math.abs(data[p]!);
    if (size > largest && size < Number.POSITIVE_INFINITY) {
      largest = size;
      place = p;
    }
  }
  if (largest > LARGEST || (largest > 0 && largest < 1 / LARGEST))
    throw new CovistaError(
      'bad-values',
      `Block ${index}, row ${Math.floor(place / columns)}, column ${place % columns} is ${data[place]}, the largest ` +
        `of its block; features from ${1 / LARGEST} to ${LARGEST} can be learned from.`,
      { hint: 'Measure them in another unit: scaling a block changes no correlation.' },
    );
}

function checkSparse(s: SparseRows, index: number): void {
  const stored = s.offsets[s.rows];
  if (s.offsets.length !== s.rows + 1 || stored! > s.values.length || stored! > s.indices.length)
    throw new CovistaError('bad-values', `Block ${index}: the offsets of its sparse rows do not fit.`);
  for (let i = 0; i < s.rows; i++)
    for (let p = s.offsets[i]!; p < s.offsets[i + 1]!; p++) {
      const column = s.indices[p]!;
      if (column >= s.columns || (p > s.offsets[i]! && column <= s.indices[p - 1]!))
        throw new CovistaError(
          'bad-values',
          `Block ${index}, row ${i}: column numbers must ascend and stay below ${s.columns}, got ${column}.`,
        );
    }
}

/**
 * Σ over pairs of (x - shift), one number a column.
 * @param index which block it is, for messages
 * @throws CovistaError `bad-values` naming block, row and column of a value that is not finite
 */
export function columnSums(block: CheckedBlock, shift: Float64Array, index: number): Float64Array {
  const { rows, counts } = block;
  const sums = new Float64Array(rows.columns);
  if (isSparse(rows)) {
    for (let i = 0; i < rows.rows; i++) {
      const count = counts ? counts[i]! : 1;
      for (let p = rows.offsets[i]!; p < rows.offsets[i + 1]!; p++)
        sums[rows.indices[p]!]! += count * rows.values[p]!;
    }
  } else {
    const { data, columns } = rows;
    for (let i = 0; i < rows.rows; i++) {
      const count = counts ? counts[i]! : 1;
      const from = i * columns;
      for (let c = 0; c < columns; c++) sums[c]! += count * (data[from + c]! - shift[c]!);
    }
  }
  // One bad value spoils its column's sum (0 times NaN too), so that good data are read only once.
  if (!sums.every(Number.isFinite)) throw notFinite(rows, index);
  return sums;
}

/** The error that names the first value of a block that is not finite. */
export function notFinite(rows: Rows, block: number): CovistaError {
  const values = isSparse(rows) ? rows.values.subarray(0, rows.offsets[rows.rows]) : rows.data;
  const position = values.findIndex((value: number) => !Number.isFinite(value));
  if (position < 0)
    return new CovistaError(
      'bad-values',
      `Block ${block}: the sums of its columns exceed the largest number.`,
    );
  const row = isSparse(rows)
    ? rows.offsets.findIndex((end) => end > position) - 1
    : Math.floor(position / rows.columns);
  const column = isSparse(rows) ? rows.indices[position] : position % rows.columns;
  return new CovistaError(
    'bad-values',
    `Block ${block}, row ${row}, column ${column} is ${values[position]}.`,
    { hint: 'Leave this item out, or encode it again.' },
  );
}
