import type { Interval, PairedTest } from '../evaluation/index.ts';
import type { PairSource } from '../learning/pairs.ts';
import type { StarterChoice } from '../learning/starter/choose-starter-weight.ts';
import { fitOnStarter } from '../learning/starter/fit-on-starter.ts';
import { type Starter, starterModel } from '../learning/starter/starter.ts';
import { train } from '../learning/train.ts';
import type { Model } from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import { type Experiment, type ExperimentResult, type Learning, runExperiment } from './experiment.ts';
import { compareQuality, type Measures, qualityIntervals } from './intervals.ts';

/** One of the recipes that were compared. */
export interface ComparedResult extends ExperimentResult {
  /** 95 % intervals. */
  readonly intervals: Measures<Interval>;
  /** How much better it is than the first recipe; none for the first itself. */
  readonly tests: Measures<PairedTest> | undefined;
}

/**
 * Trains by each recipe on the same pictures and tests on the same others, with bootstrap intervals and paired tests of
 * every recipe against the first.
 * @param recipes at least one
 * @param options as for `train`; `seed`: of the resampling
 * @throws CovistaError as {@link runExperiment}
 */
export async function compareRecipes(
  experiment: Experiment,
  recipes: readonly Recipe[],
  { seed, ...options }: Parameters<typeof runExperiment>[2] & { readonly seed?: number },
): Promise<ComparedResult[]> {
  const results: ComparedResult[] = [];
  for (const recipe of recipes) {
    const result = await runExperiment(experiment, recipe, options);
    const resampling = seed === undefined ? {} : { seed };
    const first = results[0];
    results.push({
      ...result,
      intervals: qualityIntervals(result.evaluation, resampling),
      tests: first && compareQuality(result.evaluation, first.evaluation, resampling),
    });
  }
  return results;
}

/**
 * What would be learned on top of a starter, own pairs alone, and the starter alone, all tested on the same pictures, with
 * bootstrap intervals. Each knows tags of its own, so that there are no paired tests.
 * @returns in this order; and what was chosen to learn from, on the training pictures only
 * @throws CovistaError as {@link runExperiment}
 */
export async function compareWithStarter(
  experiment: Experiment,
  recipe: Recipe,
  starter: Starter,
  { seed, ...options }: Parameters<typeof compareRecipes>[2],
): Promise<{ results: ComparedResult[]; choice: StarterChoice }> {
  let choice: StarterChoice | undefined;
  const learnings: Learning[] = [
    {
      name: 'own pictures and starter',
      async learn(pairs: PairSource): Promise<Model> {
        const learned = await fitOnStarter(pairs, recipe, starter, options);
        choice = learned.choice;
        return learned.model;
      },
    },
    { name: 'own pictures only', learn: (pairs) => train(pairs, recipe, options) },
    { name: 'starter only', learn: () => starterModel(starter, options) },
  ];
  const results: ComparedResult[] = [];
  for (const learning of learnings) {
    const result = await runExperiment(experiment, recipe, options, learning);
    const intervals = qualityIntervals(result.evaluation, seed === undefined ? {} : { seed });
    results.push({ ...result, intervals, tests: undefined });
  }
  return { results, choice: choice! };
}
