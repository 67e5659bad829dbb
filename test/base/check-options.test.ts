import { describe, expect, test } from 'vitest';
import {
  bankCorrection,
  captionVote,
  cosineSimilarity,
  createEngine,
  defaultImageEncoder,
  findPhrases,
  fit,
  fitRows,
  Gallery,
  indexRows,
  innerProductScorer,
  Moments,
  matrix,
  meanRecall,
  neighbourCorrection,
  openClassifier,
  project,
  readAnnotations,
  readFeatures,
  refine,
  resolveEncoder,
  scaleComponents,
  select,
  similarityEmbeddings,
  TextEncoder,
  trainWordVectors,
  wasmEngine,
} from '../../src/index.ts';

const engine = await createEngine('reference');
const x = matrix(4, 1, Float64Array.of(1, 2, 3, 5));
const y = matrix(4, 1, Float64Array.of(2, 1, 4, 6));
const unit = matrix(2, 1, Float32Array.of(1, 1));
const moments = Moments.zero([1, 1]);
await moments.add([x, y], { engine });
const space = await fit(moments, { engine });
const pairs = { images: [x], texts: [y], of: Uint32Array.of(0, 1, 2, 3) };
const voters = { embeddings: unit, words: indexRows([[0], [0]]), vocabulary: 1 };
const start = {
  ridge: [1, 1],
  blockWeights: [1, 1],
  dimensions: 1,
  similarity: { form: 'cosine', power: 1 },
} as const;
const selecting = { engine, views: [[0], [1]] as const, start, score: async () => 1, candidates: 1 };
const folds = [{ moments, items: [[x], [y]] as const }];

/** Calls with options as JavaScript may give them. */
// biome-ignore lint/suspicious/noExplicitAny: what no compiler lets through is what is tested
type Wrong = any;
const calls: Record<string, (options: Wrong) => unknown> = {
  fit: (options) => fit(moments, options),
  fitRows: (options) => fitRows([x, y], options),
  project: (options) => project(space, 0, [x], options),
  wasmEngine: (options) => wasmEngine(options),
  cosineSimilarity: (options) => cosineSimilarity(unit, unit, options),
  meanRecall: (options) => meanRecall(space, pairs, options),
  refine: (options) => refine(space, pairs, options),
  select: (options) => select(moments, folds, { ...selecting, ...options }),
  'TextEncoder.fit': (options) => TextEncoder.fit([['a dog']], { blocks: ['words'], ...options }),
  trainWordVectors: (options) => trainWordVectors([['a', 'b']], options),
  Gallery: (options) => new Gallery(engine, unit, options),
  innerProductScorer: (options) => innerProductScorer(engine, unit, unit, options),
  bankCorrection: (options) => bankCorrection(engine, unit, unit, options),
  neighbourCorrection: (options) => neighbourCorrection(engine, unit, unit, options),
  captionVote: (options) => captionVote(engine, unit, voters, options),
  findPhrases: (options) => findPhrases([['red', 'ball']], ['red', 'ball'], options),
  readAnnotations: (options) => readAnnotations('/nowhere.csv', options),
  readFeatures: (options) => readFeatures('/nowhere.npy', options),
  openClassifier: (options) => openClassifier('/nowhere.onnx', options),
  defaultImageEncoder: (options) => defaultImageEncoder(options),
  resolveEncoder: (options) => resolveEncoder('onnx:/nowhere.onnx', options),
};

const refusal = async (call: (options: Wrong) => unknown, options: Wrong): Promise<unknown> => {
  try {
    await call(options);
  } catch (error) {
    return error;
  }
  return undefined;
};

test('scaleComponents wants a power', () => {
  for (const power of [Number.NaN, -1, '1' as Wrong])
    expect(() => scaleComponents(unit, Float64Array.of(0.5), power)).toThrow(
      /power must be a number from 0 on, got (NaN|-1|"1")/,
    );
});

