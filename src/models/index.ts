import '../node-version.ts';

export { cacheFolder } from './cache.ts';
export { CENTERNET_SIZE, isCenternetInCache } from './centernet.ts';
export { type DownloadSource, download } from './download.ts';
export {
  type ExecutionProvider,
  executionProviders,
  type NetworkRuntime,
  networkRuntime,
} from './execution-providers.ts';
export { type PackageSource, packageFolder } from './npm-package.ts';
export {
  type AttributeValue,
  float,
  float16Tensor,
  float32Tensor,
  int64Tensor,
  onnxModel,
  onnxNode,
  valueInfo,
} from './onnx-build.ts';
export { inspectModel, type LayerInfo, type ModelInfo } from './onnx-inspect.ts';
export { decodeOnnxModel, encodeOnnxModel, readOnnxModel, writeOnnxModel } from './onnx-model.ts';
export {
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  onnxDataType,
} from './onnx-schema.ts';
export { imageEncoderRegistry, type RegistryEntry } from './registry.ts';
export { isInCache, registryFile } from './registry-file.ts';
export { isSentenceEncoderInCache, resolveSentenceEncoder } from './resolve-sentence-encoder.ts';
export { describeSettings, type RunSettings, settingsFromEnvironment } from './run-settings.ts';
export { cachedSentences } from './sentence-cache.ts';
export { absoluteSentenceName } from './sentence-names.ts';
export type { Pooling } from './sentence-network.ts';
export { type SentenceEntry, sentenceEncoderRegistry } from './sentence-registry.ts';
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
} from './sources.ts';
export { bestRun, listSpeeds, type SpeedRecord } from './speed-record.ts';
export {
  type ConversionOptions,
  type ConvertedWordVectors,
  convertWordVectors,
} from './word-vector-conversion.ts';
export type { KeepWords, Skipped, SkipReason } from './word-vector-writer.ts';
export {
  areDefaultVectorsInCache,
  DEFAULT_VECTOR_SIZE,
  defaultWordVectors,
  openWordVectors,
} from './word-vectors.ts';
