import { CovistaError } from '../../base/errors.ts';

/**
 * Rows of numbers that point at something (words of a caption, relevant items of a query), in compressed form:
 * row i is `indices[offsets[i] .. offsets[i + 1]]`. Within a row the indices ascend and none occurs twice.
 */
export interface IndexRows {
  /** One more than there are rows, ascending, from 0 to `indices.length`. */
  readonly offsets: Uint32Array;
  readonly indices: Uint32Array;
}

/** How many rows there are. */
export function rowCount(rows: IndexRows): number {
  return rows.offsets.length - 1;
}

/** Row i, as a view that must not be written to. */
export function indexRow(rows: IndexRows, i: number): Uint32Array {
  return rows.indices.subarray(rows.offsets[i]!, rows.offsets[i + 1]!);
}

/**
 * Rows from lists of indices, which may be unsorted and hold duplicates.
 * @param lists one iterable a row
 */
export function indexRows(lists: Iterable<Iterable<number>>): IndexRows {
  const offsets = [0];
  const indices: number[] = [];
  for (const list of lists) {
    const sorted = Uint32Array.from(new Set(list)).sort();
    for (const index of sorted) indices.push(index);
    offsets.push(indices.length);
  }
  return { offsets: Uint32Array.from(offsets), indices: Uint32Array.from(indices) };
}

/**
 * The words of each caption as positions in a vocabulary; words outside it are left out.
 * @param captions the tokens of each caption
 * @param vocabulary the words, each once
 */
export function wordRows(captions: readonly (readonly string[])[], vocabulary: readonly string[]): IndexRows {
  const position = new Map(vocabulary.map((word, index) => [word, index]));
  return indexRows(
    captions.map((tokens) =>
      tokens.map((token) => position.get(token)).filter((index) => index !== undefined),
    ),
  );
}

/**
 * Turns rows around: row j of the result lists the rows of the input that hold j.
 * @param columns how many rows the result has
 * @throws CovistaError `bad-values` when an index is not below `columns`
 */
export function transposeIndexRows(rows: IndexRows, columns: number): IndexRows {
  const { offsets, indices } = transposeWithPositions(rows, columns);
  return { offsets, indices };
}

/**
 * Turns rows around as {@link transposeIndexRows} does, for rows whose entries have values.
 * @returns with the `positions` that the entries of the result have in the input
 * @throws CovistaError `bad-values` when an index is not below `columns`
 */
export function transposeWithPositions(
  rows: IndexRows,
  columns: number,
): IndexRows & { readonly positions: Uint32Array } {
  const offsets = new Uint32Array(columns + 1);
  for (const index of rows.indices) {
    if (index >= columns)
      throw new CovistaError('bad-values', `Index ${index} points beyond the ${columns} columns there are.`);
    offsets[index + 1]! += 1;
  }
  for (let column = 0; column < columns; column++) offsets[column + 1]! += offsets[column]!;
  const next = offsets.slice();
  const indices = new Uint32Array(rows.indices.length);
  const positions = new Uint32Array(rows.indices.length);
  for (let i = 0; i < rowCount(rows); i++)
    for (let p = rows.offsets[i]!; p < rows.offsets[i + 1]!; p++) {
      const place = next[rows.indices[p]!]!++;
      indices[place] = i;
      positions[place] = p;
    }
  return { offsets, indices, positions };
}
