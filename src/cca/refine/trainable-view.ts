import type { Random } from '../../base/random.ts';
import type { Engine } from '../../linalg/engine.ts';
import {
  isSparse,
  type Matrix,
  type Matrix32,
  type Rows,
  type SparseRows,
  zeros32,
} from '../../linalg/matrix.ts';
import type { ViewProjection } from '../space/joint-space.ts';
import { Adam } from './adam.ts';
import { blockScales, type FeatureScale } from './block-scales.ts';

/** Rows of a batch, scaled: dense ones centred, sparse ones not. */
type BatchRows = Matrix32 | SparseRows;

/** One block of a view: (x - mean) diag(scales) weights. */
interface TrainableBlock {
  readonly mean: Float64Array;
  readonly scales: Float64Array;
  readonly weights: Matrix32;
  /** Running mean of the weights. */
  readonly average: Float32Array;
  readonly optimizer: Adam;
}

/**
 * A view whose weights are trained by gradient steps, in float32. They are weights of scaled features: as a step of
 * Adam moves all weights by about the same, the scale of features decides how fast their part of the view changes.
 */
export class TrainableView {
  readonly #projection: ViewProjection;
  readonly #blocks: TrainableBlock[];

  /**
   * @param factors multiplied to the components of the start
   * @param rows the features of each block, whose variances give the scale
   */
  constructor(projection: ViewProjection, factors: Float64Array, rows: readonly Rows[], scale: FeatureScale) {
    this.#projection = projection;
    const k = projection.weights.columns;
    let start = 0;
    this.#blocks = rows.map((block, i) => {
      const size = projection.blocks[i]!;
      const mean = projection.mean.subarray(start, start + size);
      const scales = blockScales(block, mean, scale);
      const weights = zeros32(size, k);
      for (let j = 0, p = 0; j < size; j++) {
        const inverse = scales[j]! > 0 ? 1 / scales[j]! : 0;
        for (let c = 0; c < k; c++, p++)
          weights.data[p] = projection.weights.data[start * k + p]! * factors[c]! * inverse;
      }
      start += size;
      return { mean, scales, weights, average: weights.data.slice(), optimizer: new Adam(weights.data) };
    });
  }

  /**
   * The features of some items, scaled.
   * @param blocks the features of all items
   * @param dropout each feature is set to 0 with this probability and the rest made up for it (Srivastava et al.,
   *   "Dropout: a simple way to prevent neural networks from overfitting", 2014): dense ones after centring
   */
  batch(blocks: readonly Rows[], items: Uint32Array, dropout: number, random: Random): BatchRows[] {
    return blocks.map((rows, i) => {
      const { mean, scales } = this.#blocks[i]!;
      return isSparse(rows)
        ? sparseBatch(rows, scales, items, dropout, random)
        : denseBatch(rows, mean, scales, items, dropout, random);
    });
  }

  /** The embeddings of a batch, n x k. */
  async embed(batch: readonly BatchRows[], engine: Engine): Promise<Matrix32> {
    let embeddings: Matrix32 | undefined;
    for (const [i, rows] of batch.entries()) {
      const block = this.#blocks[i]!;
      const part = isSparse(rows)
        ? subtractFromRows(await engine.sparseMultiply(rows, block.weights), embeddedMean(block))
        : await engine.multiply(rows, block.weights);
      if (!embeddings) embeddings = part;
      else for (let p = 0; p < part.data.length; p++) embeddings.data[p]! += part.data[p]!;
    }
    return embeddings!;
  }

  /** Brings the embeddings of a batch to a mean square length of 1. */
  async normalize(batch: readonly BatchRows[], engine: Engine): Promise<void> {
    const { rows, data } = await this.embed(batch, engine);
    let square = 0;
    for (const value of data) square += value * value;
    const factor = square > 0 ? Math.sqrt(rows / square) : 1;
    for (const { weights, average } of this.#blocks)
      for (let p = 0; p < average.length; p++) {
        weights.data[p]! *= factor;
        average[p]! *= factor;
      }
  }

  /**
   * One step against the gradient.
   * @param slopes derivatives of the loss by the embeddings of the batch, n x k
   * @param keep how much of the running mean of the weights stays
   */
  async step(
    batch: readonly BatchRows[],
    slopes: Matrix32,
    options: { readonly engine: Engine; readonly learningRate: number; readonly keep: number },
  ): Promise<void> {
    const { engine, learningRate, keep } = options;
    for (const [i, rows] of batch.entries()) {
      const block = this.#blocks[i]!;
      const gradient = isSparse(rows)
        ? sparseGradient(rows, block, slopes)
        : await engine.multiply(rows, slopes, { transposeA: true });
      block.optimizer.step(gradient.data, learningRate);
      const { average, weights } = block;
      for (let p = 0; p < average.length; p++)
        average[p] = keep * average[p]! + (1 - keep) * weights.data[p]!;
    }
  }

  /** The running mean of the weights, for raw features. */
  projection(): ViewProjection {
    const { blocks, mean, weights } = this.#projection;
    const k = weights.columns;
    const data = new Float64Array(weights.data.length);
    let p = 0;
    for (const { average, scales } of this.#blocks)
      for (let q = 0; q < average.length; q++, p++) data[p] = average[q]! * scales[Math.floor(q / k)]!;
    return { blocks, mean, weights: { ...weights, data } };
  }
}

function denseBatch(
  rows: Matrix,
  mean: Float64Array,
  scales: Float64Array,
  items: Uint32Array,
  dropout: number,
  random: Random,
): Matrix32 {
  const { columns, data } = rows;
  const batch = zeros32(items.length, columns);
  const kept = 1 / (1 - dropout);
  for (let i = 0, p = 0; i < items.length; i++) {
    const from = items[i]! * columns;
    for (let c = 0; c < columns; c++, p++)
      if (dropout === 0 || random.uniform() >= dropout)
        batch.data[p] = (data[from + c]! - mean[c]!) * scales[c]! * kept;
  }
  return batch;
}

function sparseBatch(
  rows: SparseRows,
  scales: Float64Array,
  items: Uint32Array,
  dropout: number,
  random: Random,
): SparseRows {
  const { columns } = rows;
  const kept = 1 / (1 - dropout);
  let stored = 0;
  for (const item of items) stored += rows.offsets[item + 1]! - rows.offsets[item]!;
  const offsets = new Uint32Array(items.length + 1);
  const indices = new Uint32Array(stored);
  const values = new Float32Array(stored);
  let end = 0;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    for (let p = rows.offsets[item]!; p < rows.offsets[item + 1]!; p++) {
      if (dropout > 0 && random.uniform() < dropout) continue;
      const column = rows.indices[p]!;
      indices[end] = column;
      values[end++] = rows.values[p]! * scales[column]! * kept;
    }
    offsets[i + 1] = end;
  }
  return {
    ...{ rows: items.length, columns, offsets },
    indices: indices.subarray(0, end),
    values: values.subarray(0, end),
  };
}

