import { describe, expect, test } from 'vitest';
import { recognizePreprocessing } from '../../../src/encoders/image/classifier-preprocessing.ts';
import { readHuggingFacePreprocessing } from '../../../src/encoders/image/hf-preprocessing.ts';
import { preprocessingPresets } from '../../../src/encoders/image/index.ts';
import { onnxModel, onnxNode } from '../../../src/encoders/index.ts';
import { ownNormalization } from '../../../src/onnx/graph/onnx-classifier.ts';
import type { FeatureModel } from '../../../src/onnx/graph/onnx-feature-model.ts';
import { indexGraph } from '../../../src/onnx/graph/onnx-graph.ts';
import { NetworkBuilder } from '../../onnx/graph/onnx-networks.ts';

function network(producer: string, changes: Partial<FeatureModel> = {}): FeatureModel {
  const input = { name: 'input', type: 1, channelsLast: false };
  const blocks = [{ name: 'f', size: 8 }];
  return { file: '', fingerprint: '', blocks, output: 'o', producer, input, ...changes };
}

describe('preprocessing is recognised', () => {
  test.each([
    ['vgg16.onnx', 'pytorch', 'torchvision'],
    ['resnet50-v1-12.onnx', 'mxnet', 'torchvision'],
    ['vgg16.onnx', 'tf2onnx', 'keras-caffe-bgr'],
    ['resnet50.onnx', 'keras2onnx', 'keras-caffe-bgr'],
    ['resnet50v2.onnx', 'tf2onnx', 'tensorflow'],
    ['resnet50_v2.onnx', 'tf2onnx', 'tensorflow'],
    ['bvlcalexnet-9.onnx', 'onnx-caffe2', 'keras-caffe-bgr'],
    ['mobilenet_v2_imagenet.onnx', 'tflite-to-onnx', 'tensorflow'],
    ['/models/clip-vit-base-patch32/onnx/vision_model.onnx', 'pytorch', 'clip'],
    ['/models/siglip-base-patch16-224/onnx/vision_model.onnx', 'pytorch', 'siglip'],
    ['/models/dinov2-small/onnx/model.onnx', 'pytorch', 'dinov2'],
    ['/clippings/mnasnet.onnx', 'pytorch', 'torchvision'],
  ])('%s of %s wants %s', (path, producer, expected) => {
    expect(recognizePreprocessing(network(producer), path)).toBe(expected);
  });

  test('the graph has the first word', () => {
    const pixels = network('pytorch', { ownRange: 'pixels' });
    expect(recognizePreprocessing(pixels, 'vgg16.onnx')).toBe('raw');
    expect(recognizePreprocessing(network('pytorch', { ownRange: 'unit' }), 'vgg16.onnx')).toBe('unit');
    const bytes = network('', { input: { name: 'input', type: 2, channelsLast: true } });
    expect(recognizePreprocessing(bytes, 'a.onnx')).toBe('raw');
    const last = network('', { input: { name: 'input', type: 1, channelsLast: true } });
    expect(recognizePreprocessing(last, 'a.onnx')).toBe('tensorflow');
  });

  test.each([
    ['Sub', [123.68, 116.78, 103.94], 'pixels'],
    ['Div', [255], 'pixels'],
    ['Mul', [1 / 255], 'pixels'],
    ['Sub', [0.485, 0.456, 0.406], 'unit'],
    ['Mul', [2], 'unit'],
  ] as const)('a graph that begins with %s of %j', (operator, values, expected) => {
    const builder = new NetworkBuilder();
    const moved = builder.node('Transpose', ['input'], { perm: [0, 3, 1, 2] });
    builder.node(operator, [moved, builder.values([values.length, 1, 1], values)], {}, 'output');
    const graph = builder.graph(['n', 8, 8, 3], 'output');
    expect(ownNormalization(indexGraph(graph), 'input')).toBe(expected);
  });

  test('a graph that begins with a convolution does not normalise', () => {
    const { graph } = onnxModel({ node: [onnxNode('Conv', ['input', 'w'], ['output'])], output: [] });
    expect(ownNormalization(indexGraph(graph!), 'input')).toBeUndefined();
  });
});

describe('preprocessor_config.json', () => {
  const clip = {
    crop_size: { height: 224, width: 224 },
    do_center_crop: true,
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
    rescale_factor: 0.00392156862745098,
    size: { shortest_edge: 224 },
  };
  const read = (config: object) => readHuggingFacePreprocessing(JSON.stringify(config), 'config');

  test("CLIP's is the preset", () => {
    const { mean, scale, ...rest } = read(clip);
    const preset = preprocessingPresets.clip;
    expect(rest).toEqual({
      width: 224,
      height: 224,
      fit: 'cover',
      cropFraction: 1,
      channelOrder: 'rgb',
      layout: 'nchw',
    });
    for (let channel = 0; channel < 3; channel++) {
      expect(mean[channel]).toBeCloseTo(preset.mean[channel]!, 9);
      expect(scale[channel]).toBeCloseTo(preset.scale[channel]!, 9);
    }
  });

  test('the forms that sizes come in', () => {
    const dino = { ...clip, size: { shortest_edge: 256 } };
    expect(read(dino)).toMatchObject({ width: 224, fit: 'cover', cropFraction: 0.875 });
    expect(read({ ...clip, size: 224, crop_size: 224 })).toMatchObject({ width: 224, cropFraction: 1 });
    const siglip = {
      size: { height: 384, width: 256 },
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    };
    expect(read(siglip)).toMatchObject({ width: 256, height: 384, fit: 'fill', mean: [127.5, 127.5, 127.5] });
    expect(read(siglip).scale[0] * 127.5).toBeCloseTo(1, 12);
    expect(read({ size: { shortest_edge: 224 }, crop_pct: 0.875 })).toMatchObject({ cropFraction: 0.875 });
    expect(
      read({ do_rescale: false, do_normalize: false, image_mean: [1, 1, 1], image_std: [2, 2, 2] }),
    ).toEqual({
      ...preprocessingPresets.raw,
    });
    expect(read({ do_flip_channel_order: true }).channelOrder).toBe('bgr');
  });

  test.each(['[', '{"size": "large"}', '{"image_mean": [1]}'])('%s is refused by name', (json) => {
    expect(() => readHuggingFacePreprocessing(json, 'folder/preprocessor_config.json')).toThrowError(
      expect.objectContaining({
        code: 'bad-format',
        message: expect.stringContaining('folder/preprocessor'),
      }),
    );
  });
});
