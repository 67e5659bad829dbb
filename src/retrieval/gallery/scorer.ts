import { anObject, checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { matrix } from '../../linalg/matrix.ts';

/**
 * Scores of queries against items, handed out in blocks of queries so that no queries x items matrix need exist.
 * Larger is better; scores of different queries need not be comparable.
 */
export interface Scorer {
  readonly queries: number;
  readonly items: number;
  /** The scores of queries `from .. to` (without `to`), (to - from) x items. */
  block(from: number, to: number): Promise<Matrix32>;
}

/** Scores that are in memory already, queries x items. */
export function matrixScorer(scores: Matrix32): Scorer {
  return {
    queries: scores.rows,
    items: scores.columns,
    async block(from, to) {
      return matrix(
        to - from,
        scores.columns,
        scores.data.subarray(from * scores.columns, to * scores.columns),
      );
    },
  };
}

/**
 * Inner products of embeddings: cosine similarity for rows of unit length.
 * @param queries queries x k
 * @param items items x k
 * @param options `correction`: subtracted from every score of an item, one number an item (hubness)
 * @throws CovistaError `bad-values` when the sizes differ or a correction is not finite
 */
export function innerProductScorer(
  engine: Engine,
  queries: Matrix32,
  items: Matrix32,
  options: { readonly correction?: Float32Array } = {},
): Scorer {
  checkOptions('innerProductScorer', options, { correction: anObject });
  const { correction } = options;
  if (queries.columns !== items.columns)
    throw new CovistaError(
      'bad-values',
      `Queries have ${queries.columns} dimensions, items have ${items.columns}.`,
    );
  if (correction && correction.length !== items.rows)
    throw new CovistaError(
      'bad-values',
      `The hubness correction has ${correction.length} numbers for ${items.rows} items.`,
    );
  const wrong = correction?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (wrong >= 0)
    throw new CovistaError('bad-values', `The hubness correction of item ${wrong} is ${correction![wrong]}.`);
  return {
    queries: queries.rows,
    items: items.rows,
    async block(from, to) {
      const part = matrix(
        to - from,
        queries.columns,
        queries.data.subarray(from * queries.columns, to * queries.columns),
      );
      const scores = await engine.multiply(part, items, { transposeB: true });
      if (correction) {
        const { data, columns } = scores;
        for (let start = 0; start < data.length; start += columns)
          for (let j = 0; j < columns; j++) data[start + j]! -= correction[j]!;
      }
      return scores;
    },
  };
}

/** Elements of one block of scores: 16 MiB of float32, large enough for a fast product, small enough for any machine. */
const blockElements = 2 ** 22;

/**
 * Calls `visit` with the scores of every query against all items, in the order of the queries, computing them
 * block by block.
 * @param visit gets the query's number and its scores, a view that is valid during the call only
 */
export async function forEachQuery(
  scorer: Scorer,
  visit: (query: number, scores: Float32Array) => void,
): Promise<void> {
  const rows = Math.max(1, Math.floor(blockElements / Math.max(1, scorer.items)));
  for (let from = 0; from < scorer.queries; from += rows) {
    const to = Math.min(from + rows, scorer.queries);
    const { data } = await scorer.block(from, to);
    for (let query = from; query < to; query++)
      visit(query, data.subarray((query - from) * scorer.items, (query - from + 1) * scorer.items));
  }
}
