/** Pretrained word vectors, such as GloVe or Word2Vec. */
export interface WordVectors {
  /** Where they come from, as shown to users and stored with models: `glove-100`. */
  readonly id: string;
  /** Length of each vector. */
  readonly size: number;
  /** How many words there are. */
  readonly count: number;
  /** The vector of a word (lower case, as in the file), or undefined; a view that must not be written to. */
  vector(word: string): Float32Array | undefined;
  /** The words in the order of the file, for {@link WordVectors.vector}. */
  words(): Iterable<string>;
}
