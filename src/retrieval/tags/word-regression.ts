import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix, Matrix32, Matrix64, SparseRows } from '../../linalg/matrix.ts';
import { matrix, zeros64 } from '../../linalg/matrix.ts';
import { innerProductScorer, type Scorer } from '../gallery/scorer.ts';

/** A linear function of a picture's features for each word: features · weights + intercept. */
export interface WordRegression {
  /** Words x d. */
  readonly weights: Matrix32;
  /** One number a word. */
  readonly intercepts: Float32Array;
}

/**
 * The sums over training pictures that a ridge regression from features to words is solved from. Batches add up, in
 * memory that does not grow with the number of pictures; words stay sparse. Features are shifted by the mean of the
 * first batch, so that large means cost no digits.
 */
export class WordSums {
  readonly #features: number;
  readonly #words: number;
  #count = 0;
  #shift: Float64Array | undefined;
  readonly #featureSum: Float64Array;
  readonly #wordSum: Float64Array;
  readonly #squares: Matrix64;
  readonly #products: Matrix64;

  /**
   * @param features d, how many numbers describe a picture
   * @param words how many words there are
   */
  constructor(features: number, words: number) {
    this.#features = features;
    this.#words = words;
    this.#featureSum = new Float64Array(features);
    this.#wordSum = new Float64Array(words);
    this.#squares = zeros64(features, features);
    this.#products = zeros64(features, words);
  }

  /** How many pictures were added. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds pictures.
   * @param features pictures x d
   * @param words pictures x words: the share of each picture's captions that say the word, or 1 for each right tag
   * @throws CovistaError `bad-values` when shapes do not fit or a feature is not finite
   */
  async add(engine: Engine, features: Matrix, words: SparseRows): Promise<void> {
    if (features.columns !== this.#features || words.columns !== this.#words || features.rows !== words.rows)
      throw new CovistaError(
        'bad-values',
        `Features of ${features.rows} x ${features.columns} and words of ${words.rows} x ${words.columns} were ` +
          `added to a regression from ${this.#features} features to ${this.#words} words.`,
      );
    if (features.rows === 0) return;
    const sums = columnSums(features);
    this.#shift ??= sums.map((sum) => sum / features.rows);
    const shift = this.#shift;
    await engine.gram(features, this.#squares, { shift });
    await engine.sparseCrossGram(features, words, this.#products, { shiftX: shift });
    for (let c = 0; c < sums.length; c++) this.#featureSum[c]! += sums[c]! - features.rows * shift[c]!;
    for (let p = 0; p < words.indices.length; p++) this.#wordSum[words.indices[p]!]! += words.values[p]!;
    this.#count += features.rows;
  }

  /**
   * The weights W and intercepts that minimise Σ |s - xW - a|² + n λ |W|² over the n pictures, in closed form; the
   * intercept is not penalised (Hoerl and Kennard, 1970).
   * @param options `ridge`: λ as a share of the mean variance of a feature, 1 by default
   * @throws CovistaError `no-data` for fewer than two pictures, `usage` for a ridge below 0, `numeric` when the
   *   features are linearly dependent and the ridge is 0
   */
  async solve(engine: Engine, options: { readonly ridge?: number } = {}): Promise<WordRegression> {
    const { ridge = 1 } = options;
    if (!(ridge >= 0 && Number.isFinite(ridge)))
      throw new CovistaError('usage', `The ridge must be 0 or more, got ${ridge}.`);
    if (this.#count < 2)
      throw new CovistaError('no-data', `A regression needs two pictures or more, got ${this.#count}.`);
    const [d, n] = [this.#features, this.#count];
    const covariance = centred(this.#squares, this.#featureSum, this.#featureSum, n);
    let trace = 0;
    for (let c = 0; c < d; c++) trace += covariance.data[c * (d + 1)]!;
    for (let c = 0; c < d; c++) covariance.data[c * (d + 1)]! += (ridge * trace) / d;
    const lower = await engine.cholesky(covariance);
    const half = await engine.solveTriangular(
      lower,
      centred(this.#products, this.#featureSum, this.#wordSum, n),
    );
    const solution = await engine.solveTriangular(lower, half, { transpose: true });
    return this.#withIntercepts(solution);
  }

  #withIntercepts({ data }: Matrix64): WordRegression {
    const [d, words, n] = [this.#features, this.#words, this.#count];
    const weights = new Float32Array(words * d);
    const intercepts = new Float64Array(words);
    for (let word = 0; word < words; word++) intercepts[word] = this.#wordSum[word]! / n;
    for (let c = 0; c < d; c++) {
      const mean = this.#shift![c]! + this.#featureSum[c]! / n;
      for (let word = 0; word < words; word++) {
        const weight = data[c * words + word]!;
        weights[word * d + c] = weight;
        intercepts[word]! -= mean * weight;
      }
    }
    return { weights: matrix(words, d, weights), intercepts: Float32Array.from(intercepts) };
  }
}

/**
 * Image2tag by direct scoring: what the regression expects of each word. About 0..1, but not bounded. On Flickr8k it
 * does as well from the 512 numbers of a picture's embedding as from the 1,280 of its features (mAP 35.7 and 35.6, on
 * 1,000 training photos that were held out, where the vote of captions has 39.9), so embeddings are the better input.
 * @param features pictures x d, of the kind that the regression was learned from
 * @throws CovistaError `bad-values` when features have another size
 */
export function regressionScorer(engine: Engine, features: Matrix32, regression: WordRegression): Scorer {
  return innerProductScorer(engine, features, regression.weights, {
    correction: regression.intercepts.map((intercept) => -intercept),
  });
}

/** (products - a bᵀ / n) / n, a new matrix. */
function centred(products: Matrix64, a: Float64Array, b: Float64Array, n: number): Matrix64 {
  const { rows, columns } = products;
  const result = zeros64(rows, columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      result.data[i * columns + j] = (products.data[i * columns + j]! - (a[i]! * b[j]!) / n) / n;
  return result;
}

function columnSums({ rows, columns, data }: Matrix): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let c = 0; c < columns; c++) sums[c]! += data[i * columns + c]!;
  for (let c = 0; c < columns; c++)
    if (!Number.isFinite(sums[c]!))
      throw new CovistaError('bad-values', `Column ${c} of the features holds a value that is not finite.`);
  return sums;
}
