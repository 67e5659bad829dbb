import { CovistaError } from '../errors.ts';
import type { Engine } from '../linalg/engine.ts';
import type { Matrix, Matrix32, Matrix64 } from '../linalg/matrix.ts';

/** The loss of a batch and how it changes with each embedding. */
export interface ContrastiveLoss<M extends Matrix = Matrix32> {
  readonly loss: number;
  /** Derivatives of the loss by the embeddings of both views, n x k each. */
  readonly gradients: readonly [M, M];
}

/**
 * The symmetric InfoNCE loss of n pairs of embeddings u_i, v_i with cosine similarity s_ij = cos(u_i, v_j),
 *
 *     L = -1/(2n) Σ_i [ log softmax_j(s_ij / t)_i + log softmax_j(s_ji / t)_i ],
 *
 * each pair's own partner against the partners of all others (van den Oord et al., "Representation learning with
 * contrastive predictive coding", 2018, equation 4; both directions as in Radford et al., "Learning transferable
 * visual models from natural language supervision", 2021, figure 3). With P the softmax over the rows of s / t and Q
 * that over its columns, ∂L/∂s = G = (P + Q - 2 I) / (2 n t), and with the unit vectors û = u / |u|,
 *
 *     ∂L/∂u_i = (g_i - (g_i · û_i) û_i) / |u_i|   for   g_i = Σ_j G_ij v̂_j,
 *
 * and likewise for v with Gᵀ. An embedding of zeros has similarity 0 to all and derivatives of 0.
 * @param u n x k
 * @param v n x k, in the element type of u
 * @param temperature t, from 0.01 on, so that no exponential underflows
 * @throws CovistaError `bad-values` for different shapes, `usage` for a temperature out of range
 */
export async function contrastiveLoss<M extends Matrix32 | Matrix64>(
  u: M,
  v: M,
  options: { readonly engine: Engine; readonly temperature: number },
): Promise<ContrastiveLoss<M>> {
  const { engine, temperature } = options;
  if (u.rows !== v.rows || u.columns !== v.columns)
    throw new CovistaError(
      'bad-values',
      `Pairs need embeddings of one shape, got ${u.rows} x ${u.columns} and ${v.rows} x ${v.columns}.`,
    );
  if (!(temperature >= 0.01 && temperature < Number.POSITIVE_INFINITY))
    throw new CovistaError('usage', `The temperature must be a number from 0.01 on, got ${temperature}.`);
  const left = unitRows(u);
  const right = unitRows(v);
  const similarities = await engine.multiply(left.unit, right.unit, { transposeB: true });
  const loss = toLossAndSlopes(similarities, temperature);
  const toLeft = await engine.multiply(similarities, right.unit);
  const toRight = await engine.multiply(similarities, left.unit, { transposeA: true });
  throughNormalization(toLeft, left);
  throughNormalization(toRight, right);
  return { loss, gradients: [toLeft, toRight] };
}

interface UnitRows<M extends Matrix> {
  readonly unit: M;
  /** One over the length of each row, 0 for rows of zeros. */
  readonly factors: Float64Array;
}

function unitRows<M extends Matrix>(m: M): UnitRows<M> {
  const { rows, columns } = m;
  const data = m.data.slice();
  const factors = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let square = 0;
    for (let c = 0; c < columns; c++) square += data[start + c]! ** 2;
    const factor = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let c = 0; c < columns; c++) data[start + c]! *= factor;
    factors[i] = factor;
  }
  return { unit: { ...m, data }, factors };
}

/** Overwrites the similarities s with ∂L/∂s; returns the loss L. */
function toLossAndSlopes(s: Matrix, temperature: number): number {
  const { rows: n, data } = s;
  const exponentials = new Float64Array(n * n);
  const rowSums = new Float64Array(n);
  const columnSums = new Float64Array(n);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0, p = i * n; j < n; j++, p++) {
      // A cosine is at most 1, so that one shift serves the softmax of rows and of columns.
      const e = Math.exp((data[p]! - 1) / temperature);
      exponentials[p] = e;
      sum += e;
      columnSums[j]! += e;
    }
    rowSums[i] = sum;
    loss -= (2 * (data[i * n + i]! - 1)) / temperature;
  }
  const share = 1 / (2 * n * temperature);
  for (let j = 0; j < n; j++) {
    loss += Math.log(rowSums[j]!) + Math.log(columnSums[j]!);
    columnSums[j] = share / columnSums[j]!;
  }
  for (let i = 0; i < n; i++) {
    const ofRow = share / rowSums[i]!;
    for (let j = 0, p = i * n; j < n; j++, p++) data[p] = exponentials[p]! * (ofRow + columnSums[j]!);
    data[i * n + i]! -= 2 * share;
  }
  return loss / (2 * n);
}

/** Turns derivatives by unit rows into derivatives by the rows, in place. */
function throughNormalization(gradient: Matrix, { unit, factors }: UnitRows<Matrix>): void {
  const { rows, columns, data } = gradient;
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let along = 0;
    for (let c = 0; c < columns; c++) along += data[start + c]! * unit.data[start + c]!;
    const factor = factors[i]!;
    for (let c = 0; c < columns; c++)
      data[start + c] = (data[start + c]! - along * unit.data[start + c]!) * factor;
  }
}
