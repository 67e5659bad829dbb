import { CovistaError } from '../../base/errors.ts';
import { type IndexRows, indexRow, rowCount } from '../../retrieval/gallery/index-rows.ts';

/** @throws CovistaError `bad-values` naming the first value that is not finite */
export function requireFinite(operation: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw new CovistaError('bad-values', `${operation}: value ${i} is ${values[i]}.`, {
        hint: 'Leave out what has no result, from both systems where two are compared.',
      });
}

/**
 * @param name of the argument, for the message
 * @throws CovistaError `usage` unless this is a whole number from `least` on
 */
export function requireWhole(operation: string, name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new CovistaError(
      'usage',
      `${operation}: ${name} must be a whole number from ${least} on, got ${value}.`,
    );
}

/** @throws CovistaError `bad-values` naming the first that is not a whole number from 0 on */
export function requireNumbers(operation: string, what: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isInteger(values[i]) || values[i]! < 0)
      throw new CovistaError(
        'bad-values',
        `${operation}: ${what} ${i} is ${values[i]}, not a whole number from 0 on.`,
      );
}

/** @throws CovistaError `bad-values` naming the first row with an index that is not below `end`, or more than `end` */
export function requireIndices(operation: string, rows: IndexRows, end: number): void {
  for (let i = 0; i < rowCount(rows); i++) {
    const row = indexRow(rows, i);
    const wrong = row.length > end ? row.at(-1) : row.find((index) => index >= end);
    if (wrong !== undefined)
      throw new CovistaError(
        'bad-values',
        `${operation}: row ${i} holds ${wrong}, but there are only ${end}.`,
      );
  }
}
