import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ClassifierOptions, openClassifier } from '../../../src/encoders/image/index.ts';
import {
  float16Tensor,
  type OnnxModel,
  type OnnxTensor,
  onnxDataType,
  onnxModel,
  valueInfo,
} from '../../../src/encoders/index.ts';
import { NetworkBuilder } from '../../onnx/graph/onnx-networks.ts';
import {
  channelsLast,
  classifier,
  expectClose,
  features,
  folder,
  inputs,
  pictures,
  reference,
  save,
  small,
  tensorflow,
  trunk,
} from './classifier-support.ts';

function toHalf({ name, dims, rawData }: OnnxTensor): OnnxTensor {
  const values = new Float32Array(rawData!.slice().buffer);
  return float16Tensor(name!, dims!.map(Number), values);
}

/** Writes a model whose weights are in a file beside it, as exporters do with large networks. */
async function saveExternally(name: string, model: OnnxModel) {
  const data = join(folder, `${name}.data`);
  let offset = 0;
  const parts: Uint8Array[] = [];
  const initializer = model.graph!.initializer!.map(({ rawData, ...tensor }) => {
    const entries = { location: `${name}.data`, offset: String(offset), length: String(rawData!.length) };
    parts.push(rawData!);
    offset += rawData!.length;
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    return { ...tensor, externalData, dataLocation: 1 };
  });
  await writeFile(data, Buffer.concat(parts));
  return { path: await save(`${name}.onnx`, { ...model, graph: { ...model.graph, initializer } }), data };
}

describe('ways to store a model', () => {
  test('opset 7 with its constants among the inputs and a batch of 1', async () => {
    const builder = new NetworkBuilder();
    const kernel = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    const convolved = builder.node('Conv', ['input', builder.weights([8, 3, 3, 3], 27, 1)], kernel);
    const pooled = builder.node('GlobalAveragePool', [convolved]);
    const flat = builder.node('Reshape', [pooled, builder.int64([1, -1])], {}, 'flat');
    const dropped = builder.node('Dropout', [flat], { ratio: 0.5 });
    const bias = builder.values([5], [1, 2, 3, 4, 5]);
    builder.node('Gemm', [dropped, builder.weights([5, 8], 8, 2), bias], { transB: 1 }, 'output');
    const graph = builder.graph([1, 3, 12, 12], 'output');
    const constants = builder.initializers.map(({ name, dims, dataType }) =>
      valueInfo(name!, dims!.map(Number), dataType),
    );
    const model = onnxModel({ ...graph, input: [...graph.input!, ...constants] }, 7);
    const { rows } = await features(await save('opset7.onnx', model), pictures, tensorflow);
    expectClose(rows, await reference(model, 'flat', inputs, small));
  });

  test('a graph that takes one picture only still encodes many', async () => {
    const { builder, maps } = trunk();
    // The class token is there once, so that two pictures at a time do not fit.
    const tokens = builder.node('Reshape', [maps, builder.int64([1, 8, 144])]);
    const rows = builder.node('Transpose', [tokens], { perm: [0, 2, 1] });
    const token = builder.values([1, 1, 8], [1, 2, 3, 4, 5, 6, 7, 8]);
    const joined = builder.node('Concat', [token, rows], { axis: 1 });
    const mean = builder.node('ReduceMean', [joined], { axes: [1], keepdims: 0 }, 'mean');
    builder.node('Gemm', [mean, builder.weights([5, 8], 8, 2)], { transB: 1 }, 'output');
    const model = onnxModel(builder.graph([1, 3, 12, 12], 'output'), 13);
    const result = await features(await save('single.onnx', model), pictures, tensorflow);
    expectClose(result.rows, await reference(model, 'mean', inputs, small));
  });

  test('float16 weights and input', async () => {
    const model = classifier();
    const half = onnxModel({
      ...model.graph,
      initializer: model.graph!.initializer!.map((tensor) => toHalf(tensor)),
      input: [valueInfo('input', ['n', 3, 12, 12], onnxDataType.float16)],
      output: [valueInfo('output', undefined, onnxDataType.float16)],
    });
    const { rows } = await features(await save('half.onnx', half), pictures, tensorflow);
    expectClose(rows, await reference(model, 'flat', inputs, small), 4e-3);
  });

  test('channels last, as exported from TensorFlow', async () => {
    const model = channelsLast();
    const path = await save('nhwc.onnx', model);
    const { rows, encoder } = await features(path, pictures);
    expect(encoder.id).toContain('tensorflow');
    const values = pictures.map((pixels) => Float32Array.from(pixels, (pixel) => pixel / 127.5 - 1));
    const expected = await reference(model, 'mean', values, [1, 12, 12, 3]);
    expectClose(rows, expected);
    expectClose((await features(path, pictures, { layer: 'maps' })).rows, expected);
  });

  test('weights in a file beside the model', async () => {
    const model = classifier();
    const { path, data } = await saveExternally('external', model);
    const { rows } = await features(path, pictures, tensorflow);
    expectClose(rows, await reference(model, 'flat', inputs, small));
    await rm(data);
    await expect(openClassifier(path, { cache: join(folder, 'other') })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(data),
    });
  });
});

