import type { WorkOptions } from '../../base/progress.ts';

/** A stretch of an image feature that came from one layer, standardised on its own. */
export interface FeatureBlock {
  readonly name: string;
  readonly size: number;
}

/** The feature of one picture, or why there is none; results come in any order, so each says which it is. */
export type EncodedPicture =
  | {
      readonly index: number;
      readonly feature: Float32Array;
      /** Size of the picture in pixels, after its orientation tag is applied. */
      readonly width: number;
      readonly height: number;
    }
  | { readonly index: number; readonly error: Error };

/** Turns pictures into feature vectors. Holds a session and worker threads: close it after use. */
export interface ImageEncoder {
  /** Names the network, layers and preprocessing, so that features of two encoders are never mixed. */
  readonly id: string;
  /** Length of a feature (dx). */
  readonly size: number;
  /** The blocks that make up a feature, in order; their sizes add up to `size`. */
  readonly blocks: readonly FeatureBlock[];
  /**
   * Encodes pictures given as file paths or encoded bytes, batched, with decoding and inference overlapped.
   * One bad picture yields an error for itself (CovistaError `bad-picture`) and never stops the others.
   */
  encode(
    pictures: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
    options?: WorkOptions,
  ): AsyncIterable<EncodedPicture>;
  /** Ends the session and its threads. */
  close(): Promise<void>;
}
