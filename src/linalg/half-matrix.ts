import { CovistaError } from '../base/errors.ts';
import { fromFloat16, toFloat16 } from './float16.ts';
import type { Matrix32 } from './matrix.ts';

/**
 * A float32 matrix that is kept in half precision, as files hold it. Its float32 values are made when they are first
 * read, so that large matrices that a command does not use cost nothing, and written again as the bits they were.
 */
export class HalfMatrix implements Matrix32 {
  readonly rows: number;
  readonly columns: number;
  readonly bits: Uint16Array;
  #data: Float32Array | undefined;

  /**
   * @param bits row-major, as `toFloat16` makes them
   * @throws CovistaError `bad-values` when there are not rows * columns of them
   */
  constructor(rows: number, columns: number, bits: Uint16Array) {
    if (bits.length !== rows * columns)
      throw new CovistaError(
        'bad-values',
        `A ${rows} x ${columns} matrix needs ${rows * columns} elements, got ${bits.length}.`,
      );
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
  }

  get data(): Float32Array {
    this.#data ??= fromFloat16(this.bits);
    return this.#data;
  }

  /** A matrix rounded to half precision; one that is already is returned as it is. */
  static of(m: Matrix32): HalfMatrix {
    return m instanceof HalfMatrix ? m : new HalfMatrix(m.rows, m.columns, toFloat16(m.data));
  }
}