/** What the mean of a block adds to every embedding, length k. */
function embeddedMean({ mean, scales, weights }: TrainableBlock): Float64Array {
  const k = weights.columns;
  const result = new Float64Array(k);
  for (let j = 0; j < mean.length; j++) {
    const value = mean[j]! * scales[j]!;
    if (value === 0) continue;
    for (let c = 0; c < k; c++) result[c]! += value * weights.data[j * k + c]!;
  }
  return result;
}

function subtractFromRows(m: Matrix32, vector: Float64Array): Matrix32 {
  const { rows, columns, data } = m;
  for (let i = 0, p = 0; i < rows; i++) for (let c = 0; c < columns; c++, p++) data[p]! -= vector[c]!;
  return m;
}

/** (S - 1 meanᵀ)ᵀ G for sparse S and slopes G; the mean is scaled as S is. */
function sparseGradient(s: SparseRows, { mean, scales }: TrainableBlock, slopes: Matrix32): Matrix32 {
  const k = slopes.columns;
  const gradient = zeros32(s.columns, k);
  const sums = new Float64Array(k);
  for (let i = 0; i < s.rows; i++) {
    const from = i * k;
    for (let c = 0; c < k; c++) sums[c]! += slopes.data[from + c]!;
    for (let p = s.offsets[i]!; p < s.offsets[i + 1]!; p++) {
      const value = s.values[p]!;
      const to = s.indices[p]! * k;
      for (let c = 0; c < k; c++) gradient.data[to + c]! += value * slopes.data[from + c]!;
    }
  }
  for (let j = 0; j < mean.length; j++) {
    const value = mean[j]! * scales[j]!;
    if (value === 0) continue;
    for (let c = 0; c < k; c++) gradient.data[j * k + c]! -= value * sums[c]!;
  }
  return gradient;
}
