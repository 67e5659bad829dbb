import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { type Matrix64, row, zeros64 } from '../../linalg/matrix.ts';
import type { ViewDiagnostics } from '../space/joint-space.ts';
import type { WhitenedView } from './canonical-solution.ts';
import { type Extremes, extremeEigenvalues } from './condition.ts';
import { FLOOR, type PivotedFactor, pivotedCholesky } from './pivoted-cholesky.ts';
import { eigenvalueRounding, isIndependent } from './rounding.ts';

/** How to whiten a covariance S (size x size): W (size x rank) with Wᵀ S W = I. */
export interface Whitening extends WhitenedView {
  readonly diagnostics: ViewDiagnostics;
  /** Wᵀ M for M (size x columns), rank x columns; M is overwritten. */
  whiten(m: Matrix64): Promise<Matrix64>;
}

/**
 * Where the smallest eigenvalue of the correlations exceeds so many times what rounding may move it by, and is no rounding of
 * any one column, no column can depend on the others: what they leave of it is at least that eigenvalue times 1 + b² for
 * their coefficients b, and its rounding at most that of one column times the same.
 */
const CLEAR = 10;

/**
 * Finds the whitening of a covariance, which is overwritten: W = D L⁻ᵀ for D S D = L Lᵀ with columns at unit variance.
 * Columns without variance, and those that others explain but for rounding ({@link pivotedCholesky}), are dropped: their
 * weights are 0, and all else is as if they had not been there.
 * @param ridge what of its diagonal is a ridge
 * @param rounding how far rounding may have moved each diagonal element, as a standard deviation
 */
export async function findWhitening(
  covariance: Matrix64,
  ridge: number,
  rounding: Float64Array,
  options: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<Whitening> {
  const { engine } = options;
  const scales = unitScales(covariance);
  const varying = Uint32Array.from(scales.keys()).filter((i) => scales[i]! > 0);
  const correlations = scaleCorrelations(covariance, scales, varying);
  const noise = Float64Array.from(varying, (i) => rounding[i]! * scales[i]! ** 2);
  const clear = await clearFactor(correlations, noise, engine);
  const { kept, l } = clear ?? (await pivotedCholesky(correlations, noise, options));
  const columns = kept.map((i) => varying[i]!);
  const every = columns.length === scales.length && clear !== undefined;
  return {
    rank: l.rows,
    ridge,
    diagnostics: diagnose(clear?.extremes ?? extremeEigenvalues(l), columns, scales.length),
    whiten: async (m) =>
      engine.solveTriangular(l, every ? scaleRows(m, scales) : pickRows(m, columns, scales)),
    unwhiten: async (m) => {
      const solved = await engine.solveTriangular(l, m, { transpose: true });
      return every ? scaleRows(solved, scales) : spreadRows(solved, columns, scales);
    },
  };
}

/** What brings each column to unit variance; 0 where the variance is 0. */
function unitScales({ rows: size, data }: Matrix64): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const variance = data[i * size + i]!;
    return variance > 0 ? 1 / Math.sqrt(variance) : 0;
  });
}

/** D S D of some columns: in place of S where these are all. */
function scaleCorrelations(s: Matrix64, scales: Float64Array, columns: Uint32Array): Matrix64 {
  const size = columns.length;
  const result = size === s.rows ? s : zeros64(size, size);
  for (let i = 0; i < size; i++) {
    const from = columns[i]! * s.columns;
    for (let j = 0; j < size; j++)
      result.data[i * size + j] = s.data[from + columns[j]!]! * scales[columns[i]!]! * scales[columns[j]!]!;
    result.data[i * size + i] = 1;
  }
  return result;
}

/** The Cholesky factor in place of the matrix, or undefined (and the matrix as it was) where a column may depend on others. */
async function clearFactor(
  s: Matrix64,
  noise: Float64Array,
  engine: Engine,
): Promise<(PivotedFactor & { readonly extremes: Extremes }) | undefined> {
  const size = s.rows;
  try {
    const l = await engine.cholesky(s, { overwrite: true });
    const uncertain = noise.map((value) => value + FLOOR);
    const extremes = extremeEigenvalues(l);
    const { smallest } = extremes;
    const most = uncertain.reduce((a, b) => Math.max(a, b), 0);
    if (isIndependent(smallest, most) && smallest > CLEAR * eigenvalueRounding(uncertain))
      return { kept: Uint32Array.from({ length: size }, (_, i) => i), l, extremes };
    s.data.set((await engine.multiply(l, l, { transposeB: true })).data);
    return undefined;
  } catch (error) {
    if (error instanceof CovistaError && error.code === 'numeric') return undefined;
    throw error;
  }
}

/**
 * What a whitening says of its view.
 * @param extremes the largest and smallest eigenvalue of the correlations of the columns kept
 * @param columns the numbers of those columns
 * @param size how many columns there are
 */
export function diagnose(
  { largest, smallest }: Extremes,
  columns: Uint32Array,
  size: number,
): ViewDiagnostics {
  const kept = new Set(columns);
  return {
    rank: columns.length,
    dropped: Uint32Array.from({ length: size }, (_, i) => i).filter((i) => !kept.has(i)),
    condition: columns.length === 0 ? 1 : Math.sqrt(largest / smallest),
  };
}

/** Some rows, each times its factor. */
function pickRows(m: Matrix64, rows: Uint32Array, scales: Float64Array): Matrix64 {
  const result = zeros64(rows.length, m.columns);
  for (const [to, from] of rows.entries()) {
    const target = row(result, to);
    const source = row(m, from);
    for (let c = 0; c < m.columns; c++) target[c] = scales[from]! * source[c]!;
  }
  return result;
}

/** Puts rows where they belong among all, each times its factor; the others are 0. */
export function spreadRows(m: Matrix64, rows: Uint32Array, scales: Float64Array): Matrix64 {
  const result = zeros64(scales.length, m.columns);
  for (const [from, to] of rows.entries()) {
    const target = row(result, to);
    const source = row(m, from);
    for (let c = 0; c < m.columns; c++) target[c] = scales[to]! * source[c]!;
  }
  return result;
}

/** Multiplies each row by its factor, in place. */
export function scaleRows(m: Matrix64, scales: Float64Array): Matrix64 {
  const { columns, data } = m;
  for (let i = 0; i < m.rows; i++) for (let c = 0; c < columns; c++) data[i * columns + c]! *= scales[i]!;
  return m;
}
