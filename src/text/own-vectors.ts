import { anEngine, aSignal, checkOptions, required, whole } from '../base/check-options.ts';
import { CovistaError, throwIfAborted } from '../base/errors.ts';
import { createRandom } from '../base/random.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, type Matrix64, row, type SparseRows, zeros32, zeros64 } from '../linalg/matrix.ts';
import { countWords } from './vocabulary.ts';
import type { WordVectors } from './word-vectors.ts';

/** What {@link trainWordVectors} takes. */
export interface OwnVectorOptions {
  readonly engine: Engine;
  /** Length of a vector, at most; 300 when left out. */
  readonly size?: number;
  /** In how many documents a word must occur; 2 when left out. */
  readonly minimumCount?: number;
  readonly signal?: AbortSignal;
}

/** Rarer words than the first so many say too little of each other. */
const LARGEST_VOCABULARY = 30_000;

/** Dimensions that the subspace has beyond those that are kept, and how often it is improved (Halko et al. 2011). */
const OVERSAMPLING = 20;
const POWER_ITERATIONS = 4;

/**
 * Word vectors from a collection's own words: the singular value decomposition of the positive pointwise mutual
 * information of words that occur in one document, U √Σ (Levy and Goldberg, NIPS 2014; Levy, Goldberg and Dagan,
 * TACL 2015, section 3.3). The decomposition is a randomised one (Halko, Martinsson and Tropp, SIAM Review 2011).
 * @param documents the words of each picture's captions: what they share says more than what one caption says
 * @returns vectors of the words that occur often enough, the most frequent first, each of unit length
 * @throws CovistaError `no-data` when fewer than two words occur often enough together with others
 */
export async function trainWordVectors(
  documents: Iterable<readonly string[]>,
  options: OwnVectorOptions,
): Promise<WordVectors> {
  checkOptions('trainWordVectors', options, {
    engine: required(anEngine),
    size: whole(1),
    minimumCount: whole(1),
    signal: aSignal,
  });
  const { engine, size = 300, minimumCount = 2, signal } = options;
  const texts = [...documents];
  const { words, frequencies } = countWords(texts);
  const often = words.filter((_, i) => frequencies[i]! >= minimumCount).slice(0, LARGEST_VOCABULARY);
  const information = positiveInformation(countPairs(texts, often));
  if (often.length < 2 || information.values.length === 0)
    throw new CovistaError('no-data', 'The captions are too few to train word vectors on.', {
      hint: 'Use the default word vectors, or a file.',
    });
  return wordVectorsOf('own', often, await decompose(information, size, engine, signal));
}

/**
 * Word vectors that are in memory.
 * @param vectors one row a word
 */
export function wordVectorsOf(id: string, words: readonly string[], vectors: Matrix32): WordVectors {
  if (words.length !== vectors.rows)
    throw new CovistaError('bad-values', `${words.length} words came with ${vectors.rows} vectors.`);
  const position = new Map(words.map((word, i) => [word, i]));
  return {
    id,
    size: vectors.columns,
    count: words.length,
    vector: (word) => {
      const i = position.get(word);
      return i === undefined ? undefined : row(vectors, i);
    },
    words: () => words,
  };
}

/** In how many documents each pair of different words occurs: row i holds the counts of its partners. */
function countPairs(texts: readonly (readonly string[])[], words: readonly string[]): Map<number, number>[] {
  const position = new Map(words.map((word, i) => [word, i]));
  const pairs = words.map(() => new Map<number, number>());
  for (const text of texts) {
    const ids = [...new Set(text)].flatMap((word) => position.get(word) ?? []);
    for (const a of ids) {
      const partners = pairs[a]!;
      for (const b of ids) if (a !== b) partners.set(b, (partners.get(b) ?? 0) + 1);
    }
  }
  return pairs;
}

/** max(0, ln(P(a, b) / (P(a) P(b)))) of all pairs: a symmetric sparse matrix. */
function positiveInformation(pairs: readonly Map<number, number>[]): SparseRows {
  const totals = pairs.map((partners) => [...partners.values()].reduce((sum, count) => sum + count, 0));
  const all = totals.reduce((sum, total) => sum + total, 0);
  const offsets = new Uint32Array(pairs.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (const [a, partners] of pairs.entries()) {
    for (const [b, count] of [...partners].sort(([one], [other]) => one - other)) {
      const information = Math.log((count * all) / (totals[a]! * totals[b]!));
      if (information <= 0) continue;
      indices.push(b);
      values.push(information);
    }
    offsets[a + 1] = indices.length;
  }
  return {
    rows: pairs.length,
    columns: pairs.length,
    offsets,
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
  };
}

/** The rows of U √Σ of a symmetric sparse matrix, scaled to unit length. */
async function decompose(
  m: SparseRows,
  size: number,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<Matrix32> {
  const random = createRandom(1);
  const start = zeros64(m.rows, Math.min(m.rows, size + OVERSAMPLING));
  for (let i = 0; i < start.data.length; i++) start.data[i] = random.normal();
  let basis = await orthonormal(await engine.sparseMultiply(m, start), engine);
  for (let i = 0; i < POWER_ITERATIONS; i++) {
    throwIfAborted(signal);
    basis = await orthonormal(await engine.sparseMultiply(m, basis), engine);
  }
  // M ≈ M Q Qᵀ: the left singular vectors of the narrow M Q are those of M.
  const { u, s } = await engine.svd(await engine.sparseMultiply(m, basis));
  const count = Math.min(size, s.filter((value) => value > 1e-9 * s[0]!).length);
  const vectors = zeros32(m.rows, count);
  for (let i = 0; i < m.rows; i++) {
    const vector = row(vectors, i);
    for (let j = 0; j < count; j++) vector[j] = u.data[i * u.columns + j]! * Math.sqrt(s[j]!);
    const length = Math.hypot(...vector);
    if (length > 0) for (let j = 0; j < count; j++) vector[j]! /= length;
  }
  return vectors;
}

/** An orthonormal basis of the columns. */
async function orthonormal(m: Matrix64, engine: Engine): Promise<Matrix64> {
  return (await engine.svd(m)).u;
}
