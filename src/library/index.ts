import '../node-version.ts';

export type { VectorBatch } from './batches.ts';
export { Library, type LibraryEncoder } from './library.ts';
export type { Decision, EmbeddingBatch, PictureRecord, PictureWords } from './records.ts';
