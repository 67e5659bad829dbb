import '../node-version.ts';

export { Library, type LibraryEncoder } from './library.ts';
export type { Decision, EmbeddingBatch, PictureRecord, PictureWords, VectorBatch } from './records.ts';
