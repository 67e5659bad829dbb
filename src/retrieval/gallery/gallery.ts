import { anObject, checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine, TopK } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { matrix, row } from '../../linalg/matrix.ts';
import { requireFiniteRows } from './finite-rows.ts';

/** Options of {@link Gallery}. */
export interface GalleryOptions {
  /** Subtracted from every score of an item, one number an item: see {@link neighbourCorrection}. */
  readonly correction?: Float32Array;
}

/**
 * Embeddings to search among, exactly. Scores are inner products: cosine similarities in -1..1 when, as usual,
 * gallery and queries have rows of unit length. A row of zeros (a caption of unknown words only, say) scores 0.
 */
export class Gallery {
  /** How many items there are. */
  readonly size: number;
  /** Length of an embedding. */
  readonly dimensions: number;
  readonly #engine: Engine;
  readonly #items: Matrix32;
  readonly #corrected: boolean;

  /**
   * @param engine computes; the gallery does not close it
   * @param embeddings items x k, kept and not copied unless there is a correction
   * @throws CovistaError `no-data` without items; `bad-values` for NaN, infinity, or a correction of another length
   */
  constructor(engine: Engine, embeddings: Matrix32, options: GalleryOptions = {}) {
    checkOptions('Gallery', options, { correction: anObject });
    if (embeddings.rows === 0) throw new CovistaError('no-data', 'The gallery is empty.');
    requireFiniteRows(embeddings, 'gallery');
    this.#engine = engine;
    this.size = embeddings.rows;
    this.dimensions = embeddings.columns;
    this.#corrected = options.correction !== undefined;
    this.#items = options.correction ? withCorrection(embeddings, options.correction) : embeddings;
  }

  /**
   * The best items of each query, best first; of equal scores the lower index comes first.
   * @param queries queries x k
   * @param count how many items a query, from 1; fewer come back when the gallery is smaller
   * @param bonus added to the scores, queries x size, such as what tags say for pictures
   * @returns queries x min(count, size), row-major
   * @throws CovistaError `bad-values` for queries or a bonus of another size or not finite, `usage` for a count below 1
   */
  async search(queries: Matrix32, count: number, bonus?: Matrix32): Promise<TopK> {
    if (!Number.isInteger(count) || count < 1)
      throw new CovistaError('usage', `The number of results must be a whole number from 1, got ${count}.`);
    if (queries.columns !== this.dimensions)
      throw new CovistaError(
        'bad-values',
        `Queries have ${queries.columns} dimensions, the gallery has ${this.dimensions}.`,
        { hint: 'Project both with the same joint space.' },
      );
    requireFiniteRows(queries, 'queries');
    const wanted = Math.min(count, this.size);
    if (queries.rows === 0)
      return { count: wanted, indices: new Uint32Array(0), scores: new Float32Array(0) };
    const wide = this.#corrected ? withColumn(queries, 1) : queries;
    return bonus === undefined
      ? this.#engine.topK(wide, this.#items, wanted)
      : this.#searchWithBonus(wide, wanted, bonus);
  }

  async #searchWithBonus(queries: Matrix32, count: number, bonus: Matrix32): Promise<TopK> {
    if (bonus.rows !== queries.rows || bonus.columns !== this.size)
      throw new CovistaError(
        'bad-values',
        `The bonus is ${bonus.rows} x ${bonus.columns} for ${queries.rows} queries and ${this.size} gallery items.`,
      );
    requireFiniteRows(bonus, 'bonus');
    const indices = new Uint32Array(queries.rows * count);
    const scores = new Float32Array(queries.rows * count);
    const one = matrix(1, 1, Float32Array.of(1));
    for (let query = 0; query < queries.rows; query++) {
      const some = matrix(1, queries.columns, row(queries, query) as Float32Array);
      const { data } = await this.#engine.multiply(some, this.#items, { transposeB: true });
      const extra = row(bonus, query);
      for (let item = 0; item < data.length; item++) data[item]! += extra[item]!;
      const best = await this.#engine.topK(one, matrix(this.size, 1, data), count);
      indices.set(best.indices, query * count);
      scores.set(best.scores, query * count);
    }
    return { count, indices, scores };
  }
}

/** One more column holding minus the correction: with a 1 in the query it is subtracted inside the product. */
function withCorrection(embeddings: Matrix32, correction: Float32Array): Matrix32 {
  if (correction.length !== embeddings.rows)
    throw new CovistaError(
      'bad-values',
      `The hubness correction has ${correction.length} numbers for ${embeddings.rows} gallery items.`,
    );
  const wider = withColumn(embeddings, 0);
  for (let i = 0; i < wider.rows; i++) {
    if (!Number.isFinite(correction[i]!))
      throw new CovistaError(
        'bad-values',
        `The hubness correction of gallery item ${i} is ${correction[i]}.`,
      );
    wider.data[(i + 1) * wider.columns - 1] = -correction[i]!;
  }
  return wider;
}

function withColumn(m: Matrix32, value: number): Matrix32 {
  const columns = m.columns + 1;
  const data = new Float32Array(m.rows * columns);
  for (let i = 0; i < m.rows; i++) {
    data.set(m.data.subarray(i * m.columns, (i + 1) * m.columns), i * columns);
    data[(i + 1) * columns - 1] = value;
  }
  return matrix(m.rows, columns, data);
}
