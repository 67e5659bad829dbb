import type { Interval, PairedTest } from '../evaluation/index.ts';
import { type Experiment, type ExperimentResult, runExperiment } from './experiment.ts';
import { compareQuality, type Measures, qualityIntervals } from './intervals.ts';
import type { Recipe } from './recipe.ts';

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
