export { type OwnVectorOptions, trainWordVectors, wordVectorsOf } from './own-vectors.ts';
export type { SentenceEncoder } from './sentence-encoder.ts';
export { stemmer } from './stemmers.ts';
export { otherLanguages, stopWords } from './stop-words.ts';
export { TextEncoder } from './text-encoder.ts';
export {
  type StoredTextEncoder,
  type TextBlock,
  type TextDecomposition,
  type TextEncoderOptions,
  WHOLE_TEXT,
} from './text-encoder-options.ts';
export { inverseDocumentFrequency } from './tf-idf.ts';
export { countWords, type Vocabulary } from './vocabulary.ts';
export type { WordVectors } from './word-vectors.ts';
export { segmentWords } from './words.ts';
