import type { JointSpace } from '../cca/index.ts';
import { CovistaError } from '../errors.ts';
import { fromFloat16, type Tensor, toFloat16 } from '../linalg/index.ts';

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
 * @param tensors its own and those of the moments
 * @param blocks sizes of the blocks of both views
 * @param count number of pairs
 * @param file what the tensors were read from, for messages
 * @throws CovistaError `bad-format` when a tensor is missing or has another shape
 */
export function expandSpace(
  tensors: ReadonlyMap<string, Tensor>,
  blocks: readonly (readonly number[])[],
  count: number,
  file: string,
): JointSpace {
  const fail = (): never => {
    throw new CovistaError('bad-format', `The joint space of the starter in ${file} cannot be read.`);
  };
  const numbers = (key: string): Float32Array => {
    const tensor = tensors.get(key);
    return tensor?.type === 'F32' ? tensor.data : fail();
  };
  const correlations = tensors.get('space.correlations');
  if (correlations?.type !== 'F64' || blocks.length !== 2) return fail();
  const k = correlations.data.length;
  let block = 0;
  return {
    count,
    correlations: correlations.data,
    views: blocks.map((sizes, view) => {
      const own = sizes.map(() => block++);
      const mean = Float64Array.from(own.flatMap((i) => [...numbers(`mean.${i}`)]));
      const deviations = own.flatMap((i) => [...numbers(`deviation.${i}`)]);
      const stored = tensors.get(`space.${view}`);
      if (stored?.type !== 'F16' || stored.data.length !== mean.length * k) return fail();
      const data = new Float64Array(fromFloat16(stored.data));
      for (const [r, scale] of deviations.entries())
        for (let i = r * k; i < (r + 1) * k; i++) data[i] = scale > 0 ? data[i]! / scale : 0;
      return { blocks: sizes, mean, weights: { rows: mean.length, columns: k, data } };
    }),
  };
}
