/**
 * What each step of the default recipe brings, and what each step towards `best` adds to it: one is taken out, or added,
 * at a time, on a fold of Flickr8k's training photos.
 *
 *     node bench/quality/ablation.ts [--only words] [--seed 1] [--features f.npy]
 */
import { parseArgs } from 'node:util';
import { defaultWordVectors } from '../../src/encoders/index.ts';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import { type Evaluation, RECIPES, type Recipe, runExperiment } from '../../src/pipeline/index.ts';
import { flickr8kFold } from './flickr8k-fold.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    features: { type: 'string' },
  },
});

/** Search by tags takes time and is another step, so that it is left out of all rows but one. */
const base: Recipe = { ...RECIPES.default!, tags: { method: 'nearest' } };
const { refine, joined } = RECIPES.best!;
const terms = (change: Partial<Recipe['terms']>) => ({ terms: { ...base.terms, ...change } });

/** What is done in place of what the default does. */
const changes: Readonly<Record<string, Partial<Recipe>>> = {
  'the default without search by tags': {},
  'search by tags': { tags: RECIPES.default!.tags },
  'hubs left as they are': { hubness: undefined },
  'components not scaled': { scaling: 0 },
  'components scaled by the square root of their correlation': { scaling: 0.5 },
  'no pairs of words': terms({ pairs: false }),
  'words, not stems': terms({ stems: false }),
  'stop words kept': terms({ keepStopWords: true }),
  'no word vectors': { text: ['words'] },
  'no bag of words': { text: ['vectors'] },
  'captions joined, one pair a picture': { unit: 'picture' },
  'image features as they are': { image: 'plain' },
  'cube root of image features': { image: 'cube-root' },
  'image columns not standardised': { normalize: { ...base.normalize, image: 'energy' } },
  'ridge of images 0.5': { ridge: [0.5, base.ridge[1]] },
  'ridge of images 2': { ridge: [2, base.ridge[1]] },
  'ridge of words 1': { ridge: [base.ridge[0], 1] },
  'ridge of words 4': { ridge: [base.ridge[0], 4] },
  '512 dimensions': { dimensions: 512 },
  '128 dimensions': { dimensions: 128 },
  refined: { refine },
  'four models joined, not refined': { joined },
  'two models joined, refined': { refine, joined: joined!.slice(0, 1) },
  'three models joined, refined': { refine, joined: joined!.slice(0, 2) },
  'four models joined, refined: best': { refine, joined },
};

const recalls = ({ imageToText, textToImage }: Evaluation) =>
  [imageToText, textToImage].map((one) => [one['recall@1'], one['recall@5'], one['recall@10']]);
const mean = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

const engine = await createEngine();
try {
  const wordVectors = await defaultWordVectors();
  const experiment = await flickr8kFold(Number(values.seed), values.features);
  let first: number | undefined;
  console.log('| in place of the default | mean recall | difference | image to text | text to image | s |');
  console.log('| --- | ---: | ---: | --- | --- | ---: |');
  for (const [name, change] of Object.entries(changes)) {
    if (first !== undefined && !name.includes(values.only)) continue;
    const started = performance.now();
    const { evaluation } = await runExperiment(experiment, { ...base, ...change }, { engine, wordVectors });
    const both = recalls(evaluation);
    const score = mean(both.flat());
    first ??= score;
    const cells = both.map((some) => some.map((value) => value.toFixed(1)).join(' / '));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `| ${name} | ${score.toFixed(2)} | ${(score - first).toFixed(2)} | ${cells.join(' | ')} | ${seconds} |`,
    );
  }
} finally {
  await engine.close();
}
