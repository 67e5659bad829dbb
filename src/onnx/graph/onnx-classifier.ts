import {
  constantShape,
  constantValues,
  type GraphIndex,
  intsAttribute,
  mainInput,
  variableInputCount,
} from './onnx-graph.ts';
import type { OnnxNode } from './onnx-schema.ts';

/** Where a network's features are, and why there. */
export interface FeaturePoint {
  /** The tensor that becomes the feature. */
  readonly tensor: string;
  /** The operator of the last layer that reads it, or `output` for a network without a classifier. */
  readonly before: 'Gemm' | 'MatMul' | 'Conv' | 'output';
}

/** What may stand between the last fully connected layer and the output of a classifier. */
const behindClassifier = new Set([
  ...['Add', 'Softmax', 'LogSoftmax', 'Sigmoid', 'Cast', 'Identity', 'Dropout', 'Clip', 'ArgMax', 'TopK'],
  ...['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Transpose', 'Relu', 'GlobalAveragePool', 'ReduceMean'],
  ...['AveragePool', 'QuantizeLinear', 'DequantizeLinear', 'Mul', 'Div', 'Sub'],
]);

/** What changes nothing at inference, so that the feature is what stands before it. */
const transparent = new Set(['Dropout', 'Identity']);

/** Names that exporters give to features: a network that ends in one has no classifier to remove. */
const featureName =
  /^(image_embeds?|image_embeddings?|pooler_output|last_hidden_state|embeddings?|features?|img_emb)$/i;

/**
 * Finds the tensor that fed the last fully connected layer: a Gemm, a MatMul by a constant (with an Add or without),
 * or a 1x1 convolution that only poolings, reshapings and a softmax follow. Dropout and Identity before it are
 * passed over, so that VGG-16 yields fc7 after its rectifier.
 * @returns undefined when no output of the graph looks like a classifier's
 */
export function findFeaturePoint(index: GraphIndex): FeaturePoint | undefined {
  const outputs = (index.graph.output ?? []).map(({ name }) => name ?? '');
  const features = outputs.filter((name) => featureName.test(name));
  const best = features.find((name) => /embed/i.test(name)) ?? features.find((name) => !/hidden/.test(name));
  if (best) return { tensor: best, before: 'output' };
  for (const output of outputs) {
    const point = classifierBehind(index, output);
    if (point) return point;
  }
  return features[0] === undefined ? undefined : { tensor: features[0], before: 'output' };
}

function classifierBehind(index: GraphIndex, output: string): FeaturePoint | undefined {
  let name: string | undefined = output;
  while (name !== undefined) {
    const node = index.producers.get(name);
    if (!node || joinsBranches(index, node)) return undefined;
    if (isFullyConnected(index, node)) {
      const before = node.opType as 'Gemm' | 'MatMul' | 'Conv';
      return { tensor: skipTransparent(index, mainInput(index, node)!), before };
    }
    if (!behindClassifier.has(node.opType ?? '')) return undefined;
    name = mainInput(index, node);
  }
  return undefined;
}

/** Whether more than one of a node's inputs carries the picture; the shape that a Reshape is given does not. */
function joinsBranches(index: GraphIndex, node: OnnxNode): boolean {
  return node.opType !== 'Reshape' && variableInputCount(index, node) !== 1;
}

/** Whether a node multiplies by constant weights, over channels alone if it is a convolution. */
function isFullyConnected(index: GraphIndex, node: OnnxNode): boolean {
  const [data, weights] = node.input ?? [];
  if (data === undefined || weights === undefined || !index.constants.has(weights)) return false;
  if (node.opType === 'Gemm' || node.opType === 'MatMul') return true;
  if (node.opType !== 'Conv') return false;
  const kernel = intsAttribute(node, 'kernel_shape') ?? constantShape(index, weights)?.slice(2);
  return kernel?.every((size) => size === 1) ?? false;
}

/** The tensor before the Dropout and Identity nodes that end in `name`. */
function skipTransparent(index: GraphIndex, name: string): string {
  const node = index.producers.get(name);
  if (!node || !transparent.has(node.opType ?? '') || !node.input?.[0]) return name;
  return skipTransparent(index, node.input[0]);
}

/**
 * Whether the 4-D tensor `name` has its channels last. ONNX convolutions and poolings put them second; exporters from
 * TensorFlow transpose them, so the nearest such operator behind the tensor tells.
 * @param inputChannelsLast the layout when the graph's input is reached first
 */
export function hasChannelsLast(index: GraphIndex, name: string, inputChannelsLast: boolean): boolean {
  let current: string | undefined = name;
  while (current !== undefined) {
    const node = index.producers.get(current);
    if (!node) return inputChannelsLast;
    if (node.opType === 'Transpose') return intsAttribute(node, 'perm')?.join() === '0,2,3,1';
    if (/Conv|Pool|BatchNormalization|LRN|InstanceNormalization/.test(node.opType ?? '')) return false;
    current = mainInput(index, node);
  }
  return false;
}

/** The range of pixel values that a network expects before its own normalisation. */
export type OwnRange = 'pixels' | 'unit';

/**
 * Whether a graph begins by subtracting a mean or by scaling, and hence which values it wants: 0..255 when it takes
 * numbers off or divides by ones that only fit pixels, 0..1 otherwise.
 * @returns undefined when the graph does not normalise by itself
 */
export function ownNormalization(index: GraphIndex, input: string): OwnRange | undefined {
  const harmless = new Set(['Transpose', 'Cast', 'Identity', 'Reshape', 'Resize']);
  let current = input;
  for (;;) {
    const next = (index.graph.node ?? []).find((node) => node.input?.includes(current));
    const operator = next?.opType ?? '';
    if (['Sub', 'Add', 'Div', 'Mul'].includes(operator)) {
      const other = next?.input?.find((name) => name !== current);
      const values = other === undefined ? undefined : constantValues(index, other);
      if (values === undefined || values.length > 3) return undefined;
      const largest = Math.max(...values.map(Math.abs));
      return (operator === 'Mul' ? largest < 0.1 : largest > 2) ? 'pixels' : 'unit';
    }
    if (!harmless.has(operator) || !next?.output?.[0]) return undefined;
    current = next.output[0];
  }
}
