import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import {
  type ComparedResult,
  compareRecipes,
  compareReport,
  compareWithStarter,
  type Experiment,
  type ExperimentResult,
  libraryExperiment,
  qualityOf,
  type Recipe,
  readExperiment,
  recipeByName,
  type StarterChoice,
  starterMismatch,
} from '../../pipeline/index.ts';
import type { TextBlock } from '../../text/index.ts';
import { comparisonTables } from '../comparison-table.ts';
import { sentencesFor, starterNamed, withTextView, wordVectorsFor } from '../context.ts';
import {
  libraryOption,
  quietOption,
  type ReadingOptions,
  readingOf,
  readingOptions,
  textEncoderOption,
  textViewOption,
  vectorsOption,
} from '../options.ts';
import { qualityTable } from '../quality-table.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, duration, paint } from '../terminal.ts';

const EXAMPLES = `
Examples:
  covista eval --library my-library
  covista eval --image-features f.npy --image-names names.txt --captions Flickr8k.token.txt \\
    --train train.txt --validation dev.txt --test test.txt --json out.json
  covista eval --image-features vgg_feats.mat --captions dataset.json      Karpathy's files: names and splits are in them
  covista eval --library my-library --compare article,default --report comparison.html

Every test caption is one query against all test pictures; an image query counts its best-ranked own caption among all
test captions; median rank counts from 1. True tags: words, stop words left out, in at least 2 of a picture's captions. Every tag
is one query too, by itself, of which the pictures that have it are right; or every category of --categories.`;

interface Options extends CommonOptions, ReadingOptions {
  readonly library: string;
  readonly recipe: string;
  readonly compare?: string;
  readonly report?: string;
  readonly imageFeatures?: string;
  readonly imageNames?: string;
  readonly picturesIn?: 'rows' | 'columns';
  readonly captions?: string;
  readonly categories?: string;
  readonly train?: string;
  readonly validation?: string;
  readonly test?: string;
  readonly starter: string;
  readonly language: string;
  readonly vectors: string;
  readonly textEncoder?: string;
  readonly textView?: readonly TextBlock[];
  readonly holdOut: number;
  readonly seed: number;
}

/** `covista eval` */
export function evalCommand(): Command {
  const command = new Command('eval')
    .addOption(libraryOption())
    .option('-r, --recipe <name>', 'default, best (minutes) or article (the plain baseline)', 'default')
    .option(
      '--compare <recipes>',
      'several recipes, as article,default: intervals, and tests against the first',
    )
    .option('--report <file>', 'write the results as one HTML page too')
    .option('--hold-out <share>', 'share of a library that is tested on', Number, 0.2)
    .option('--seed <number>', 'seed of the hold-out', Number, 1)
    .option(
      '--image-features <file>',
      'precomputed features in place of a library, one row a picture: .npy, .npz, .safetensors, .mat, .parquet',
    )
    .option('--image-names <file>', 'names of the rows, one a line; a .parquet file may hold them itself')
    .addOption(
      new Option(
        '--pictures-in <side>',
        'whether a picture is one of the rows or of the columns of the features (default: as many as there are names)',
      ).choices(['rows', 'columns']),
    )
    .option('--captions <file>', "captions of the pictures; Karpathy's JSON files have the splits too")
    .option('--train <file>', 'names of the training pictures, one a line')
    .option('--validation <file>', 'names of the validation pictures')
    .option('--test <file>', 'names of the test pictures')
    .option(
      '--categories <file>',
      'what the pictures show, as COCO instances_*.json or a table with tags: each is a query by one word',
    )
    .addOption(vectorsOption())
    .addOption(textEncoderOption())
    .addOption(textViewOption())
    .option(
      '--starter <starter>',
      'what a library is learned on top of, as in fit: default, none, or a file; not with --compare',
      'default',
    )
    .option('--language <tag>', 'language of the captions, as en or de', 'en')
    .addOption(new Option('--json [file]', 'print the result as JSON, or write it to a file'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const names = options.compare?.split(',').map((name) => name.trim()) ?? [options.recipe];
        const recipes = names.map((name) => withTextView(recipeByName(name), options));
        if (new Set(names).size < names.length)
          throw new CovistaError('usage', `--compare names a recipe twice: ${options.compare}.`);
        const experiment = await openExperiment(options, work);
        const engine = await createEngine();
        try {
          const { language, vectors, seed, report } = options;
          // One of the recipes that need word vectors stands for all of them.
          const reader = recipes.find(({ text }) => text.includes('vectors'));
          const wordVectors = reader && (await wordVectorsFor(reader, vectors, work));
          const sentences = await sentencesFor(options, work);
          const training = { ...work, ...sentences, engine, wordVectors, vectors, language, seed };
          const onStarter = await compareOnStarter(experiment, recipes[0]!, options, training);
          const results = onStarter.results ?? (await compareRecipes(experiment, recipes, training));
          const { choice } = onStarter;
          if (report !== undefined) {
            const date = new Date().toLocaleDateString('en-GB', { dateStyle: 'long' });
            await replaceFile(
              report,
              await compareReport(
                experiment,
                results,
                ['covista eval', date],
                engine,
                choice === undefined ? 'recipes' : 'starter',
              ),
            );
          }
          const written = report === undefined ? '' : `\n\nThe report: ${paint('bold', resolve(report))}`;
          const single = options.compare === undefined;
          return {
            text: (single ? describe(results, onStarter.reason) : describeAll(results)) + written,
            json: single
              ? {
                  ...comparedJson(results[0]!),
                  ...(choice && {
                    starter: choice,
                    systems: results.map((one) => ({ name: one.name, ...comparedJson(one) })),
                  }),
                }
              : { recipes: results.map(comparedJson) },
          };
        } finally {
          await engine.close();
        }
      }),
    );
  for (const option of readingOptions()) command.addOption(option);
  return command;
}

