import {
  float32Tensor,
  int64Tensor,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  onnxModel,
  onnxNode,
  valueInfo,
} from '../../../src/encoders/index.ts';

/** A graph in the making: nodes are added one after another, each call returns the name of what the node makes. */
export class NetworkBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  #constants = 0;

  node(
    operator: string,
    inputs: readonly string[],
    attributes: Parameters<typeof onnxNode>[3] = {},
    output = `t${this.nodes.length}`,
  ): string {
    this.nodes.push(onnxNode(operator, inputs, [output], attributes));
    return output;
  }

  /** A constant of given values. */
  values(dims: readonly number[], values: readonly number[] | Float32Array): string {
    const name = `c${this.#constants++}`;
    this.initializers.push(float32Tensor(name, dims, Float32Array.from(values)));
    return name;
  }

  int64(values: readonly number[]): string {
    const name = `c${this.#constants++}`;
    this.initializers.push(int64Tensor(name, [values.length], values));
    return name;
  }

  /** Seeded weights of about normal size for `fanIn` inputs. */
  weights(dims: readonly number[], fanIn: number, seed: number): string {
    const scale = 2 / Math.sqrt(fanIn);
    const size = dims.reduce((product, dim) => product * dim, 1);
    return this.values(
      dims,
      Float32Array.from({ length: size }, (_, i) => scale * Math.sin(seed + 1.7 * i * (1 + seed / 7))),
    );
  }

  /**
   * Seeded weights that the graph computes by itself as a product of narrow matrices, so that a large network is a
   * small file.
   */
  computedWeights(dims: readonly number[], fanIn: number, seed: number): string {
    const [outputs = 1, ...rest] = dims;
    const inputs = rest.reduce((product, dim) => product * dim, 1);
    const left = this.weights([outputs, 8], 8, seed);
    const right = this.weights([8, inputs], fanIn / 2, seed + 0.5);
    return this.node('Reshape', [this.node('MatMul', [left, right]), this.int64(dims)]);
  }

  graph(input: (number | string)[], output: string, more: Partial<OnnxGraph> = {}): OnnxGraph {
    return {
      node: this.nodes,
      initializer: this.initializers,
      input: [valueInfo('input', input)],
      output: [valueInfo(output)],
      ...more,
    };
  }
}

/** VGG of 16 or 19 layers (Simonyan and Zisserman 2014, table 1, D and E), for pictures of 32 x 32 pixels. */
export function vggNetwork(layers: 16 | 19): OnnxModel {
  const repeats = layers === 16 ? [2, 2, 3, 3, 3] : [2, 2, 4, 4, 4];
  const builder = new NetworkBuilder();
  let current = 'input';
  let channels = 3;
  let seed = 1;
  for (const [stage, count] of repeats.entries()) {
    const size = Math.min(64 << stage, 512);
    for (let layer = 0; layer < count; layer++) {
      const weights = builder.computedWeights([size, channels, 3, 3], channels * 9, seed++);
      const convolved = builder.node('Conv', [current, weights], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
      });
      current = builder.node('Relu', [convolved]);
      channels = size;
    }
    current = builder.node('MaxPool', [current], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  current = builder.node('Flatten', [current]);
  for (const [inputs, name] of [
    [512, 'fc6'],
    [4096, 'fc7'],
  ] as const) {
    const weights = builder.computedWeights([4096, inputs], inputs, seed++);
    const full = builder.node('Gemm', [current, weights], { transB: 1 });
    current = builder.node('Dropout', [builder.node('Relu', [full], {}, name)]);
  }
  const logits = builder.node('Gemm', [current, builder.computedWeights([1000, 4096], 4096, seed)], {
    transB: 1,
  });
  builder.node('Softmax', [logits], { axis: 1 }, 'probabilities');
  return onnxModel(builder.graph(['n', 3, 32, 32], 'probabilities'), 13);
}

/** ResNet-50 (He et al. 2015, table 1), for pictures of 64 x 64 pixels. */
export function resnet50Network(): OnnxModel {
  const builder = new NetworkBuilder();
  let seed = 1;
  const convolution = (input: string, from: number, to: number, kernel: number, stride: number) => {
    const pad = (kernel - 1) / 2;
    const weights = builder.computedWeights([to, from, kernel, kernel], from * kernel * kernel, seed++);
    const shape = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    const convolved = builder.node('Conv', [input, weights], shape);
    const constant = (value: number) => builder.values([to], new Float32Array(to).fill(value));
    const parameters = [constant(0.7), constant(0.1), constant(0.05), constant(1.2)];
    return builder.node('BatchNormalization', [convolved, ...parameters]);
  };
  let current = builder.node('Relu', [convolution('input', 3, 64, 7, 2)]);
  const pooling = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  current = builder.node('MaxPool', [current], pooling);
  let channels = 64;
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const width = 64 << stage;
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const narrow = builder.node('Relu', [convolution(current, channels, width, 1, 1)]);
      const middle = builder.node('Relu', [convolution(narrow, width, width, 3, stride)]);
      const wide = convolution(middle, width, 4 * width, 1, 1);
      const shortcut = block === 0 ? convolution(current, channels, 4 * width, 1, stride) : current;
      current = builder.node('Relu', [builder.node('Add', [wide, shortcut])]);
      channels = 4 * width;
    }
  }
  const pooled = builder.node('GlobalAveragePool', [current]);
  const flat = builder.node('Flatten', [pooled], {}, 'pooled');
  builder.node('Gemm', [flat, builder.computedWeights([1000, 2048], 2048, seed)], { transB: 1 }, 'logits');
  return onnxModel(builder.graph(['n', 3, 64, 64], 'logits'), 13);
}
