import { Command, Option } from 'commander';
import { CovistaError } from '../../errors.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import {
  type Experiment,
  type ExperimentResult,
  libraryExperiment,
  readExperiment,
  recipeByName,
  runExperiment,
} from '../../pipeline/index.ts';
import type { WorkOptions } from '../../progress.ts';
import { wordVectorsFor } from '../context.ts';
import { libraryOption, quietOption } from '../options.ts';
import { qualityTable } from '../quality-table.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, duration, paint } from '../terminal.ts';

const EXAMPLES = `
Examples:
  covista eval --library my-library
  covista eval --image-features f.npy --image-names names.txt --captions Flickr8k.token.txt \\
    --train train.txt --validation dev.txt --test test.txt --json out.json

Every test caption is one query against all test pictures; an image query counts its best-ranked own caption among all
test captions; median rank counts from 1. True tags: words, stop words left out, in at least 2 of a picture's captions.`;

interface Options extends CommonOptions {
  readonly library: string;
  readonly recipe: string;
  readonly imageFeatures?: string;
  readonly imageNames?: string;
  readonly captions?: string;
  readonly train?: string;
  readonly validation?: string;
  readonly test?: string;
  readonly language: string;
  readonly vectors: string;
  readonly holdOut: number;
  readonly seed: number;
}

/** `covista eval` */
export function evalCommand(): Command {
  return new Command('eval')
    .description('measure retrieval and tagging on pictures that were never learned from')
    .addOption(libraryOption())
    .option('-r, --recipe <name>', 'default or article', 'default')
    .option('--hold-out <share>', 'share of a library that is tested on', Number, 0.2)
    .option('--seed <number>', 'seed of the hold-out', Number, 1)
    .option('--image-features <file>', 'precomputed features in place of a library: .npy, one row a picture')
    .option('--image-names <file>', 'names of the rows, one a line')
    .option('--captions <file>', 'captions of the pictures')
    .option('--train <file>', 'names of the training pictures, one a line')
    .option('--validation <file>', 'names of the validation pictures')
    .option('--test <file>', 'names of the test pictures')
    .option('--vectors <file>', 'word vectors: word2vec, GloVe, fastText or Numberbatch', 'default')
    .option('--language <tag>', 'language of the captions, as en or de', 'en')
    .addOption(new Option('--json [file]', 'print the result as JSON, or write it to a file'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const recipe = recipeByName(options.recipe);
        const experiment = await openExperiment(options, work);
        const engine = await createEngine();
        try {
          const wordVectors = await wordVectorsFor(recipe, options.vectors, work);
          const { language, vectors } = options;
          const result = await runExperiment(experiment, recipe, {
            ...work,
            engine,
            wordVectors,
            vectors,
            language,
          });
          return { text: describe(result), json: toJson(result) };
        } finally {
          await engine.close();
        }
      }),
    );
}

async function openExperiment(options: Options, work: WorkOptions): Promise<Experiment> {
  const { imageFeatures, imageNames, captions, train, validation, test } = options;
  if (imageFeatures === undefined) {
    if (!(options.holdOut > 0 && options.holdOut < 1))
      throw new CovistaError('usage', `--hold-out must lie between 0 and 1, got ${options.holdOut}.`);
    const library = await Library.open(options.library);
    try {
      return await libraryExperiment(library, options.holdOut, options.seed);
    } finally {
      library.close();
    }
  }
  const needed = { '--image-names': imageNames, '--captions': captions, '--train': train, '--test': test };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0)
    throw new CovistaError('usage', `With --image-features, ${missing.join(', ')} must be given too.`);
  return readExperiment(
    { imageFeatures, imageNames: imageNames!, captions: captions!, train: train!, validation, test: test! },
    work,
  );
}

/** The result as programs read it; recalls and precisions in per cent. */
export function toJson({ recipe, n, evaluation, seconds }: ExperimentResult) {
  const { imageToText, textToImage, imageToTag, chance } = evaluation;
  return { recipe, n, imageToText, textToImage, imageToTag, chance, seconds };
}

function describe(result: ExperimentResult): string {
  const { n, evaluation, seconds } = result;
  return [
    qualityTable([
      { name: result.recipe, quality: evaluation },
      { name: 'chance', quality: evaluation.chance },
    ]),
    paint(
      'dim',
      `Learned from ${count(n.train)} pictures in ${duration(seconds.fit)}, tested on ${count(n.test)} others with ${count(evaluation.tested.captions)} captions; ${count(evaluation.imageToTag.vocabulary)} tags. R@K, P@5, R@5 and mAP in per cent.`,
    ),
  ].join('\n\n');
}