describe('what cannot be used is refused with a reason', () => {
  const cases: [string, () => Promise<string>, ClassifierOptions, object][] = [
    [
      'no such layer',
      () => save('plain.onnx', classifier()),
      { layer: 'fc99' },
      { code: 'usage', message: expect.stringContaining('fc99') },
    ],
    [
      'no such preprocessing',
      () => save('plain.onnx', classifier()),
      { preprocessing: 'caffe' as 'raw' },
      { code: 'usage', hint: expect.stringContaining('keras-caffe-bgr') },
    ],
    [
      'a network without a classifier',
      () => {
        const { builder, maps } = trunk();
        return save('segments.onnx', onnxModel(builder.graph(['n', 3, 12, 12], maps)));
      },
      {},
      { code: 'usage', hint: expect.stringContaining('layer=') },
    ],
    [
      'a network of words',
      () => {
        const builder = new NetworkBuilder();
        builder.node('MatMul', ['input', builder.weights([4, 5], 4, 1)], {}, 'output');
        return save('words.onnx', onnxModel(builder.graph(['n', 4], 'output')));
      },
      {},
      { code: 'bad-format', message: expect.stringContaining('input') },
    ],
    [
      'an operator that does not exist',
      () => {
        const { builder, maps } = trunk();
        const strange = builder.node('Frobnicate', [maps]);
        builder.node('Gemm', [strange, builder.weights([5, 8], 8, 1)], {}, 'output');
        return save('strange.onnx', onnxModel(builder.graph(['n', 3, 12, 12], 'output')));
      },
      {},
      { code: 'bad-format', message: expect.stringContaining('Frobnicate') },
    ],
    [
      'a truncated file',
      async () => {
        const path = await save('cut.onnx', classifier());
        await truncate(path, 300);
        return path;
      },
      {},
      { code: 'bad-format', message: expect.stringContaining('cut.onnx') },
    ],
    [
      'weights outside the folder',
      async () => {
        const model = classifier();
        const externalData = [{ key: 'location', value: '../../etc/passwd' }];
        const [first, ...rest] = model.graph!.initializer!;
        const { rawData: _, ...tensor } = first!;
        const initializer = [{ ...tensor, externalData, dataLocation: 1 }, ...rest];
        return save('outside.onnx', { ...model, graph: { ...model.graph, initializer } });
      },
      {},
      { code: 'bad-format', message: expect.stringContaining('outside') },
    ],
    [
      'a data file that is too short',
      async () => {
        const { path, data } = await saveExternally('short', classifier());
        await truncate(data, 20);
        return path;
      },
      {},
      { code: 'bad-format', message: expect.stringContaining('short.data') },
    ],
  ];

  test.each(cases)('%s', async (_, make, options, error) => {
    const path = await make();
    await expect(openClassifier(path, { cache: join(folder, 'refused'), ...options })).rejects.toMatchObject(
      error,
    );
  });
});
