export { createRandom, type Random } from '../base/random.ts';
export type { Eigen, Engine, MultiplyOptions, Svd, TopK } from './engine.ts';
export { fromFloat16, toFloat16 } from './float16.ts';
export { HalfMatrix } from './half-matrix.ts';
export {
  type Floats,
  isSparse,
  type Matrix,
  type Matrix32,
  type Matrix64,
  matrix,
  type Rows,
  row,
  type SparseRows,
  zeros32,
  zeros64,
} from './matrix.ts';
export { type EngineSpeed, measureEngine } from './measure-engine.ts';
export { jsonText, wholeText } from './metadata-text.ts';
export { referenceEngine } from './reference-engine.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors, type Tensor } from './safetensors.ts';
export { encodeTensorFile, TensorFile, type TensorFileKind } from './tensor-file.ts';
export { transpose } from './transpose.ts';
export { wasmEngine } from './wasm-engine.ts';
