import { fromFloat16 } from '../../linalg/float16.ts';
import {
  type Integer64,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  onnxDataType,
} from './onnx-schema.ts';

/** A graph with its names looked up: who makes a tensor, and which tensors do not depend on the input. */
export interface GraphIndex {
  readonly graph: OnnxGraph;
  /** The node that makes a tensor. */
  readonly producers: ReadonlyMap<string, OnnxNode>;
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  /** Initializers and whatever is computed from them alone. */
  readonly constants: ReadonlySet<string>;
  /** The inputs that a caller has to give, that is, without initializers. */
  readonly inputs: readonly OnnxValueInfo[];
}

/** Looks the names of a graph up; nodes are in topological order, as ONNX demands. */
export function indexGraph(graph: OnnxGraph): GraphIndex {
  const producers = new Map<string, OnnxNode>();
  const initializers = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? '', tensor]));
  const constants = new Set(initializers.keys());
  for (const { values } of graph.sparseInitializer ?? []) if (values?.name) constants.add(values.name);
  for (const node of graph.node ?? []) {
    const constant = usedNames(node).every((name) => constants.has(name));
    for (const name of node.output ?? []) {
      if (name === '') continue;
      producers.set(name, node);
      if (constant) constants.add(name);
    }
  }
  const inputs = (graph.input ?? []).filter((info) => !constants.has(info.name ?? ''));
  return { graph, producers, initializers, constants, inputs };
}

/** The names that a node reads, with those that its subgraphs (If, Loop, Scan) take from outside. */
export function usedNames(node: OnnxNode): string[] {
  const names = (node.input ?? []).filter((name) => name !== '');
  for (const { g, graphs } of node.attribute ?? []) {
    for (const graph of [...(g ? [g] : []), ...(graphs ?? [])]) names.push(...capturedNames(graph));
  }
  return names;
}

function capturedNames(graph: OnnxGraph): string[] {
  const own = new Set([
    ...(graph.input ?? []).map(({ name }) => name ?? ''),
    ...(graph.initializer ?? []).map(({ name }) => name ?? ''),
    ...(graph.node ?? []).flatMap(({ output }) => output ?? []),
  ]);
  const used = [
    ...(graph.node ?? []).flatMap(usedNames),
    ...(graph.output ?? []).map(({ name }) => name ?? ''),
  ];
  return used.filter((name) => !own.has(name));
}

/** The first input of a node that depends on the picture, which is how one walks back along the main path. */
export function mainInput(index: GraphIndex, node: OnnxNode): string | undefined {
  return node.input?.find((name) => name !== '' && !index.constants.has(name));
}

/** How many of a node's inputs depend on the picture: 2 for the addition of a residual branch. */
export function variableInputCount(index: GraphIndex, node: OnnxNode): number {
  return (node.input ?? []).filter((name) => name !== '' && !index.constants.has(name)).length;
}

/** An ints attribute of a node as numbers. */
export function intsAttribute(node: OnnxNode, name: string): number[] | undefined {
  return node.attribute?.find((attribute) => attribute.name === name)?.ints?.map(integer);
}

/** A 64-bit integer as a number; beyond 2^53 it is rounded. */
export function integer(value: Integer64 | undefined): number {
  return typeof value === 'number' || value === undefined ? Number(value ?? 0) : value.toNumber();
}

/** The shape of an input or output: numbers, names, or '' where nothing is known; undefined without a rank. */
export function shapeOf(info: OnnxValueInfo | undefined): (number | string)[] | undefined {
  return info?.type?.tensorType?.shape?.dim?.map(({ dimValue, dimParam }) => {
    // A dimension that was decoded has both: an empty name, or a value of 0.
    const size = integer(dimValue ?? 0);
    return dimParam || (size > 0 ? size : '');
  });
}

/** The shape of a constant, looked through the nodes that only convert it, when it is known. */
export function constantShape(index: GraphIndex, name: string): number[] | undefined {
  const node = index.producers.get(name);
  if (node && ['Identity', 'Cast', 'DequantizeLinear'].includes(node.opType ?? '')) {
    return constantShape(index, node.input?.[0] ?? '');
  }
  return constantTensor(index, name)?.dims?.map(integer);
}

/** The numbers of a small constant held in the file, or undefined when they are elsewhere or computed. */
export function constantValues(index: GraphIndex, name: string): number[] | undefined {
  const producer = index.producers.get(name);
  if (producer?.opType === 'Identity' || producer?.opType === 'Cast') {
    return constantValues(index, producer.input?.[0] ?? '');
  }
  const tensor = constantTensor(index, name);
  return tensor && tensorValues(tensor);
}

function constantTensor({ initializers, producers }: GraphIndex, name: string): OnnxTensor | undefined {
  const node = producers.get(name);
  if (node?.opType !== 'Constant') return initializers.get(name);
  return node.attribute?.find((attribute) => attribute.name === 'value')?.t;
}

/** The numbers of a tensor of float32, float16, float64, int32 or int64. */
function tensorValues(tensor: OnnxTensor): number[] | undefined {
  if (tensor.dataLocation === 1) return undefined;
  if (tensor.int64Data?.length) return tensor.int64Data.map(integer);
  const bytes = tensor.rawData?.length ? tensor.rawData : tensor.floatData;
  if (!bytes?.length) return undefined;
  const aligned = bytes.slice().buffer;
  try {
    switch (tensor.dataType) {
      case onnxDataType.float32:
        return [...new Float32Array(aligned)];
      case onnxDataType.float64:
        return [...new Float64Array(aligned)];
      case onnxDataType.float16:
        return [...fromFloat16(new Uint16Array(aligned))];
      case onnxDataType.int32:
        return [...new Int32Array(aligned)];
      case onnxDataType.int64:
        return Array.from(new BigInt64Array(aligned), Number);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** A message with some fields replaced; fields that the schema does not know stay with it. */
export function changed<T extends object>(message: T, changes: Partial<T>): T {
  const unknowns = (message as { $unknowns?: Uint8Array[] }).$unknowns;
  return { ...message, ...changes, ...(unknowns === undefined ? {} : { $unknowns: unknowns }) };
}
