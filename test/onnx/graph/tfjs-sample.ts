import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toFloat16 } from '../../../src/linalg/index.ts';

type Attribute = Record<string, unknown>;
type Node = { name: string; op: string; input?: string[]; attr?: Record<string, Attribute> };
type Weight = { name: string; shape: number[]; dtype: string; quantization?: object };

const base64 = (text: string) => Buffer.from(text).toString('base64');
const text = (value: string): Attribute => ({ s: base64(value) });
const texts = (...values: string[]): Attribute => ({ list: { s: values.map(base64) } });
const integers = (...values: number[]): Attribute => ({ list: { i: values.map(String) } });
const floatType: Attribute = { type: 'DT_FLOAT' };

/**
 * A graph of every operation that can be converted, made up: a strided and a depthwise convolution, a hard-swish,
 * squeeze and excitation, and an upsampling that is joined with a skip connection. Input 8 x 8 x 3, `joined` is
 * 8 x 8 x 10.
 */
export function sampleModel() {
  const weights: Weight[] = [];
  const parts: Uint8Array[] = [];
  const nodes: Node[] = [{ name: 'in', op: 'Placeholder', attr: { dtype: floatType } }];
  const constant = (
    name: string,
    shape: number[],
    values: number[],
    kind: 'float16' | 'float32' | 'int32',
  ) => {
    const half = kind === 'float16' ? { quantization: { dtype: 'float16', original_dtype: 'float32' } } : {};
    weights.push({ name, shape, dtype: kind === 'int32' ? 'int32' : 'float32', ...half });
    nodes.push({ name, op: 'Const', attr: { dtype: { type: kind === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } } });
    const typed =
      kind === 'float16'
        ? toFloat16(Float32Array.from(values))
        : kind === 'int32'
          ? Int32Array.from(values)
          : Float32Array.from(values);
    parts.push(new Uint8Array(typed.buffer));
    return name;
  };
  const wave = (name: string, shape: number[], kind: 'float16' | 'float32', phase: number) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Array.from({ length }, (_, index) => ((index * 37 + phase * 11) % 64) / 64 - 0.5);
    return constant(name, shape, values, kind);
  };
  const node = (name: string, op: string, input: string[], attr: Record<string, Attribute> = {}) =>
    nodes.push({ name, op, input, attr: { T: floatType, ...attr } });
  const convolution = (stride: number, ...fused: string[]) => ({
    strides: integers(1, stride, stride, 1),
    dilations: integers(1, 1, 1, 1),
    padding: text('SAME'),
    data_format: text('NHWC'),
    ...(fused.length === 0
      ? {}
      : { fused_ops: texts(...fused), num_args: { i: '1' }, epsilon: { f: 0 }, leakyrelu_alpha: { f: 0 } }),
  });

  node(
    'strided',
    '_FusedConv2D',
    ['in', wave('w1', [3, 3, 3, 4], 'float16', 1), wave('b1', [4], 'float16', 2)],
    convolution(2, 'BiasAdd', 'Relu'),
  );
  node(
    'depthwise',
    'FusedDepthwiseConv2dNative',
    ['strided', wave('w2', [5, 5, 4, 1], 'float32', 3), wave('b2', [4], 'float32', 4)],
    convolution(1, 'BiasAdd'),
  );
  node('sixth', 'Mul', [constant('1/6', [], [1 / 6], 'float32'), 'depthwise']);
  node('plus 3', 'Add', ['depthwise', constant('3', [], [3], 'float16')]);
  node('relu6', 'Relu6', ['plus 3']);
  node('hard-swish', 'Mul', ['sixth', 'relu6']);
  const axes = constant('axes', [2], [1, 2], 'int32');
  node('mean', 'Mean', ['hard-swish', axes], { keep_dims: { b: true }, Tidx: { type: 'DT_INT32' } });
  node('excite', 'Conv2D', ['mean', wave('w3', [1, 1, 4, 4], 'float16', 5)], convolution(1));
  node('gate', 'Sigmoid', ['excite']);
  node('gated', 'Mul', ['hard-swish', 'gate']);
  const doubled = { align_corners: { b: false }, half_pixel_centers: { b: false } };
  node('up', 'ResizeBilinear', ['gated', constant('size', [2], [8, 8], 'int32')], doubled);
  node('skip', 'DepthwiseConv2dNative', ['in', wave('w4', [3, 3, 3, 1], 'float32', 6)], convolution(1));
  node('skip relu', 'Relu', ['skip']);
  const joined = ['up', 'skip relu', 'in', constant('axis', [], [3], 'int32')];
  node('joined', 'ConcatV2', joined, { N: { i: '3' }, Tidx: { type: 'DT_INT32' } });

  const shape = { dim: [1, 8, 8, 3].map((size) => ({ size: String(size) })) };
  const model = {
    format: 'graph-model',
    signature: {
      inputs: { in: { name: 'in', dtype: 'DT_FLOAT', tensorShape: shape } },
      outputs: { joined: { name: 'joined', dtype: 'DT_FLOAT' } },
    },
    modelTopology: { node: nodes, library: {}, versions: {} },
    weightsManifest: [{ paths: ['sample.bin'], weights }],
  };
  return { model, bytes: Buffer.concat(parts) };
}

/** 8 x 8 x 3 numbers from 0 to 255, channel last. */
export function samplePicture(): number[] {
  return Array.from({ length: 192 }, (_, index) => (index * index * 7 + index * 31) % 256);
}

/** Writes the sample to a folder and returns the path of its .json. */
export async function writeSample(folder: string, sample = sampleModel()): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'sample.bin'), sample.bytes);
  await writeFile(join(folder, 'sample.json'), JSON.stringify(sample.model));
  return join(folder, 'sample.json');
}
