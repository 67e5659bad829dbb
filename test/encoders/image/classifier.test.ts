import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openClassifier } from '../../../src/encoders/image/index.ts';
import {
  inspectModel,
  type OnnxModel,
  onnxModel,
  readOnnxModel,
  valueInfo,
} from '../../../src/encoders/index.ts';
import { resnet50Network, vggNetwork } from '../../onnx/graph/onnx-networks.ts';
import {
  classifier,
  expectClose,
  features,
  folder,
  inputs,
  noise,
  pictures,
  planes,
  reference,
  save,
  small,
  tensorflow,
  trunk,
} from './classifier-support.ts';

describe('known architectures lose their last layer', () => {
  test.each([
    ['VGG-16', () => vggNetwork(16), 4096, 32, 'fc7'],
    ['VGG-19', () => vggNetwork(19), 4096, 32, 'fc7'],
    ['ResNet-50', resnet50Network, 2048, 64, 'pooled'],
  ] as const)('%s', async (name, build, size, side, layer) => {
    const model = build();
    const path = await save(`${name}.onnx`, model);
    const photos = noise(side, 2);
    const { rows, encoder } = await features(path, photos, tensorflow);
    expect(encoder.size).toBe(size);
    expect(encoder.blocks).toEqual([{ name: layer, size }]);
    const tensors = photos.map((pixels) => planes(pixels));
    expectClose(rows, await reference(model, layer, tensors, [1, 3, side, side]));
    // fc7 is taken after its rectifier.
    expect(rows.every((row) => row.every((value) => value >= 0))).toBe(true);
  });

  test('nothing of the classifier stays in the trimmed file', async () => {
    const cache = join(folder, 'cache');
    const { encoder } = await features(await save('VGG-16.onnx', vggNetwork(16)), noise(32, 1), tensorflow);
    expect(encoder.size).toBe(4096);
    const [file] = (await readdir(join(cache, 'encoders'))).filter((name) => /^VGG-16-.*onnx$/.test(name));
    const { graph } = await readOnnxModel(join(cache, 'encoders', file!));
    const count = (operator: string) => graph!.node!.filter(({ opType }) => opType === operator).length;
    expect([count('Gemm'), count('Dropout'), count('Softmax')]).toEqual([2, 1, 0]);
    const used = new Set(graph!.node!.flatMap(({ input }) => input ?? []));
    expect(graph!.initializer!.filter(({ name }) => !used.has(name!))).toEqual([]);
  });
});

describe('ways to end a classifier', () => {
  const endings: [string, () => { model: OnnxModel; feature: string; size: number }][] = [
    [
      'a MatMul with Add',
      () => {
        const { builder, maps } = trunk();
        const flat = builder.node('Flatten', [builder.node('GlobalAveragePool', [maps])], {}, 'flat');
        const product = builder.node('MatMul', [flat, builder.weights([8, 5], 8, 2)]);
        const sum = builder.node('Add', [product, builder.values([5], [1, 2, 3, 4, 5])]);
        builder.node('Softmax', [sum], { axis: -1 }, 'output');
        return { model: onnxModel(builder.graph(['n', 3, 12, 12], 'output')), feature: 'flat', size: 8 };
      },
    ],
    [
      'a 1x1 convolution after global pooling',
      () => {
        const { builder, maps } = trunk();
        const pooled = builder.node('GlobalAveragePool', [maps], {}, 'pooled');
        const dropped = builder.node('Dropout', [pooled]);
        const scores = builder.node('Conv', [dropped, builder.weights([5, 8, 1, 1], 8, 2)]);
        builder.node('Softmax', [builder.node('Flatten', [scores])], {}, 'output');
        return {
          model: onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 11),
          feature: 'pooled',
          size: 8,
        };
      },
    ],
    [
      'a reduction, a rectified layer, Identity and a Gemm that is not transposed',
      () => {
        const { builder, maps } = trunk();
        const mean = builder.node('ReduceMean', [maps], { axes: [2, 3], keepdims: 0 });
        const hidden = builder.node('Gemm', [mean, builder.weights([8, 6], 8, 3)]);
        const relu = builder.node('Relu', [hidden], {}, 'hidden');
        const same = builder.node('Identity', [builder.node('Dropout', [relu])]);
        builder.node('Gemm', [same, builder.weights([6, 5], 6, 2)], {}, 'output');
        return {
          model: onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 13),
          feature: 'hidden',
          size: 6,
        };
      },
    ],
    [
      'weights that the graph computes from constants',
      () => {
        const { builder, maps } = trunk();
        const flat = builder.node('Flatten', [builder.node('GlobalAveragePool', [maps])], {}, 'flat');
        const turned = builder.node('Transpose', [builder.weights([5, 8], 8, 2)], { perm: [1, 0] });
        builder.node('MatMul', [flat, turned], {}, 'output');
        return { model: onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 18), feature: 'flat', size: 8 };
      },
    ],
    [
      'two 1x1 convolutions and a shape that follows the batch (MobileNetV3)',
      () => {
        const { builder, maps } = trunk();
        const pooled = builder.node('GlobalAveragePool', [maps]);
        const wide = builder.node('Conv', [pooled, builder.weights([6, 8, 1, 1], 8, 3)]);
        const hidden = builder.node('HardSwish', [wide], {}, 'hidden');
        const scores = builder.node('Conv', [hidden, builder.weights([5, 6, 1, 1], 6, 2)]);
        const count = builder.node('Gather', [builder.node('Shape', [scores]), builder.int64([0])]);
        const shape = builder.node('Concat', [count, builder.int64([-1])], { axis: 0 });
        builder.node('Reshape', [scores, shape], {}, 'output');
        const model = onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 14);
        return { model, feature: 'hidden', size: 6 };
      },
    ],
    [
      'an embedding, which is no classifier and stays',
      () => {
        const { builder, maps } = trunk();
        const flat = builder.node('Flatten', [builder.node('GlobalAveragePool', [maps])]);
        builder.node('MatMul', [flat, builder.weights([8, 4], 8, 2)], {}, 'image_embeds');
        const model = onnxModel(builder.graph(['n', 3, 12, 12], 'image_embeds'));
        return { model, feature: 'image_embeds', size: 4 };
      },
    ],
  ];

  test.each(endings)('%s', async (name, build) => {
    const { model, feature, size } = build();
    const { rows, encoder } = await features(await save(`${name}.onnx`, model), pictures, tensorflow);
    expect(encoder.blocks).toEqual([{ name: feature, size }]);
    expectClose(rows, await reference(model, feature, inputs, small));
  });

  test('a last 1x1 convolution before pooling gives the average of its maps (SqueezeNet)', async () => {
    const { builder, maps } = trunk();
    const scores = builder.node('Relu', [builder.node('Conv', [maps, builder.weights([5, 8, 1, 1], 8, 2)])]);
    builder.node('Softmax', [builder.node('GlobalAveragePool', [scores])], { axis: 1 }, 'output');
    const model = onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 13);
    const { rows } = await features(await save('squeeze.onnx', model), pictures, tensorflow);
    expectClose(rows, averages(await reference(model, 'maps', inputs, small), 8));
  });
});

