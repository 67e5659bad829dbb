import protobuf from 'protobufjs';

/** A 64-bit integer of a protocol buffer: a number when built here, a `Long` when read from a file. */
export type Integer64 = number | { toNumber(): number };

/** TensorProto: a constant. Its numbers are in `rawData` (little-endian), a typed field, or another file. */
export interface OnnxTensor {
  dims?: Integer64[];
  /** One of {@link onnxDataType}. */
  dataType?: number;
  name?: string;
  rawData?: Uint8Array;
  /** Packed little-endian float32, kept as bytes so that hundreds of megabytes are not turned into numbers. */
  floatData?: Uint8Array;
  int64Data?: Integer64[];
  /** `location`, `offset`, `length` of the numbers when `dataLocation` is 1. */
  externalData?: OnnxProperty[];
  /** 0 in this file, 1 in another file. */
  dataLocation?: number;
}

/** StringStringEntryProto. */
interface OnnxProperty {
  key?: string;
  value?: string;
}

/** AttributeProto: a named argument of a node. */
export interface OnnxAttribute {
  name?: string;
  /** One of {@link onnxAttributeType}. */
  type?: number;
  f?: number;
  i?: Integer64;
  s?: Uint8Array;
  t?: OnnxTensor;
  g?: OnnxGraph;
  ints?: Integer64[];
  graphs?: OnnxGraph[];
}

/** NodeProto: one operation. Empty names stand for absent optional inputs and outputs. */
export interface OnnxNode {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute?: OnnxAttribute[];
}

/** TensorShapeProto.Dimension: a number, a name, or neither when nothing is known. */
interface OnnxDimension {
  dimValue?: Integer64;
  dimParam?: string;
}

/** ValueInfoProto: name, type and shape of a graph's input, output or inner tensor. */
export interface OnnxValueInfo {
  name?: string;
  type?: { tensorType?: { elemType?: number; shape?: { dim?: OnnxDimension[] } } };
}

/** GraphProto: nodes in topological order, constants, inputs and outputs. */
export interface OnnxGraph {
  node?: OnnxNode[];
  name?: string;
  initializer?: OnnxTensor[];
  input?: OnnxValueInfo[];
  output?: OnnxValueInfo[];
  valueInfo?: OnnxValueInfo[];
  quantizationAnnotation?: { tensorName?: string }[];
  sparseInitializer?: { values?: OnnxTensor }[];
}

/** ModelProto: the whole file. */
export interface OnnxModel {
  irVersion?: Integer64;
  producerName?: string;
  producerVersion?: string;
  graph?: OnnxGraph;
  opsetImport?: { domain?: string; version?: Integer64 }[];
  metadataProps?: OnnxProperty[];
}

/** TensorProto.DataType, the ones that pictures and weights come in. */
export const onnxDataType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

/** AttributeProto.AttributeType. */
export const onnxAttributeType = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/*
 * The part of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that is read or built here, with its field
 * numbers. Fields left out are unknown to the parser, which hands them on byte for byte when a model is written.
 * `float_data` is declared as bytes: a packed float field has the same wire format.
 */
const schema = `
syntax = "proto2";
package onnx;
message AttributeProto {
  optional string name = 1;
  optional int32 type = 20;
  optional float f = 2;
  optional int64 i = 3;
  optional bytes s = 4;
  optional TensorProto t = 5;
  optional GraphProto g = 6;
  repeated int64 ints = 8;
  repeated GraphProto graphs = 11;
}
message ValueInfoProto {
  optional string name = 1;
  optional TypeProto type = 2;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  optional string name = 3;
  optional string op_type = 4;
  optional string domain = 7;
  repeated AttributeProto attribute = 5;
}
message ModelProto {
  optional int64 ir_version = 1;
  optional string producer_name = 2;
  optional string producer_version = 3;
  optional GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14;
}
message StringStringEntryProto {
  optional string key = 1;
  optional string value = 2;
}
message TensorAnnotation {
  optional string tensor_name = 1;
}
message SparseTensorProto {
  optional TensorProto values = 1;
}
message GraphProto {
  repeated NodeProto node = 1;
  optional string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
  repeated ValueInfoProto value_info = 13;
  repeated TensorAnnotation quantization_annotation = 14;
  repeated SparseTensorProto sparse_initializer = 15;
}
message TensorProto {
  repeated int64 dims = 1;
  optional int32 data_type = 2;
  optional bytes float_data = 4;
  repeated int64 int64_data = 7 [packed = true];
  optional string name = 8;
  optional bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13;
  optional int32 data_location = 14;
}
message TensorShapeProto {
  message Dimension {
    optional int64 dim_value = 1;
    optional string dim_param = 2;
  }
  repeated Dimension dim = 1;
}
message TypeProto {
  message Tensor {
    optional int32 elem_type = 1;
    optional TensorShapeProto shape = 2;
  }
  optional Tensor tensor_type = 1;
}
message OperatorSetIdProto {
  optional string domain = 1;
  optional int64 version = 2;
}
`;

/** The parsed schema's ModelProto. */
export const modelType = protobuf.parse(schema).root.lookupType('onnx.ModelProto');
