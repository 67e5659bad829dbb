import { CovistaError } from '../base/errors.ts';

/** The two element types: float32 for features and embeddings, float64 for moments and decompositions. */
export type Floats = Float32Array | Float64Array;

/** A dense row-major matrix: element (i, j) is `data[i * columns + j]`. */
export interface Matrix<T extends Floats = Floats> {
  readonly rows: number;
  readonly columns: number;
  /** Exactly `rows * columns` elements. */
  readonly data: T;
}

export type Matrix32 = Matrix<Float32Array>;
export type Matrix64 = Matrix<Float64Array>;

/**
 * Sparse rows (compressed sparse row format): row i has its non-zeros at positions
 * `offsets[i] .. offsets[i + 1]` of `indices` (column numbers, ascending within a row) and `values`.
 */
export interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  /** rows + 1 positions. */
  readonly offsets: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** Rows of features: dense, or sparse as bags of words are. */
export type Rows = Matrix | SparseRows;

/** Tells sparse rows from a dense matrix. */
export function isSparse(rows: Rows): rows is SparseRows {
  return 'offsets' in rows;
}

/**
 * A dense matrix over data that is already there; nothing is copied.
 * @throws CovistaError `bad-values` when the data has not rows * columns elements
 */
export function matrix<T extends Floats>(rows: number, columns: number, data: T): Matrix<T> {
  if (data.length !== rows * columns)
    throw new CovistaError(
      'bad-values',
      `A ${rows} x ${columns} matrix needs ${rows * columns} elements, got ${data.length}.`,
    );
  return { rows, columns, data };
}

/** A new float32 matrix of zeros. */
export function zeros32(rows: number, columns: number): Matrix32 {
  return { rows, columns, data: new Float32Array(rows * columns) };
}

/** A new float64 matrix of zeros. */
export function zeros64(rows: number, columns: number): Matrix64 {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

/** Row i as a view into the matrix: writing to it writes to the matrix. */
export function row<T extends Floats>(m: Matrix<T>, i: number): T {
  return m.data.subarray(i * m.columns, (i + 1) * m.columns) as T;
}

/** The named rows, in that order, as a new matrix. */
export function selectRows<T extends Floats>(m: Matrix<T>, rows: ArrayLike<number>): Matrix<T> {
  const { columns } = m;
  const Data = m.data.constructor as new (length: number) => T;
  const data = new Data(rows.length * columns);
  for (let i = 0; i < rows.length; i++) data.set(row(m, rows[i]!), i * columns);
  return { rows: rows.length, columns, data };
}

/**
 * The rows of several matrices one below the other, as a new matrix.
 * @param parts at least one, all of the same number of columns and element type
 */
export function joinRows<T extends Floats>(parts: readonly Matrix<T>[]): Matrix<T> {
  const { columns, data } = parts[0]!;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const Data = data.constructor as new (length: number) => T;
  return {
    rows,
    columns,
    data: joinArrays(
      Data,
      parts.map((part) => part.data),
    ),
  };
}

/**
 * Typed arrays one after the other, as a new one.
 * @param Type of the parts, of which there may be none
 */
export function joinArrays<A extends Floats | Uint32Array>(
  Type: new (length: number) => A,
  parts: readonly A[],
): A {
  const all = new Type(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}
