import type { JointSpace } from '../../cca/index.ts';
import { type Tensor, type TensorFile, toFloat16 } from '../../linalg/index.ts';
import { between, descending, nonNegative } from '../../linalg/tensor-checks.ts';

/**
 * The joint space of a starter in a quarter of its size: projections in half precision for columns of unit variance.
 * @param moments tensors as `compactMoments` gives them, of the moments that the space was solved from
 * @returns tensors `space.correlations` and `space.<view>`
 */
export function compactSpace(
  { correlations, views }: JointSpace,
  moments: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  tensors.set('space.correlations', { type: 'F64', shape: [correlations.length], data: correlations });
  let block = 0;
  for (const [view, { blocks, weights }] of views.entries()) {
    const deviations = blocks.flatMap(() => [...(moments.get(`deviation.${block++}`)!.data as Float32Array)]);
    const { rows, columns, data } = weights;
    const scaled = data.map((value, i) => value * deviations[Math.floor(i / columns)]!);
    tensors.set(`space.${view}`, { type: 'F16', shape: [rows, columns], data: toFloat16(scaled) });
  }
  return tensors;
}

/**
 * The joint space that {@link compactSpace} wrote.
 * @param file holds its tensors and those of the moments
 * @param sizes of the blocks of each view, which are those of the moments in order
 * @param count number of pairs
 * @throws CovistaError `bad-format` when a tensor is missing, has another shape or holds what no space does
 */
export function expandSpace(
  file: TensorFile,
  sizes: readonly (readonly number[])[],
  count: number,
): JointSpace {
  const correlations = file.tensor('space.correlations', 'F64', ['k'], between(-1, 1, 1e-6), descending);
  const k = correlations.length;
  let block = 0;
  return {
    count,
    correlations,
    views: sizes.map((blocks, view) => {
      const own = blocks.map((size) => {
        const name = block++;
        return {
          mean: file.tensor(`mean.${name}`, 'F32', [size]),
          deviation: file.tensor(`deviation.${name}`, 'F32', [size], nonNegative),
        };
      });
      const mean = Float64Array.from(own.flatMap((one) => [...one.mean]));
      const deviation = own.flatMap((one) => [...one.deviation]);
      const data = new Float64Array(file.halves(`space.${view}`, [mean.length, 'k']));
      for (const [row, scale] of deviation.entries())
        for (let i = row * k; i < (row + 1) * k; i++) data[i] = scale > 0 ? data[i]! / scale : 0;
      return { blocks, mean, weights: { rows: mean.length, columns: k, data } };
    }),
  };
}
