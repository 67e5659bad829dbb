import { CovistaError } from '../../base/errors.ts';
import { type AttributeValue, float32Tensor, onnxModel, onnxNode, valueInfo } from './onnx-build.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from './onnx-schema.ts';
import {
  integerListAttribute,
  type TfjsConstant,
  type TfjsGraph,
  type TfjsNode,
  textAttribute,
  textListAttribute,
} from './tfjs-graph.ts';

/** A tensor of the network whose channels, averaged or maximised over the picture, are part of the feature. */
export interface PooledLayer {
  /** Name of the tensor in the TensorFlow.js graph. */
  readonly tensor: string;
  readonly pooling: 'average' | 'maximum';
}

/** A feature network: input `image` [batch, 3, height, width], output `feature` [batch, sum of `sizes`]. */
export interface FeatureNetwork {
  readonly model: OnnxModel;
  /** The number of channels of each layer, in order. */
  readonly sizes: readonly number[];
}

/**
 * Converts a convolutional TensorFlow.js graph to ONNX and cuts it at the given layers, whose global poolings are
 * joined into one output. Tensors become channel-first. A bilinear resize must be one that doubles height and
 * width, as Keras' UpSampling2D does, so that the network takes inputs of any size that is a multiple of its
 * stride.
 * @throws CovistaError `bad-format` for a layer that does not exist or an operation that cannot be converted
 */
export function tfjsToOnnx(graph: TfjsGraph, layers: readonly PooledLayer[]): FeatureNetwork {
  const conversion = new Conversion(graph);
  const parts = layers.map(({ tensor, pooling }, index) => {
    conversion.convert(tensor);
    const operator = pooling === 'average' ? 'GlobalAveragePool' : 'GlobalMaxPool';
    return conversion.add(operator, [tensor], `pooled:${index}`);
  });
  const sizes = layers.map(({ tensor }) => conversion.channels(tensor));
  conversion.add('Concat', parts, 'feature:joined', { axis: 1 });
  conversion.add('Flatten', ['feature:joined'], 'feature', { axis: 1 });
  const model = onnxModel({
    node: conversion.nodes,
    initializer: conversion.initializers,
    input: [valueInfo('image', ['batch', 3, 'height', 'width'])],
    output: [valueInfo('feature', ['batch', sizes.reduce((sum, size) => sum + size, 0)])],
  });
  return { model, sizes };
}

class Conversion {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #graph: TfjsGraph;
  readonly #channels = new Map<string, number>();

  constructor(graph: TfjsGraph) {
    this.#graph = graph;
  }

