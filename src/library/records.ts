import type { Matrix32, SparseRows } from '../linalg/matrix.ts';

/** Paths, and row by row the vectors that belong to them. */
export interface VectorBatch {
  readonly paths: readonly string[];
  readonly vectors: Matrix32;
}

/** What is stored of a picture's file. */
export interface PictureRecord {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** Time of the last change, milliseconds since 1970. */
  readonly modified: number;
  readonly width: number;
  readonly height: number;
  readonly feature: Float32Array;
}

/** The words of one picture. */
export interface PictureWords {
  readonly path: string;
  readonly captions: readonly string[];
  readonly tags: readonly string[];
}

/** What somebody decided on the tags of one picture. */
export interface Decision {
  readonly path: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
}

/** What a model makes of pictures: embeddings, and for each how much of a hub it is, and its tags. */
export interface EmbeddingBatch extends VectorBatch {
  /** How much the scores of each picture are lowered because it is near to queries of all kinds. */
  readonly hubness: Float32Array;
  /** The tags by which each picture is found beside its embedding, n x tags of the model, probabilities. */
  readonly tags: SparseRows;
}
