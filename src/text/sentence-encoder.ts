import type { Matrix32 } from '../linalg/matrix.ts';

/** A network that turns a whole text into a vector, such as a sentence transformer or the text tower of CLIP. */
export interface SentenceEncoder {
  /** Names the network and how its output is pooled; stored with models. */
  readonly id: string;
  /** Length of a vector. */
  readonly size: number;
  /**
   * Vectors of texts, n x size, each of unit length.
   * @throws CovistaError `bad-format` when the network cannot be run; `aborted`
   */
  encode(texts: readonly string[]): Promise<Matrix32>;
  /** Ends its threads. */
  close(): Promise<void>;
}
