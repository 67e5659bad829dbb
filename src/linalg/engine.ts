import type { Matrix, Matrix32, Matrix64, SparseRows } from './matrix.ts';

/** Options of {@link Engine.multiply}. */
export interface MultiplyOptions {
  /** Use Aᵀ in place of A. */
  readonly transposeA?: boolean;
  /** Use Bᵀ in place of B. */
  readonly transposeB?: boolean;
}

/** Eigenvalues in descending order, and as columns of `vectors` (n x count) the orthonormal eigenvectors. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Matrix64;
}

/** A = U diag(s) Vᵀ: `u` is rows x count, `v` columns x count, both with orthonormal columns, s descending. */
export interface Svd {
  readonly u: Matrix64;
  readonly s: Float64Array;
  readonly v: Matrix64;
}

/** The best gallery rows of each query: `indices` and `scores` are queries x count, row-major, best first. */
export interface TopK {
  readonly count: number;
  readonly indices: Uint32Array;
  readonly scores: Float32Array;
}

/**
 * The dense linear algebra that Covista stands on. Each engine gives the same results up to rounding; every
 * method is asynchronous because engines may compute on other threads. Inputs are never written to, except the
 * `into` matrices, which are added to in place, and what `overwrite` allows.
 *
 * float32 inputs may be multiplied in float32, but sums over more than a few thousand rows are kept in float64.
 */
export interface Engine {
  /** `reference`, `wasm` or the name of the native library. */
  readonly name: string;
  /** How many threads compute. */
  readonly threads: number;

  /**
   * op(A) op(B), in the element type of A; A and B have the same element type. Equal float32 rows of A, and of B where
   * it is transposed, have exactly equal products, wherever they lie: equal embeddings tie.
   */
  multiply<M extends Matrix32 | Matrix64>(a: M, b: M, options?: MultiplyOptions): Promise<M>;

  /**
   * into += Σ_i w_i x_i x_iᵀ over the rows x_i of X (d x d, symmetric; both triangles are filled).
   * @param weights one weight a row; all 1 when left out
   * @param shift subtracted from every row first (length d), so that large means do not cancel digits
   */
  gram(x: Matrix, into: Matrix64, options?: { weights?: Float64Array; shift?: Float64Array }): Promise<void>;

  /** into += Σ_i (x_i - shiftX) (y_i - shiftY)ᵀ (dx x dy); X and Y may differ in element type. */
  crossGram(
    x: Matrix,
    y: Matrix,
    into: Matrix64,
    options?: { shiftX?: Float64Array; shiftY?: Float64Array },
  ): Promise<void>;

  /**
   * The Gram matrices of blocks with the same rows, and their products with each other, in one pass over the blocks:
   * into += Σ (x_i - shift_i) (x_j - shift_j)ᵀ for the blocks i <= j, in the order (0,0), (0,1), ..., (1,1), ...
   * Only the lower triangles of the square ones (i = j) are added to; what is above them is undefined afterwards.
   * @returns Σ (x_i - shift_i) for each block; where one of these is not finite, nothing is added
   */
  jointGram(
    blocks: readonly Matrix[],
    into: readonly Matrix64[],
    options?: { shifts?: readonly Float64Array[] },
  ): Promise<Float64Array[]>;

  /** into += Xᵀ S for sparse S, (dx x dy), at a cost proportional to the non-zeros of S; X is shifted by shiftX. */
  sparseCrossGram(
    x: Matrix,
    s: SparseRows,
    into: Matrix64,
    options?: { shiftX?: Float64Array },
  ): Promise<void>;

  /** into += Sᵀ S for sparse S, (d x d, both triangles). */
  sparseGram(s: SparseRows, into: Matrix64, options?: { weights?: Float64Array }): Promise<void>;

  /** S B for sparse S and dense B, rows x columns of B. */
  sparseMultiply<M extends Matrix32 | Matrix64>(s: SparseRows, b: M): Promise<M>;

  /**
   * The lower triangular L with L Lᵀ = A; reads the lower triangle of A and leaves zeros above the diagonal of L.
   * @param options `overwrite`: L takes the place of A, which is returned; saves the memory of one matrix. A is as
   *   before when this throws
   * @throws CovistaError `numeric` naming the pivot when A is not positive definite
   */
  cholesky(a: Matrix64, options?: { overwrite?: boolean }): Promise<Matrix64>;

  /** X with L X = B, or Lᵀ X = B when `transpose`; L is lower triangular. */
  solveTriangular(l: Matrix64, b: Matrix64, options?: { transpose?: boolean }): Promise<Matrix64>;

  /** Eigenvalues and eigenvectors of a symmetric matrix, all or the `count` largest. */
  eigenSymmetric(a: Matrix64, options?: { count?: number; signal?: AbortSignal }): Promise<Eigen>;

  /** Thin singular value decomposition, all min(rows, columns) triplets or the `count` largest. */
  svd(a: Matrix64, options?: { count?: number; signal?: AbortSignal }): Promise<Svd>;

  /**
   * For each row of `queries` the `count` rows of `gallery` with the largest inner product, without a full score
   * matrix; of equal scores the lower row comes first. Equal rows have exactly equal scores, wherever they lie.
   */
  topK(queries: Matrix32, gallery: Matrix32, count: number): Promise<TopK>;

  /**
   * The same matrix in memory that the engine computes in: `gram`, `crossGram`, `multiply`, `topK` and the others then
   * read it, or add to it, without copying. Worth it for a gallery that is searched again and again. Its elements can
   * be read and written as before; it stays valid until `release` or `close`. Engines that compute in any memory, or
   * have no room left, give back `m` itself.
   */
  hold<M extends Matrix>(m: M): Promise<M>;

  /** Frees the memory of a matrix that `hold` gave; it must not be used afterwards. */
  release(m: Matrix): Promise<void>;

  /** Ends worker threads; the engine must not be used afterwards. */
  close(): Promise<void>;
}
