export type { VectorBatch } from './batches.ts';
export {
  type Decision,
  type EmbeddingBatch,
  Library,
  type LibraryEncoder,
  type PictureRecord,
  type PictureWords,
} from './library.ts';
