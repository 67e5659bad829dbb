import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  chanceTags,
  reliability,
  tagMetrics,
  tagResults,
  tagTruth,
  tagVocabulary,
} from '../../../src/evaluation/index.ts';
import { type Matrix32, matrix, referenceEngine } from '../../../src/linalg/index.ts';
import { readExperiment } from '../../../src/pipeline/experiment-files.ts';
import {
  calibratedScorer,
  combinedScorer,
  findPhrases,
  fitTagCalibration,
  fitTagCombination,
  regressionScorer,
  type Scorer,
  topTags,
  WordSums,
} from '../../../src/retrieval/index.ts';
import { segmentWords } from '../../../src/text/words.ts';
import { hasShared, SHARED } from '../../shared.ts';

const folder = `${SHARED}/data/flickr8k/`;
const engine = referenceEngine();
/** A fifth of the features keeps the regression to a second. */
const columns = 256;

describe.skipIf(!hasShared)('tags of Flickr8k', () => {
  let features: Matrix32;
  let tokens: string[][][];
  beforeAll(async () => {
    const experiment = await readExperiment({
      imageFeatures: `${folder}mobilenet_v2_pool1280.npy`,
      imageNames: `${folder}mobilenet_v2_pool1280.names.txt`,
      captions: `${folder}Flickr8k.token.txt`,
      train: `${folder}Flickr_8k.trainImages.txt`,
      test: `${folder}Flickr_8k.devImages.txt`,
    });
    features = experiment.features;
    tokens = experiment.captions.map((some) => some.map((caption) => segmentWords(caption, 'en')));
  });

  /** Every so many-th picture, with some of its features. */
  function sample(from: number, step: number) {
    const rows = Array.from({ length: Math.ceil((tokens.length - from) / step) }, (_, i) => from + i * step);
    const data = new Float32Array(rows.length * columns);
    rows.forEach((row, i) => {
      data.set(features.data.subarray(row * features.columns, row * features.columns + columns), i * columns);
    });
    return { features: matrix(rows.length, columns, data), tokens: rows.map((row) => tokens[row]!) };
  }

  it('are told by a regression far better than by chance, with probabilities that can be trusted', async () => {
    const [training, held, fresh] = [sample(0, 4), sample(1, 8), sample(2, 8)];
    const vocabulary = tagVocabulary(training.tokens, { minimumPictures: 20 });
    const right = tagTruth(training.tokens, vocabulary).tags;
    const sums = new WordSums(columns, vocabulary.length);
    await sums.add(engine, training.features, {
      rows: training.tokens.length,
      columns: vocabulary.length,
      ...right,
      values: new Float32Array(right.indices.length).fill(1),
    });
    const regression = await sums.solve(engine);
    const heldTruth = tagTruth(held.tokens, vocabulary).tags;
    const heldScorer = regressionScorer(engine, held.features, regression);
    const combination = await fitTagCombination([heldScorer], heldTruth);
    const truth = tagTruth(fresh.tokens, vocabulary).tags;
    const scorer = combinedScorer([regressionScorer(engine, fresh.features, regression)], combination);
    const found = tagMetrics(await tagResults(scorer, truth)).map;
    expect(found).toBeGreaterThan(8 * chanceTags(truth, vocabulary.length).map);

    const frequencies = new Uint32Array(vocabulary.length);
    for (const word of right.indices) frequencies[word]! += 1;
    const calibration = await fitTagCalibration(
      combinedScorer([heldScorer], combination),
      heldTruth,
      frequencies,
    );
    const calibrated = calibratedScorer(scorer, calibration, frequencies);
    // Ranks hardly change, while numbers become probabilities, of the ten best tags too.
    expect(tagMetrics(await tagResults(calibrated, truth)).map).toBeGreaterThan(found - 1);
    const before = await errorOfBest(scorer);
    const after = await errorOfBest(calibrated);
    expect(after).toBeLessThan(0.04);
    expect(after).toBeLessThan(before);

    async function errorOfBest(some: Scorer): Promise<number> {
      const best = topTags(await some.block(0, some.queries), 10);
      const outcomes = Array.from(best.indices, (word, i) => {
        const picture = Math.floor(i / best.count);
        return truth.indices.subarray(truth.offsets[picture], truth.offsets[picture + 1]).includes(word)
          ? 1
          : 0;
      });
      const clamped = best.scores.map((score) => Math.min(1, Math.max(0, score)));
      return reliability(clamped, outcomes).expectedCalibrationError;
    }
  });

  it('can be phrases', () => {
    const lines = readFileSync(`${folder}Flickr8k.token.txt`, 'utf8').trim().split('\n');
    const captions = lines.map((line) => segmentWords(line.split('\t')[1]!, 'en'));
    const vocabulary = tagVocabulary(tokens, { minimumPictures: 20 }).filter((word) => word.length > 3);
    const phrases = findPhrases(captions, vocabulary).map(({ text }) => text);
    expect(phrases).toEqual(
      expect.arrayContaining(['german shepherd', 'tennis ball', 'swimming pool', 'soccer ball']),
    );
    expect(phrases).not.toContain('brown dog');
    expect(phrases.length).toBeLessThan(vocabulary.length);
  });
});
