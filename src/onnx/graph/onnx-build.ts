import { toFloat16 } from '../../linalg/float16.ts';
import {
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  onnxAttributeType,
  onnxDataType,
} from './onnx-schema.ts';

/** A node's argument as it is written in code: whole numbers are ints, use {@link float} for a float. */
export type AttributeValue = number | readonly number[] | string | OnnxTensor | { readonly float: number };

/** Marks a number as a float attribute, for whole numbers such as `alpha` = 1. */
export function float(value: number): { readonly float: number } {
  return { float: value };
}

/**
 * One operation of a graph.
 * @param opType the ONNX operator: `Conv`
 * @param input names of what it reads; an empty name leaves an optional input out
 * @param output names of what it makes
 * @param attributes its arguments: `{ strides: [2, 2] }`
 */
export function onnxNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): OnnxNode {
  return {
    opType,
    name: `${opType}:${output[0] ?? ''}`,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([name, value]) => onnxAttribute(name, value)),
  };
}

function onnxAttribute(name: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? { name, type: onnxAttributeType.int, i: value }
      : { name, type: onnxAttributeType.float, f: value };
  }
  if (typeof value === 'string') {
    return { name, type: onnxAttributeType.string, s: new TextEncoder().encode(value) };
  }
  if (Array.isArray(value)) return { name, type: onnxAttributeType.ints, ints: [...value] };
  if ('float' in value) return { name, type: onnxAttributeType.float, f: value.float };
  return { name, type: onnxAttributeType.tensor, t: value as OnnxTensor };
}

/** A float32 constant; its memory is used, not copied. */
export function float32Tensor(name: string, dims: readonly number[], values: Float32Array): OnnxTensor {
  return rawTensor(name, dims, onnxDataType.float32, values);
}

/** A float16 constant, rounded to nearest even from float32. */
export function float16Tensor(name: string, dims: readonly number[], values: Float32Array): OnnxTensor {
  return rawTensor(name, dims, onnxDataType.float16, toFloat16(values));
}

/** An int64 constant such as the shape of a Reshape. */
export function int64Tensor(name: string, dims: readonly number[], values: readonly number[]): OnnxTensor {
  return rawTensor(name, dims, onnxDataType.int64, BigInt64Array.from(values, BigInt));
}

function rawTensor(
  name: string,
  dims: readonly number[],
  dataType: number,
  values: Float32Array | Uint16Array | BigInt64Array,
): OnnxTensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size !== values.length) {
    throw new RangeError(`The tensor ${name} of shape [${dims}] needs ${size} values, got ${values.length}.`);
  }
  return {
    name,
    dims: [...dims],
    dataType,
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

/**
 * Name, type and shape of an input or output.
 * @param shape a number, or a name for a dimension that may vary: `['batch', 3, 224, 224]`; left out, it is unknown
 * @param elemType one of {@link onnxDataType}, float32 when left out
 */
export function valueInfo(
  name: string,
  shape?: readonly (number | string)[],
  elemType: number = onnxDataType.float32,
): OnnxValueInfo {
  if (shape === undefined) return { name, type: { tensorType: { elemType } } };
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/**
 * A model around a graph.
 * @param graph its nodes in topological order
 * @param opset version of the ONNX operators; the file's version follows from it
 */
export function onnxModel(graph: OnnxGraph, opset = 17): OnnxModel {
  return {
    irVersion: opset < 9 ? 3 : opset < 15 ? 7 : 8,
    producerName: 'covista',
    graph: { name: 'graph', ...graph },
    opsetImport: [{ domain: '', version: opset }],
  };
}
