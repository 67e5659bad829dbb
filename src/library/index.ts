export {
  type EmbeddingBatch,
  Library,
  type LibraryEncoder,
  type PictureRecord,
  type PictureWords,
  type VectorBatch,
  writeAtomically,
} from './library.ts';
