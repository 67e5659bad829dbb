import { CovistaError } from '../base/errors.ts';
import type { PairSource } from '../learning/pairs.ts';
import { train } from '../learning/train.ts';
import type { TrainOptions } from '../learning/train-options.ts';
import { type Matrix32, selectRows } from '../linalg/matrix.ts';
import type { Model } from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import { type Evaluation, evaluateModel } from './evaluate.ts';

/** Pictures with features and captions, and which of them are learned from and which are tested on. */
export interface Experiment {
  readonly encoder: Model['encoder'];
  /** n x dx. */
  readonly features: Matrix32;
  /** The captions of each picture; pictures without any are left out of training and test. */
  readonly captions: readonly (readonly string[])[];
  /** What each picture shows, as truth for search by single words; its tags when left out. */
  readonly categories?: readonly (readonly string[])[] | undefined;
  /** The file of each picture, absolute, where it is known; only reports show pictures. */
  readonly pictures?: readonly string[];
  /** As {@link PairSource.isAccepted}, by row. */
  readonly isAccepted?: PairSource['isAccepted'];
  /** Rows of the pictures to learn from. */
  readonly train: readonly number[];
  /** Rows of the pictures on which choices are made; never learned from. */
  readonly validation: readonly number[];
  /** Rows of the pictures to test on; never learned from, and no choice is made on them. */
  readonly test: readonly number[];
}

/** A model and how well it does on the test pictures. */
export interface ExperimentResult {
  readonly recipe: string;
  /** What it is called beside others: the recipe, or what it was learned from. */
  readonly name: string;
  readonly n: { readonly train: number; readonly validation: number; readonly test: number };
  readonly model: Model;
  readonly evaluation: Evaluation;
  readonly seconds: { readonly fit: number; readonly total: number };
}

/** Rows of the pictures that are tested on: those of the test set that have captions. */
export function testRows(experiment: Experiment): readonly number[] {
  return withCaptions(experiment, experiment.test);
}

const withCaptions = ({ captions }: Experiment, rows: readonly number[]) =>
  rows.filter((i) => captions[i]!.length > 0);

/** Pictures handed to training at once: enough for fast products, little enough memory. */
const BATCH = 2048;

/** How a model is learned from an experiment's training pictures. */
export interface Learning {
  /** What results are called; the recipe's name when left out. */
  readonly name?: string;
  learn(pairs: PairSource): Promise<Model>;
}

/**
 * Learns by a recipe from the training pictures and tests on the test pictures.
 * @param learning from these pictures alone when left out
 * @throws CovistaError `no-data` when there is nothing to learn from or to test on
 */
export async function runExperiment(
  experiment: Experiment,
  recipe: Recipe,
  options: TrainOptions,
  learning: Learning = { learn: (pairs) => train(pairs, recipe, options) },
): Promise<ExperimentResult> {
  const started = performance.now();
  const { features, captions, categories } = experiment;
  const training = withCaptions(experiment, experiment.train);
  const test = testRows(experiment);
  if (training.length === 0) throw new CovistaError('no-data', 'No training picture has a caption.');
  if (test.length === 0) throw new CovistaError('no-data', 'No test picture has a caption.');
  const model = await learning.learn({
    encoder: experiment.encoder,
    captions: training.map((i) => captions[i]!),
    isAccepted: (position, caption) => experiment.isAccepted?.(training[position]!, caption) ?? false,
    *features() {
      for (let start = 0; start < training.length; start += BATCH)
        yield selectRows(features, training.slice(start, start + BATCH));
    },
  });
  const fitted = performance.now();
  options.onProgress?.({ stage: `test on ${test.length} pictures`, done: 0 });
  const evaluation = await evaluateModel(
    model,
    {
      features: selectRows(features, test),
      captions: test.map((i) => captions[i]!),
      categories: categories && test.map((i) => categories[i]!),
    },
    options.engine,
  );
  return {
    recipe: recipe.name,
    name: learning.name ?? recipe.name,
    n: {
      train: training.length,
      validation: withCaptions(experiment, experiment.validation).length,
      test: test.length,
    },
    model,
    evaluation,
    seconds: { fit: (fitted - started) / 1000, total: (performance.now() - started) / 1000 },
  };
}
