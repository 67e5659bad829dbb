import { amount, anEngine, checkOptions, required } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { type Matrix32, zeros32 } from '../../linalg/matrix.ts';

/**
 * Multiplies each component by its canonical correlation to a power, so that components on which the views agree
 * count more (Gong et al., "A multi-view embedding space for modeling internet images, tags, and their
 * semantics", 2014). Correlations below 0, as multi-view CCA has in its last components, count as 0.
 * @param embeddings n x k, as {@link project} gives them
 * @param power 0 leaves the embeddings as they are, 1 scales by the correlation
 * @returns a new matrix
 * @throws CovistaError `bad-values` when there are not k correlations, `usage` for a power below 0 or none
 */
export function scaleComponents(embeddings: Matrix32, correlations: Float64Array, power: number): Matrix32 {
  checkOptions('scaleComponents', { power }, { power: required(amount(0)) });
  const { rows, columns, data } = embeddings;
  if (correlations.length !== columns)
    throw new CovistaError(
      'bad-values',
      `Embeddings of ${columns} columns need as many correlations, got ${correlations.length}.`,
    );
  const factors = correlations.map((value) => Math.max(value, 0) ** power);
  const scaled = zeros32(rows, columns);
  for (let i = 0; i < rows; i++)
    for (let c = 0; c < columns; c++) scaled.data[i * columns + c] = data[i * columns + c]! * factors[c]!;
  return scaled;
}

/** Scales each row to unit length, so that inner products are cosines; rows of zeros stay. A new matrix. */
export function normalizeRows(embeddings: Matrix32): Matrix32 {
  const { rows, columns, data } = embeddings;
  const unit = zeros32(rows, columns);
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let square = 0;
    for (let c = 0; c < columns; c++) square += data[start + c]! ** 2;
    const factor = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let c = 0; c < columns; c++) unit.data[start + c] = data[start + c]! * factor;
  }
  return unit;
}

/**
 * The cosine of each row of `a` with each row of `b` (rows of a x rows of b), in -1 .. 1. For search over many
 * rows use Engine.topK on normalised rows, which keeps only the best.
 */
export async function cosineSimilarity(
  a: Matrix32,
  b: Matrix32,
  options: { readonly engine: Engine },
): Promise<Matrix32> {
  checkOptions('cosineSimilarity', options, { engine: required(anEngine) });
  return options.engine.multiply(normalizeRows(a), normalizeRows(b), { transposeB: true });
}