describe('choosing a layer', () => {
  test('maps are averaged', async () => {
    const model = classifier();
    const path = await save('layers.onnx', model);
    const { rows, encoder } = await features(path, pictures, { ...tensorflow, layer: 'maps' });
    expect(encoder.blocks).toEqual([{ name: 'maps', size: 8 }]);
    expectClose(rows, averages(await reference(model, 'maps', inputs, small), 8));
  });

  test('of a network of pictures and words, the side of the pictures is taken', async () => {
    const { builder, maps } = trunk();
    const flat = builder.node('Flatten', [builder.node('GlobalAveragePool', [maps])]);
    const image = builder.node('MatMul', [flat, builder.weights([8, 4], 8, 2)], {}, 'image_embeds');
    const text = builder.node('MatMul', ['words', builder.weights([6, 4], 6, 3)], {}, 'text_embeds');
    builder.node('Mul', [image, text], {}, 'logits_per_image');
    const graph = builder.graph(['n', 3, 12, 12], 'logits_per_image');
    const model = onnxModel({
      ...graph,
      input: [valueInfo('words', ['n', 6]), ...graph.input!],
      output: ['logits_per_image', 'text_embeds', 'image_embeds'].map((name) => valueInfo(name)),
    });
    const path = await save('joint.onnx', model);
    const { rows, encoder } = await features(path, pictures, tensorflow);
    expect(encoder.blocks).toEqual([{ name: 'image_embeds', size: 4 }]);
    expect(rows[0]).not.toEqual(rows[1]);
    await expect(openClassifier(path, { layer: 'logits_per_image' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('words'),
    });
  });

  test('of tokens the first is taken', async () => {
    const { builder, maps } = trunk();
    const tokens = builder.node('Reshape', [maps, builder.int64([-1, 8, 144])], {}, 'last_hidden_state');
    const model = onnxModel(builder.graph(['n', 3, 12, 12], tokens), 13);
    const { rows } = await features(await save('tokens.onnx', model), pictures, tensorflow);
    const all = await reference(model, tokens, inputs, small);
    expectClose(
      rows,
      all.map((row) => row.subarray(0, 144)),
    );
  });

  test('inspection lists the layers with their shapes', async () => {
    const info = await inspectModel(await save('layers.onnx', classifier()));
    expect(info).toMatchObject({ opset: 13, producer: 'covista', feature: 'flat' });
    expect(info.inputs).toEqual([{ name: 'input', shape: [expect.anything(), 3, 12, 12] }]);
    expect(info.input).toMatchObject({ name: 'input', channelsLast: false, width: 12 });
    expect(info.layers.find(({ name }) => name === 'maps')).toEqual({
      name: 'maps',
      operator: 'Relu',
      shape: [1, 8, 12, 12],
    });
    expect(info.layers.at(-1)).toEqual({ name: 'output', operator: 'Gemm', shape: [1, 5] });
  });

  test('layers are cached apart, and the second time from the cache', async () => {
    const cache = join(folder, 'apart');
    const path = await save('layers.onnx', classifier());
    for (const layer of [undefined, 'maps', undefined]) {
      const encoder = await openClassifier(path, { ...tensorflow, cache, layer });
      expect(encoder.id).toContain(`#${layer ?? 'flat'} `);
      await encoder.close();
    }
    expect((await readdir(join(cache, 'encoders'))).length).toBe(4);
  });
});

function averages(maps: Float32Array[], channels: number): Float32Array[] {
  return maps.map((row) => {
    const area = row.length / channels;
    const sum = (channel: number) =>
      row.subarray(channel * area, (channel + 1) * area).reduce((total, value) => total + value, 0);
    return Float32Array.from({ length: channels }, (_, channel) => sum(channel) / area);
  });
}
