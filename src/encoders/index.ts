import '../node-version.ts';

export { cacheFolder } from '../files/cache.ts';
export { type DownloadSource, download } from '../files/download.ts';
export { type PackageSource, packageFolder } from '../files/npm-package.ts';
export {
  EMOJIBASE,
  EMOJILIB,
  FLUENT_EMOJI,
  HUMAN,
  NOTO,
  OPENMOJI,
  OPENMOJI_WORDS,
  TWEMOJI,
  WINK_EMBEDDINGS,
} from '../files/sources.ts';
export {
  type AttributeValue,
  float,
  float16Tensor,
  float32Tensor,
  int64Tensor,
  onnxModel,
  onnxNode,
  valueInfo,
} from '../onnx/graph/onnx-build.ts';
export { inspectModel, type LayerInfo, type ModelInfo } from '../onnx/graph/onnx-inspect.ts';
export { decodeOnnxModel, encodeOnnxModel, readOnnxModel, writeOnnxModel } from '../onnx/graph/onnx-model.ts';
export {
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  onnxDataType,
} from '../onnx/graph/onnx-schema.ts';
export {
  type ExecutionProvider,
  executionProviders,
  type NetworkRuntime,
  networkRuntime,
} from '../onnx/run/execution-providers.ts';
export { describeSettings, type RunSettings, settingsFromEnvironment } from '../onnx/run/run-settings.ts';
export { bestRun, listSpeeds, type SpeedRecord } from '../onnx/run/speed-record.ts';
export { CENTERNET_SIZE, isCenternetInCache } from './image/centernet.ts';
export { imageEncoderRegistry, type RegistryEntry } from './registry.ts';
export { isInCache, registryFile } from './registry-file.ts';
export { isSentenceEncoderInCache, resolveSentenceEncoder } from './sentence/resolve-sentence-encoder.ts';
export { cachedSentences } from './sentence/sentence-cache.ts';
export { absoluteSentenceName } from './sentence/sentence-names.ts';
export type { Pooling } from './sentence/sentence-network.ts';
export { type SentenceEntry, sentenceEncoderRegistry } from './sentence/sentence-registry.ts';
export {
  type ConversionOptions,
  type ConvertedWordVectors,
  convertWordVectors,
} from './words/word-vector-conversion.ts';
export type { KeepWords, Skipped, SkipReason } from './words/word-vector-writer.ts';
export {
  areDefaultVectorsInCache,
  DEFAULT_VECTOR_SIZE,
  defaultWordVectors,
  openWordVectors,
} from './words/word-vectors.ts';
