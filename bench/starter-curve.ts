import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../src/base/random.ts';
import { EMOJI_LANGUAGES, loadEmoji } from '../src/datasets/index.ts';
import { defaultImageEncoder } from '../src/encoders/image/index.ts';
import { defaultWordVectors } from '../src/encoders/index.ts';
import { createEngine } from '../src/linalg/create-engine.node.ts';
import { selectRows } from '../src/linalg/matrix.ts';
import {
  type Experiment,
  evaluateModel,
  fitOnStarter,
  loadStarter,
  type Model,
  type PairSource,
  RECIPES,
  type Recipe,
  readExperiment,
  type Starter,
  starterModel,
  type Tag,
  tagFeatures,
  train,
  trainStarter,
} from '../src/pipeline/index.ts';
import { emojiExperiments, emojiFeatures } from '../src/showcases/emoji-experiment.ts';

/**
 * How results grow with the pairs that a user adds to a starter, beside starter only and own pairs only:
 *
 *     node bench/starter-curve.ts --set en --out curve.md
 *     node bench/starter-curve.ts --set photos --features f.npy --names n.txt --captions c.txt --train t.txt --test v.txt
 *
 * `--set` is `photos`, whose first half of the training pictures makes the starter and whose second half is added, or a
 * language of the emoji set, added to the starter that comes with Covista.
 *
 * With `--teach` a user without captions is simulated: of the five tags that the starter gives to each picture those that
 * its captions hold are accepted. Precision of the best five tags is shown too then.
 */
const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'en' },
    pairs: { type: 'string', default: '10,30,100,300,1000,3000' },
    features: { type: 'string' },
    names: { type: 'string' },
    captions: { type: 'string' },
    train: { type: 'string' },
    test: { type: 'string' },
    teach: { type: 'boolean', default: false },
    out: { type: 'string', default: 'starter-curve.md' },
  },
});

const engine = await createEngine();
const wordVectors = await defaultWordVectors();
// Without a vote the captions need not be placed, which takes longer than all else.
const recipe: Recipe = values.teach ? RECIPES.default! : { ...RECIPES.default!, tags: { method: 'nearest' } };
const language = values.set === 'photos' ? 'en' : values.set;
const options = { engine, wordVectors, language };
const { experiment, own, starter } = values.set === 'photos' ? await photos() : await emoji();

const random = createRandom(1);
for (let i = own.length - 1; i > 0; i--) {
  const j = random.integer(i + 1);
  [own[i], own[j]] = [own[j]!, own[i]!];
}
writeFileSync(
  values.out,
  '| own pairs | starter only | own only | learned on top | choice |\n| ---: | --- | --- | --- | --- |\n',
);
const base = await starterModel(
  { ...starter, model: { ...starter.model, recipe: { ...starter.model.recipe, tags: recipe.tags } } },
  options,
);
const alone = await quality(base);
for (const n of values.pairs.split(',').map(Number)) {
  const rows = own.slice(0, n);
  const pairs = values.teach ? await taught(rows) : source(rows);
  const { model, choice } = await fitOnStarter(pairs, recipe, starter, options);
  const some = pairs.captions.length > 1;
  const row = [
    n,
    alone,
    some ? await quality(await train(pairs, recipe, options)) : '-',
    await quality(model),
  ];
  const chosen =
    choice.from === 'merged' || choice.from === 'joined'
      ? `${choice.from}, starter x ${choice.weight}`
      : `${choice.from} only`;
  appendFileSync(values.out, `| ${row.join(' | ')} | ${chosen} |\n`);
  console.log(row.join(' | '), choice.reason);
}
await engine.close();

/** What a user teaches who looks at the five best tags of each picture. */
async function taught(rows: readonly number[]): Promise<PairSource> {
  const features = selectRows(experiment.features, rows);
  const tags = await tagFeatures(base, features, 5, engine);
  const accepted = rows.map((picture, i) => {
    const captions = experiment.captions[picture]!;
    const said = captions.map((caption) => new Set(base.text.words(caption)));
    const right = ({ word }: Tag) =>
      said.filter((words) => words.has(word)).length >= Math.min(2, said.length);
    return tags[i]!.filter(right).map(({ word }) => word);
  });
  const some = rows.map((_, i) => i).filter((i) => accepted[i]!.length > 0);
  return {
    encoder: experiment.encoder,
    captions: some.map((i) => [accepted[i]!.join(', ')]),
    features: () => (some.length > 0 ? [selectRows(features, some)] : []),
    isAccepted: () => true,
  };
}

function source(rows: readonly number[]): PairSource {
  return {
    encoder: experiment.encoder,
    captions: rows.map((i) => experiment.captions[i]!),
    features: () => [selectRows(experiment.features, rows)],
  };
}

/** Recall@10 of picture to text and of text to picture; and the precision of the best five tags. */
async function quality(model: Model): Promise<string> {
  const { features, captions, test } = experiment;
  const set = { features: selectRows(features, test), captions: test.map((i) => captions[i]!) };
  const { imageToText, textToImage, imageToTag } = await evaluateModel(model, set, engine);
  const recalls = `${imageToText['recall@10'].toFixed(1)} / ${textToImage['recall@10'].toFixed(1)}`;
  return values.teach ? `${recalls}, ${imageToTag['precision@5'].toFixed(1)}` : recalls;
}

async function photos(): Promise<{ experiment: Experiment; own: number[]; starter: Starter }> {
  const { features, names, captions, train: trainFile, test } = values;
  if (!features || !names || !captions || !trainFile || !test)
    throw new Error('Photos need --features, --names, --captions, --train and --test.');
  const experiment = await readExperiment({
    imageFeatures: features,
    imageNames: names,
    captions,
    train: trainFile,
    test,
  });
  const half = Math.floor(experiment.train.length / 2);
  const rows = experiment.train.slice(0, half);
  const pairs = {
    encoder: experiment.encoder,
    captions: rows.map((i) => experiment.captions[i]!),
    features: () => [selectRows(experiment.features, rows)],
  };
  const starter = await trainStarter(pairs, recipe, { ...options, name: 'half of the photos' });
  return { experiment, own: experiment.train.slice(half), starter };
}

async function emoji(): Promise<{ experiment: Experiment; own: number[]; starter: Starter }> {
  const found = EMOJI_LANGUAGES.find((one) => one === values.set);
  if (found === undefined) throw new Error(`There are no emoji in ${values.set}.`);
  const set = await loadEmoji({ language: found });
  const encoder = await defaultImageEncoder();
  const features = await emojiFeatures(set, encoder, {});
  await encoder.close();
  const { id, size, blocks } = encoder;
  const { unseenConcepts } = emojiExperiments(set, features, { id, size, blocks }, 1);
  const starter = await loadStarter(undefined, { wordVectors: async () => wordVectors });
  return { experiment: unseenConcepts, own: [...unseenConcepts.train], starter };
}
