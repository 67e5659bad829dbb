import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix, Matrix32, Matrix64 } from '../../linalg/matrix.ts';

/** The loss of a batch and how it changes with each embedding. */
export interface ContrastiveLoss<M extends Matrix = Matrix32> {
  readonly loss: number;
  /** Derivatives of the loss by the embeddings of both views, in their shapes. */
  readonly gradients: readonly [M, M];
}

/**
 * The symmetric InfoNCE loss of n pictures u_i with m captions v_r each, with cosine similarity s_ir = cos(u_i, v_r),
 *
 *     L = -1/(2nm) Σ_r [ log softmax over captions (s_i / t)_r + log softmax over pictures (s_r / t)_i ],
 *
 * i being the picture of caption r: each caption against the captions of all pictures, and each picture against all
 * others (van den Oord et al., "Representation learning with contrastive predictive coding", 2018, equation 4; both
 * directions as in Radford et al., "Learning transferable visual models from natural language supervision", 2021,
 * figure 3; several right answers as in Khosla et al., "Supervised contrastive learning", 2020, equation 2). With P
 * the softmax over the rows of s / t and Q that over its columns, and 1 where a caption is the picture's own,
 * ∂L/∂s = G = (m P + Q - 2 · 1) / (2 n m t), and with the unit vectors û = u / |u|,
 *
 *     ∂L/∂u_i = (g_i - (g_i · û_i) û_i) / |u_i|   for   g_i = Σ_r G_ir v̂_r,
 *
 * and likewise for v with Gᵀ. An embedding of zeros has similarity 0 to all and derivatives of 0.
 * @param u n x k
 * @param v (n m) x k, in the element type of u: the captions of the first picture, then those of the second, ...
 * @param temperature t, from 0.01 on, so that no exponential underflows
 * @throws CovistaError `bad-values` for shapes that do not fit, `usage` for a temperature out of range
 */
export async function contrastiveLoss<M extends Matrix32 | Matrix64>(
  u: M,
  v: M,
  options: { readonly engine: Engine; readonly temperature: number },
): Promise<ContrastiveLoss<M>> {
  const { engine, temperature } = options;
  if (u.rows === 0 || v.rows === 0 || v.rows % u.rows !== 0 || u.columns !== v.columns)
    throw new CovistaError(
      'bad-values',
      `Every picture needs as many captions of its size, got ${u.rows} x ${u.columns} and ${v.rows} x ${v.columns}.`,
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
  const { rows: n, columns, data } = s;
  const each = columns / n;
  const exponentials = new Float64Array(data.length);
  const rowSums = new Float64Array(n);
  const columnSums = new Float64Array(columns);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    const start = i * columns;
    // A cosine is at most 1, so that one shift serves the softmax of rows and of columns.
    for (let r = i * each; r < (i + 1) * each; r++) loss -= (2 * (data[start + r]! - 1)) / temperature;
    let sum = 0;
    for (let r = 0, p = start; r < columns; r++, p++) {
      const e = Math.exp((data[p]! - 1) / temperature);
      exponentials[p] = e;
      sum += e;
      columnSums[r]! += e;
    }
    rowSums[i] = sum;
  }
  const share = 1 / (2 * columns * temperature);
  for (let r = 0; r < columns; r++) {
    loss += Math.log(columnSums[r]!);
    columnSums[r] = share / columnSums[r]!;
  }
  for (let i = 0; i < n; i++) {
    loss += each * Math.log(rowSums[i]!);
    const ofRow = (each * share) / rowSums[i]!;
    const start = i * columns;
    for (let r = 0, p = start; r < columns; r++, p++) data[p] = exponentials[p]! * (ofRow + columnSums[r]!);
    for (let r = i * each; r < (i + 1) * each; r++) data[start + r]! -= 2 * share;
  }
  return loss / (2 * columns);
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