/** What `covista fit` would learn, and what it stands on; or why there is no starter to learn on top of. */
async function compareOnStarter(
  experiment: Experiment,
  recipe: Recipe,
  { imageFeatures, compare, starter: name, vectors }: Options,
  training: Parameters<typeof compareWithStarter>[3],
): Promise<{ results?: ComparedResult[]; choice?: StarterChoice; reason?: string }> {
  if (imageFeatures !== undefined || compare !== undefined) return {};
  const starter = await starterNamed(name, training);
  if (starter === undefined) return { reason: 'Learned from own pictures only: no starter was asked for.' };
  const mismatch = starterMismatch(starter, experiment.encoder, recipe, vectors);
  if (mismatch !== undefined) return { reason: `Learned from own pictures only: ${mismatch}.` };
  const found = await compareWithStarter(experiment, recipe, starter, training);
  return { ...found, reason: found.choice.reason };
}

async function openExperiment(options: Options, work: WorkOptions): Promise<Experiment> {
  const { imageFeatures, imageNames, picturesIn, captions, categories, train, validation, test } = options;
  const reading = { ...work, ...readingOf(options) };
  if (imageFeatures === undefined) {
    if (!(options.holdOut > 0 && options.holdOut < 1))
      throw new CovistaError('usage', `--hold-out must lie between 0 and 1, got ${options.holdOut}.`);
    const library = await Library.open(options.library);
    try {
      return await libraryExperiment(
        library,
        { share: options.holdOut, seed: options.seed, categories },
        reading,
      );
    } finally {
      library.close();
    }
  }
  if (captions === undefined)
    throw new CovistaError('usage', 'With --image-features, --captions must be given too.');
  return readExperiment(
    { imageFeatures, imageNames, picturesIn, captions, categories, train, validation, test },
    reading,
  );
}

/** The result as programs read it; recalls and precisions in per cent. */
export function toJson({ recipe, n, evaluation, seconds }: ExperimentResult) {
  const { wordMetrics, calibration, calibrationByFrequency } = evaluation;
  const quality = { ...qualityOf(evaluation), wordMetrics, calibration, calibrationByFrequency };
  return { recipe, n, ...quality, chance: evaluation.chance, seconds };
}

function comparedJson(result: ComparedResult) {
  return { ...toJson(result), intervals: result.intervals, tests: result.tests };
}

function describeAll(results: readonly ComparedResult[]): string {
  const { n, evaluation } = results[0]!;
  const times = results.map(({ recipe, seconds }) => `${recipe} in ${duration(seconds.fit)}`);
  return [
    comparisonTables(results),
    paint(
      'dim',
      `Learned from ${count(n.train)} pictures (${times.join(', ')}), tested on ${count(n.test)} others with ${count(evaluation.tested.captions)} captions. R@K, P@5, R@5 and mAP in per cent; in brackets 95 % intervals from resampled pictures; p of a paired permutation test.`,
    ),
  ].join('\n\n');
}

function describe(results: readonly ExperimentResult[], reason: string | undefined): string {
  const { n, evaluation, seconds } = results[0]!;
  const tags = results.map((one) => `${one.name} ${count(one.evaluation.imageToTag.vocabulary)}`);
  const known =
    results.length === 1
      ? `${count(evaluation.imageToTag.vocabulary)} tags`
      : `tags and single words judged on the tags that each can give (${tags.join(', ')})`;
  return [
    qualityTable([
      ...results.map((one) => ({ name: one.name, quality: one.evaluation })),
      { name: 'chance', quality: evaluation.chance },
    ]),
    paint(
      'dim',
      [
        `Learned from ${count(n.train)} pictures in ${duration(seconds.fit)}, tested on ${count(n.test)} others with ${count(evaluation.tested.captions)} captions; ${known}. R@K, P@5, R@5 and mAP in per cent.`,
        ...(reason === undefined ? [] : [reason]),
      ].join('\n'),
    ),
  ].join('\n\n');
}