test.each(Object.entries(calls))(
  '%s names an option that it does not have, and those that it has',
  async (_, call) => {
    expect(await refusal(call, { engine, normalise: 'zscore' })).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/has no option "(normalise|engine)"/),
      hint: expect.stringMatching(/^Its options are /),
    });
  },
);

test.each(Object.entries(calls).filter(([name]) => !['select', 'TextEncoder.fit'].includes(name)))(
  '%s wants an object',
  async (_, call) => {
    for (const wrong of [null, 5, 'standardize', ['standardize']])
      expect(await refusal(call, wrong)).toMatchObject({
        code: 'usage',
        message: expect.stringMatching(
          /options must be an object, got (null|5|"standardize"|\["standardize"\])\./,
        ),
      });
  },
);

describe('values', () => {
  test.each<[string, Wrong, RegExp]>([
    ['fit', { normalize: 'zscore' }, /normalize must be an array .*none, energy, standardize, got "zscore"/],
    ['fit', { normalize: ['zscore', 'none'] }, /normalize .*got \["zscore","none"\]/],
    ['fit', { ridge: '0.1' }, /ridge must be a number from 0 on.*got "0.1"/],
    ['fit', { ridge: -1 }, /ridge .*got -1/],
    ['fit', { ridge: Number.NaN }, /ridge .*got NaN/],
    ['fit', { dimensions: 1.5 }, /dimensions must be a whole number from 1 on, got 1.5/],
    ['fit', { engine: 'wasm' }, /engine must be an engine.*got "wasm"/],
    ['fit', { engine: undefined }, /engine must be an engine.*got undefined/],
    ['fitRows', { blockWeights: 2 }, /blockWeights must be an array/],
    ['fitRows', { signal: true }, /signal must be an AbortSignal/],
    ['refine', { dropout: 0.5 }, /dropout must be two numbers/],
    ['refine', { steps: '80' }, /steps must be a whole number/],
    ['select', { forms: ['dot'] }, /forms must be .*cosine, gong, csa, euclidean, got \["dot"\]/],
    ['select', { start: { ...start, ridges: [1, 1] } }, /select, start has no option "ridges"/],
    ['select', { start: { ...start, similarity: { form: 'dot', power: 1 } } }, /form must be one of/],
    ['TextEncoder.fit', { blocks: ['word'] }, /blocks must be .*vectors, words, sentence, got \["word"\]/],
    ['wasmEngine', { threads: 0 }, /threads must be a whole number from 1 on, got 0/],
    ['wasmEngine', { threads: '2' }, /threads must be .*got "2"/],
    ['wasmEngine', { memory: Number.NaN }, /memory must be a number from 0 on, got NaN/],
    ['TextEncoder.fit', { stems: 'yes' }, /stems must be true or false, got "yes"/],
    ['TextEncoder.fit', { minimumCount: 0 }, /minimumCount must be a whole number from 1 on, got 0/],
    ['captionVote', { temperature: 0 }, /temperature must be a number above 0, got 0/],
    ['bankCorrection', { weight: Number.NaN }, /weight must be a number, got NaN/],
    ['neighbourCorrection', { neighbours: 0 }, /neighbours must be a whole number from 1 on, got 0/],
    ['resolveEncoder', { measure: true }, /measure must be one of once, again, got true/],
  ])('%s refuses %o by name', async (name, options, message) => {
    const given = ['fit', 'fitRows', 'refine'].includes(name) ? { engine, ...options } : options;
    expect(await refusal(calls[name]!, given)).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
  });

  test('of a similarity', () => {
    const correlations = Float64Array.of(1);
    expect(() => similarityEmbeddings(unit, correlations, { form: 'dot' as 'cosine', power: 1 })).toThrow(
      /no similarity "dot"/,
    );
  });

  test('that are undefined are left out', async () => {
    const options: Wrong = { engine, ridge: undefined, normalize: undefined, dimensions: undefined };
    expect((await fit(moments, options)).correlations).toEqual(space.correlations);
  });
});
