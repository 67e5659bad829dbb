import { toFloat16 } from '../../linalg/float16.ts';
import { productIndex } from '../../linalg/joint-gram.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import type { Tensor } from '../../linalg/safetensors.ts';
import { between, nonNegative } from '../../linalg/tensor-checks.ts';
import type { TensorFile } from '../../linalg/tensor-file.ts';
import { Moments } from './moments.ts';

/** How far half precision moves a correlation: a quarter of the distance between neighbours just below 1, in the mean. */
const HALF_ROUNDING = 2 ** -13;

/**
 * Moments in a quarter of their size: means and standard deviations in float32, and all else as correlations in half
 * precision, whose rounding of 0.00025 at most is far below their error of sampling. Tensors `mean.<i>`,
 * `deviation.<i>` and `correlation.<i>.<j>` for blocks i <= j; of the symmetric ones (i = j) the rows above the diagonal.
 * @throws CovistaError `no-data` for fewer than two pairs
 */
export function compactMoments(moments: Moments): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const deviations = moments.sizes.map((_, i) => Float32Array.from(moments.variances(i), Math.sqrt));
  moments.sizes.forEach((size, i) => {
    tensors.set(`mean.${i}`, { type: 'F32', shape: [size], data: Float32Array.from(moments.mean(i)) });
    tensors.set(`deviation.${i}`, { type: 'F32', shape: [size], data: deviations[i]! });
    for (let j = i; j < moments.sizes.length; j++) {
      const { rows, columns, data } = moments.covariance(i, j);
      const kept = new Float32Array(i === j ? (size * (size - 1)) / 2 : data.length);
      let position = 0;
      for (let r = 0; r < rows; r++)
        for (let c = i === j ? r + 1 : 0; c < columns; c++) {
          const deviation = deviations[i]![r]! * deviations[j]![c]!;
          kept[position++] = deviation > 0 ? data[r * columns + c]! / deviation : 0;
        }
      const shape = i === j ? [kept.length] : [rows, columns];
      tensors.set(`correlation.${i}.${j}`, { type: 'F16', shape, data: toFloat16(kept) });
    }
  });
  return tensors;
}

/** What rounding to half precision may add to a correlation of 1. */
const ROUNDING = 1e-3;

/**
 * The moments that {@link compactMoments} wrote.
 * @param file may hold other tensors too
 * @param count number of pairs
 * @param blocks how many there are
 * @throws CovistaError `bad-format` when a tensor is missing, has another shape, or holds what no moments are
 */
export function expandMoments(file: TensorFile, count: number, blocks: number): Moments {
  const means: Float64Array[] = [];
  const deviations: Float32Array[] = [];
  for (let i = 0; i < blocks; i++) {
    means.push(Float64Array.from(file.tensor(`mean.${i}`, 'F32', [`columns of block ${i}`])));
    deviations.push(file.tensor(`deviation.${i}`, 'F32', [means[i]!.length], nonNegative));
  }
  const products: Matrix64[] = new Array((blocks * (blocks + 1)) / 2);
  for (let i = 0; i < blocks; i++)
    for (let j = i; j < blocks; j++) {
      const rows = means[i]!.length;
      const columns = means[j]!.length;
      const correlations = file.halves(
        `correlation.${i}.${j}`,
        i === j ? [(rows * (rows - 1)) / 2] : [rows, columns],
        between(-1, 1, ROUNDING),
      );
      const product = zeros64(rows, columns);
      let position = 0;
      for (let r = 0; r < rows; r++) {
        const deviation = deviations[i]![r]! * (count - 1);
        if (i === j) product.data[r * columns + r] = deviation * deviations[i]![r]!;
        for (let c = i === j ? r + 1 : 0; c < columns; c++) {
          const value = correlations[position++]! * deviation * deviations[j]![c]!;
          product.data[r * columns + c] = value;
          if (i === j) product.data[c * columns + r] = value;
        }
      }
      products[productIndex(blocks, i, j)] = product;
    }
  return new Moments({
    count,
    shifts: means,
    sums: means.map((mean) => new Float64Array(mean.length)),
    products,
    rounding: deviations.map((deviation) =>
      Float64Array.from(deviation, (value) => HALF_ROUNDING * (count - 1) * value ** 2),
    ),
  });
}