  /** Adds an operation and names its output. */
  add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Record<string, AttributeValue> = {},
  ) {
    this.nodes.push(onnxNode(operator, inputs, [output], attributes));
    return output;
  }

  /** The number of channels of a converted tensor. */
  channels(name: string): number {
    return this.#channels.get(name) ?? 1;
  }

  /** Converts a tensor and, first, all that it depends on. */
  convert(name: string): void {
    if (this.#channels.has(name)) return;
    const node = this.#graph.nodes.get(name);
    if (!node) throw new CovistaError('bad-format', `The graph has no tensor ${name}.`);
    const inputs = node.input.filter((input) => this.#graph.nodes.has(input));
    for (const input of inputs) this.convert(input);
    this.#channels.set(name, this.#convertNode(node, inputs));
  }

  /** Converts one operation and returns the channels of its output. */
  #convertNode(node: TfjsNode, inputs: readonly string[]): number {
    const [first] = inputs as [string];
    switch (node.op) {
      case 'Placeholder':
        this.add('Identity', ['image'], node.name);
        return 3;
      case '_FusedConv2D':
      case 'Conv2D':
        return this.#convolution(node, first, false);
      case 'FusedDepthwiseConv2dNative':
      case 'DepthwiseConv2dNative':
        return this.#convolution(node, first, true);
      case 'Add':
      case 'AddV2':
      case 'Mul':
        this.add(
          node.op === 'Mul' ? 'Mul' : 'Add',
          node.input.map((input) => this.#operand(input)),
          node.name,
        );
        return Math.max(...inputs.map((input) => this.channels(input)));
      case 'Relu':
      case 'Sigmoid':
        this.add(node.op, [first], node.name);
        return this.channels(first);
      case 'Relu6':
        this.add('Clip', [first, this.#scalar(0), this.#scalar(6)], node.name);
        return this.channels(first);
      case 'Mean':
        this.#expectAxes(node, [1, 2]);
        this.add('GlobalAveragePool', [first], node.name);
        return this.channels(first);
      case 'ConcatV2':
        this.#expectAxes(node, [3]);
        this.add('Concat', inputs, node.name, { axis: 1 });
        return inputs.reduce((sum, input) => sum + this.channels(input), 0);
      case 'ResizeBilinear':
        if (node.attr.align_corners?.b || node.attr.half_pixel_centers?.b) throw unsupported(node);
        this.add(
          'Resize',
          [first, '', this.#constant('doubled', [4], new Float32Array([1, 1, 2, 2]))],
          node.name,
          {
            mode: 'linear',
            coordinate_transformation_mode: 'asymmetric',
          },
        );
        return this.channels(first);
      default:
        throw unsupported(node);
    }
  }

  #convolution(node: TfjsNode, input: string, depthwise: boolean): number {
    const weights = this.#weights(node, 1);
    const [height, width, from, to] = weights.shape as [number, number, number, number];
    const strides = integerListAttribute(node, 'strides').slice(1, 3);
    const [bias, activation, ...rest] = textListAttribute(node, 'fused_ops');
    const padding = textAttribute(node, 'padding');
    const dilated = integerListAttribute(node, 'dilations').some((dilation) => dilation !== 1);
    const strange = rest.length > 0 || (bias ?? 'BiasAdd') !== 'BiasAdd' || (depthwise && to !== 1);
    if (strange || dilated || !['SAME', 'VALID'].includes(padding ?? '')) throw unsupported(node);
    const channels = depthwise ? from : to;
    const operands = [
      input,
      depthwise
        ? this.#constant(`${node.name}:weights`, [from, 1, height, width], channelsFirst(weights, from))
        : this.#constant(`${node.name}:weights`, [to, from, height, width], channelsFirst(weights, from)),
    ];
    if (bias) {
      const { shape, values } = this.#weights(node, 2);
      operands.push(this.#constant(`${node.name}:bias`, shape, values as Float32Array));
    }
    if (activation !== undefined && activation !== 'Relu') throw unsupported(node);
    this.add('Conv', operands, activation ? `${node.name}:linear` : node.name, {
      strides,
      group: depthwise ? from : 1,
      kernel_shape: [height, width],
      auto_pad: padding === 'SAME' ? 'SAME_UPPER' : 'VALID',
    });
    if (activation) this.add('Relu', [`${node.name}:linear`], node.name);
    return channels;
  }

  /** Name of what an elementwise operation reads: a converted tensor, or a scalar constant. */
  #operand(name: string): string {
    const constant = this.#graph.constants.get(name);
    if (!constant) return name;
    if (constant.values.length !== 1) {
      throw new CovistaError(
        'bad-format',
        `The constant ${name} is not a scalar, which cannot be converted.`,
      );
    }
    return this.#scalar(constant.values[0]!);
  }

  #scalar(value: number): string {
    return this.#constant(`scalar:${value}`, [], new Float32Array([value]));
  }

  #constant(name: string, dims: readonly number[], values: Float32Array): string {
    if (!this.initializers.some((tensor) => tensor.name === name)) {
      this.initializers.push(float32Tensor(name, dims, values));
    }
    return name;
  }

  #weights(node: TfjsNode, position: number): TfjsConstant {
    const constant = this.#graph.constants.get(node.input[position] ?? '');
    if (!constant || !(constant.values instanceof Float32Array)) throw unsupported(node);
    return constant;
  }

  #expectAxes(node: TfjsNode, axes: readonly number[]): void {
    const values = this.#graph.constants.get(node.input.at(-1)!)?.values ?? [];
    const found = Array.from(values, (axis) => (axis < 0 ? axis + 4 : axis));
    if (found.join() !== axes.join()) throw unsupported(node);
  }
}

/** Weights [height, width, from, to] as [to, from, height, width]; of a depthwise convolution, [from, 1, ...]. */
function channelsFirst({ shape, values }: TfjsConstant, from: number): Float32Array {
  const area = shape[0]! * shape[1]!;
  const to = shape[3]!;
  const result = new Float32Array(values.length);
  let read = 0;
  for (let position = 0; position < area; position++) {
    for (let source = 0; source < from; source++) {
      for (let target = 0; target < to; target++) {
        result[(target * from + source) * area + position] = values[read++]!;
      }
    }
  }
  return result;
}

function unsupported(node: TfjsNode): CovistaError {
  return new CovistaError('bad-format', `The operation ${node.op} of ${node.name} cannot be converted.`);
}
