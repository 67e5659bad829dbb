import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, expect } from 'vitest';
import { type ClassifierOptions, openClassifier } from '../../../src/encoders/image/index.ts';
import { encodeOnnxModel, type OnnxModel, onnxModel, writeOnnxModel } from '../../../src/encoders/index.ts';
import { NetworkBuilder } from '../../onnx/graph/onnx-networks.ts';

/** A folder of this test file's own, removed at its end. */
export const folder = await mkdtemp(join(tmpdir(), 'covista-classifier-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Pictures of noise, side x side x 3 bytes each. */
export function noise(side: number, count: number): Uint8Array[] {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  };
  return Array.from({ length: count }, () => Uint8Array.from({ length: side * side * 3 }, next));
}

export async function features(path: string, pictures: Uint8Array[], options: ClassifierOptions = {}) {
  const side = Math.sqrt(pictures[0]!.length / 3);
  const files = await Promise.all(
    pictures.map((pixels) =>
      sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
        .png()
        .toBuffer(),
    ),
  );
  const encoder = await openClassifier(path, { cache: join(folder, 'cache'), ...options });
  try {
    const rows: Float32Array[] = [];
    for await (const result of encoder.encode(files)) {
      if ('error' in result) throw result.error;
      rows[result.index] = result.feature;
    }
    return { rows, encoder };
  } finally {
    await encoder.close();
  }
}

/** What onnxruntime computes for one inner tensor of the untouched network, one picture at a time. */
export async function reference(model: OnnxModel, tensor: string, inputs: Float32Array[], dims: number[]) {
  const output = [...model.graph!.output!, { name: tensor }];
  const session = await InferenceSession.create(
    encodeOnnxModel({ ...model, graph: { ...model.graph, output } }),
  );
  const rows: Float32Array[] = [];
  for (const input of inputs) {
    const results = await session.run({ input: new Tensor('float32', input, dims) }, [tensor]);
    rows.push(Float32Array.from(results[tensor]!.data as Float32Array));
  }
  await session.release();
  return rows;
}

/** Pixels as [3, side, side], times `scale` less `shift`. */
export function planes(pixels: Uint8Array, scale = 1 / 127.5, shift = 1): Float32Array {
  const area = pixels.length / 3;
  return Float32Array.from({ length: pixels.length }, (_, i) => {
    return pixels[(i % area) * 3 + Math.floor(i / area)]! * scale - shift;
  });
}

export function expectClose(rows: Float32Array[], expected: Float32Array[], tolerance = 1e-4) {
  expect(rows.length).toBe(expected.length);
  for (const [i, row] of rows.entries()) {
    expect(row.length).toBe(expected[i]!.length);
    const largest = Math.max(...expected[i]!.map(Math.abs));
    const error = Math.max(...row.map((value, j) => Math.abs(value - expected[i]![j]!)));
    expect(largest).toBeGreaterThan(0);
    expect(error / largest).toBeLessThan(tolerance);
  }
}

export async function save(name: string, model: OnnxModel): Promise<string> {
  const path = join(folder, name);
  await writeOnnxModel(path, model);
  return path;
}

/** A convolution and rectifier of 8 maps on 12 x 12 pictures, for small networks to end in different ways. */
export function trunk() {
  const builder = new NetworkBuilder();
  const kernel = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  const convolved = builder.node('Conv', ['input', builder.weights([8, 3, 3, 3], 27, 1)], kernel);
  return { builder, maps: builder.node('Relu', [convolved], {}, 'maps') };
}

export const tensorflow = { preprocessing: 'tensorflow' } as const;
export const pictures = noise(12, 3);
export const inputs = pictures.map((pixels) => planes(pixels));
export const small = [1, 3, 12, 12];

/** A small classifier; what differs between files is how it is stored. */
export function classifier(batch: number | string = 'n', opset = 13) {
  const { builder, maps } = trunk();
  const flat = builder.node('Flatten', [builder.node('GlobalAveragePool', [maps])], {}, 'flat');
  builder.node('Gemm', [flat, builder.weights([5, 8], 8, 2)], { transB: 1 }, 'output');
  return onnxModel(builder.graph([batch, 3, 12, 12], 'output'), opset);
}

/** The same classifier with its channels last, as exported from TensorFlow. */
export function channelsLast() {
  const builder = new NetworkBuilder();
  const first = builder.node('Transpose', ['input'], { perm: [0, 3, 1, 2] });
  const kernel = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  const convolved = builder.node('Conv', [first, builder.weights([8, 3, 3, 3], 27, 1)], kernel, 'convolved');
  const last = builder.node('Transpose', [convolved], { perm: [0, 2, 3, 1] });
  const maps = builder.node('Relu', [last], {}, 'maps');
  const mean = builder.node('ReduceMean', [maps], { axes: [1, 2], keepdims: 0 }, 'mean');
  builder.node('MatMul', [mean, builder.weights([8, 5], 8, 2)], {}, 'output');
  return { ...onnxModel(builder.graph(['n', 12, 12, 3], 'output'), 13), producerName: 'tf2onnx' };
}
