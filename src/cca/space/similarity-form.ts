import { CovistaError } from '../../base/errors.ts';
import { type Matrix32, zeros32 } from '../../linalg/matrix.ts';
import { normalizeRows } from './similarity.ts';

/**
 * How alike a variate x of one view and a variate y of another are, from the canonical correlations ρ:
 * - `cosine`: the cosine of x ρ^power and y ρ^power
 * - `gong`: the cosine of x (1 + ρ)^power and y (1 + ρ)^power. 1 + ρ are the eigenvalues of two-view CCA; Gong, Ke,
 *   Isard and Lazebnik, "A multi-view embedding space for modeling internet images, tags, and their semantics",
 *   IJCV 2014, section 3.3, take the power 4
 * - `csa`: Σ ρ^power x̂ ŷ for x̂ and ŷ of unit length, components weighted after normalisation; Li et al., "CSA:
 *   data-efficient mapping of unimodal features to multimodal features", ICLR 2025, take the power 1
 * - `euclidean`: -|x ρ^power - y ρ^power|² / 2
 */
export type SimilarityForm = (typeof SIMILARITY_FORMS)[number];

/** Their names. */
export const SIMILARITY_FORMS = ['cosine', 'gong', 'csa', 'euclidean'] as const;

/** A form of similarity and its power. */
export interface Similarity {
  readonly form: SimilarityForm;
  /** From 0 on; 0 leaves components as they are. */
  readonly power: number;
}

/** On which side of an inner product rows stand. Only the Euclidean form tells them apart. */
export type SimilaritySide = 'query' | 'gallery';

/**
 * Maps canonical variates to embeddings such that the inner product of a query's row and a gallery's row is their
 * {@link Similarity}. Correlations below 0, as multi-view CCA has in its last components, count as 0.
 *
 * The Euclidean form needs two columns more, as -|q - g|² / 2 = q·g - |q|² / 2 - |g|² / 2: a query becomes
 * [q, -|q|² / 2, 1], a row of the gallery [g, 1, -|g|² / 2].
 * @param variates n x columns, as {@link project} gives them
 * @param correlations of the components to use: the first k of the columns
 * @returns n x k, or n x (k + 2) in the Euclidean form
 * @throws CovistaError `bad-values` for more correlations than columns, `usage` for another form or a power below 0
 */
export function similarityEmbeddings(
  variates: Matrix32,
  correlations: Float64Array,
  { form, power }: Similarity,
  side: SimilaritySide = 'gallery',
): Matrix32 {
  const k = correlations.length;
  if (k > variates.columns)
    throw new CovistaError(
      'bad-values',
      `Variates of ${variates.columns} columns cannot use ${k} correlations.`,
    );
  if (!SIMILARITY_FORMS.includes(form))
    throw new CovistaError('usage', `There is no similarity ${JSON.stringify(form)}.`, {
      hint: `Use one of ${SIMILARITY_FORMS.join(', ')}.`,
    });
  if (!(power >= 0 && power < Number.POSITIVE_INFINITY))
    throw new CovistaError('usage', `The power of a similarity must be a number from 0 on, got ${power}.`);
  const kept = correlations.map((value) => Math.max(value, 0));
  switch (form) {
    case 'cosine':
      return normalizeRows(
        scaled(
          variates,
          kept.map((rho) => rho ** power),
        ),
      );
    case 'gong':
      return normalizeRows(
        scaled(
          variates,
          kept.map((rho) => (1 + rho) ** power),
        ),
      );
    case 'csa':
      // Half of the power on either side.
      return scaled(
        normalizeRows(scaled(variates, new Float64Array(k).fill(1))),
        kept.map((rho) => Math.sqrt(rho ** power)),
      );
    case 'euclidean':
      return withSquaredLengths(
        scaled(
          variates,
          kept.map((rho) => rho ** power),
        ),
        side,
      );
  }
}

/** The first columns, each times its factor; a new matrix. */
function scaled(m: Matrix32, factors: Float64Array): Matrix32 {
  const k = factors.length;
  const result = zeros32(m.rows, k);
  for (let i = 0; i < m.rows; i++)
    for (let c = 0; c < k; c++) result.data[i * k + c] = m.data[i * m.columns + c]! * factors[c]!;
  return result;
}

function withSquaredLengths(m: Matrix32, side: SimilaritySide): Matrix32 {
  const k = m.columns;
  const result = zeros32(m.rows, k + 2);
  for (let i = 0; i < m.rows; i++) {
    const start = i * (k + 2);
    let square = 0;
    for (let c = 0; c < k; c++) {
      const value = m.data[i * k + c]!;
      result.data[start + c] = value;
      square += value ** 2;
    }
    result.data[start + k] = side === 'query' ? -square / 2 : 1;
    result.data[start + k + 1] = side === 'query' ? 1 : -square / 2;
  }
  return result;
}
