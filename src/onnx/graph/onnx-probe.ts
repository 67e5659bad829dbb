import type { Tensor, TensorConstructor } from 'onnxruntime-web';
import { CovistaError } from '../../base/errors.ts';
import { openOnnxSession } from '../run/onnx-runtime.ts';
import { changed, indexGraph } from './onnx-graph.ts';
import { encodeOnnxModel } from './onnx-model.ts';
import { type OnnxModel, onnxDataType } from './onnx-schema.ts';
import { type PictureInput, reachableNodes } from './onnx-trim.ts';

/** What one tensor was when a network was run. */
export interface ProbedTensor {
  readonly dims: readonly number[];
  readonly type: string;
  readonly data: Tensor['data'];
}

/**
 * Runs a network on pictures and returns some of its tensors.
 * @param pictures pixel values of the batch; zeros when left out
 * @throws CovistaError `bad-format` when onnxruntime does not load or run it
 */
export async function probeModel(
  model: OnnxModel,
  input: PictureInput,
  tensors: readonly string[],
  options: { path: string; imageSize: number; batch?: number; pictures?: Float32Array },
): Promise<Map<string, ProbedTensor>> {
  const { path, imageSize } = options;
  const batch = options.batch ?? input.batch ?? 1;
  const [height, width] = [input.height ?? imageSize, input.width ?? imageSize];
  const dims = input.channelsLast ? [batch, height, width, 3] : [batch, 3, height, width];
  const graph = model.graph!;
  const { constants } = indexGraph(graph);
  const probe = changed(model, {
    graph: changed(graph, {
      node: reachableNodes(graph, tensors),
      output: tensors.map((name) => graph.output?.find((output) => output.name === name) ?? { name }),
      input: graph.input!.filter(({ name }) => name === input.name || constants.has(name ?? '')),
    }),
  });
  try {
    const { session, runtime } = await openOnnxSession(encodeOnnxModel(probe), {
      graphOptimizationLevel: 'basic',
      logSeverityLevel: 4,
    });
    try {
      const values = options.pictures ?? new Float32Array(dims.reduce((product, size) => product * size, 1));
      const feeds = { [input.name]: pictureTensor(runtime.Tensor, values, input.type, dims) };
      const results = await session.run(feeds, { logSeverityLevel: 4 });
      return new Map(
        Object.entries(results).map(([name, { dims, type, data }]) => [name, { dims, type, data }]),
      );
    } finally {
      await session.release();
    }
  } catch (cause) {
    if (cause instanceof CovistaError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CovistaError('bad-format', `${path} cannot be run by onnxruntime: ${reason}`, {
      hint: 'Check it with onnx.checker, or export it again with another opset.',
      cause,
    });
  }
}

function pictureTensor(
  Tensor: TensorConstructor,
  values: Float32Array,
  type: number,
  dims: readonly number[],
): Tensor {
  if (type === onnxDataType.uint8) return new Tensor('uint8', Uint8Array.from(values), dims);
  return new Tensor('float32', values, dims);
}
