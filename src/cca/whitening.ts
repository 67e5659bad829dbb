import { CovistaError } from '../errors.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import type { WhitenedView } from './canonical-solution.ts';

/** How to whiten a covariance S (size x size): W (size x rank) with Wᵀ S W = I. */
export interface Whitening extends WhitenedView {
  /** Wᵀ M for M (size x columns), rank x columns; M is overwritten. */
  whiten(m: Matrix64): Promise<Matrix64>;
}

/**
 * A column that the columns before it explain but for this share of its variance, and a principal component of
 * the correlation matrix with less than this share of the largest one's variance, count as dependent.
 */
const dependentShare = 1e-10;

/**
 * Finds the whitening of a covariance, which is overwritten. Columns are first brought to unit variance. A
 * Cholesky factor serves where all columns are independent; else the principal components of the correlation
 * matrix do, and dependent directions are left out (rank < size).
 */
export async function findWhitening(
  covariance: Matrix64,
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<Whitening> {
  const scales = scaleToUnitDiagonal(covariance);
  const factor = scales.every((scale) => scale > 0)
    ? await tryCholesky(covariance, options.engine)
    : undefined;
  return factor
    ? choleskyWhitening(factor, scales, options.engine)
    : principalWhitening(covariance, scales, options);
}

/** S <- D S D with a unit diagonal; returns the diagonal of D, 0 where the variance is 0. */
function scaleToUnitDiagonal(s: Matrix64): Float64Array {
  const size = s.rows;
  const scales = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const variance = s.data[i * size + i]!;
    scales[i] = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  }
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) s.data[i * size + j]! *= scales[i]! * scales[j]!;
  return scales;
}

/** The Cholesky factor in place of the matrix, or undefined (and the matrix as it was) when a column depends on those before it. */
async function tryCholesky(s: Matrix64, engine: Engine): Promise<Matrix64 | undefined> {
  try {
    const l = await engine.cholesky(s, { overwrite: true });
    for (let i = 0; i < l.rows; i++)
      if (!(l.data[i * l.columns + i]! ** 2 > dependentShare)) {
        s.data.set((await engine.multiply(l, l, { transposeB: true })).data);
        return undefined;
      }
    return l;
  } catch (error) {
    if (error instanceof CovistaError && error.code === 'numeric') return undefined;
    throw error;
  }
}

/** W = D L⁻ᵀ, as D S D = L Lᵀ. */
function choleskyWhitening(l: Matrix64, scales: Float64Array, engine: Engine): Whitening {
  return {
    rank: l.rows,
    whiten: async (m) => engine.solveTriangular(l, scaleRows(m, scales)),
    unwhiten: async (m) => scaleRows(await engine.solveTriangular(l, m, { transpose: true }), scales),
  };
}

/** W = D Q Λ^(-1/2), as D S D = Q Λ Qᵀ. */
async function principalWhitening(
  s: Matrix64,
  scales: Float64Array,
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<Whitening> {
  const { engine, signal } = options;
  const size = s.rows;
  const { values, vectors } = await engine.eigenSymmetric(s, signal ? { signal } : {});
  let rank = 0;
  while (rank < size && values[rank]! > dependentShare * values[0]! && values[rank]! > 0) rank++;
  const w = zeros64(size, rank);
  for (let i = 0; i < size; i++)
    for (let c = 0; c < rank; c++)
      w.data[i * rank + c] = (scales[i]! * vectors.data[i * size + c]!) / Math.sqrt(values[c]!);
  return {
    rank,
    whiten: (m) => engine.multiply(w, m, { transposeA: true }),
    unwhiten: (m) => engine.multiply(w, m),
  };
}

/** Multiplies each row by its factor, in place. */
export function scaleRows(m: Matrix64, scales: Float64Array): Matrix64 {
  const { columns, data } = m;
  for (let i = 0; i < m.rows; i++) for (let c = 0; c < columns; c++) data[i * columns + c]! *= scales[i]!;
  return m;
}
