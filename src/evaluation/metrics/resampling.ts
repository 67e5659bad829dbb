import { above, callback, checkOptions, indices, type OptionRules, whole } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import { createRandom } from '../../base/random.ts';
import { requireFinite } from './check-arguments.ts';
import { plainMean, quantile } from './statistics.ts';

/** An estimate and the interval that resampling gives it. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** The outcome of a paired comparison of two systems. */
export interface PairedTest {
  /** Mean of the first system minus mean of the second, with its bootstrap interval. */
  readonly difference: Interval;
  /** Two-sided probability of a difference at least this large if the systems were interchangeable. */
  readonly pValue: number;
}

/** Options of {@link bootstrapInterval} and {@link pairedTest}. */
export interface ResamplingOptions {
  /** How many resamples, from 1; 2,000 by default. */
  readonly resamples?: number;
  /** Seed of the random numbers, 1 by default. */
  readonly seed?: number;
  /** Confidence of intervals, above 0 and below 1; 0.95 by default. */
  readonly confidence?: number;
  /**
   * The unit that each value belongs to, such as the picture of a caption: values of one unit depend on each other,
   * so units are resampled as wholes. Without it each value is a unit.
   */
  readonly units?: Uint32Array;
}

const rules: OptionRules<ResamplingOptions> = {
  resamples: whole(1, 10_000_000),
  seed: whole(Number.MIN_SAFE_INTEGER),
  confidence: above(0, 1),
  units: indices,
};

/**
 * A percentile bootstrap interval (Efron 1979) of any statistic of per-query results.
 * @param values one result a query: 0 or 100 for Recall@K, the rank for the median rank, an average precision
 * @param statistic what is estimated, the mean by default
 * @throws CovistaError `no-data` without values, `bad-values` for a value or a statistic that is not finite or when
 *   `units` has another length, `usage` for options out of range
 */
export function bootstrapInterval(
  values: ArrayLike<number>,
  options: ResamplingOptions & { readonly statistic?: (sample: Float64Array) => number } = {},
): Interval {
  checkOptions('bootstrapInterval', options, { ...rules, statistic: callback });
  const { resamples = 2000, seed = 1, confidence = 0.95, statistic = plainMean } = options;
  requireFinite('bootstrapInterval', values);
  const all = Float64Array.from(values);
  const members = unitMembers(all.length, options.units);
  const random = createRandom(seed);
  const estimates = new Float64Array(resamples);
  let sample = new Float64Array(all.length);
  for (let i = 0; i < resamples; i++) {
    let length = 0;
    for (let draw = 0; draw < members.length; draw++) {
      const unit = members[random.integer(members.length)]!;
      if (length + unit.length > sample.length) {
        const larger = new Float64Array(2 * (length + unit.length));
        larger.set(sample);
        sample = larger;
      }
      for (const member of unit) sample[length++] = all[member]!;
    }
    estimates[i] = statistic(sample.subarray(0, length));
  }
  if (!estimates.every(Number.isFinite))
    throw new CovistaError('bad-values', 'bootstrapInterval: the statistic of a resample is not finite.');
  estimates.sort();
  return {
    estimate: statistic(all),
    low: quantile(estimates, (1 - confidence) / 2),
    high: quantile(estimates, (1 + confidence) / 2),
  };
}

/**
 * Compares two systems on the same queries: a paired permutation test, which exchanges the systems' results at random
 * within each unit (Fisher's randomisation test; Smucker et al., CIKM 2007), and a bootstrap interval of the difference.
 * @param a one result a query of the first system
 * @param b the same queries' results of the second
 * @throws CovistaError `no-data` without values, `bad-values` when lengths differ or a result is not finite, `usage` for
 *   options out of range
 */
export function pairedTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: ResamplingOptions = {},
): PairedTest {
  checkOptions('pairedTest', options, rules);
  const { resamples = 2000, seed = 1 } = options;
  if (a.length !== b.length)
    throw new CovistaError('bad-values', `Cannot pair ${a.length} results with ${b.length}.`);
  requireFinite('pairedTest, first system', a);
  requireFinite('pairedTest, second system', b);
  const differences = Float64Array.from({ length: a.length }, (_, i) => a[i]! - b[i]!);
  const difference = bootstrapInterval(differences, options);
  const sums = unitMembers(differences.length, options.units).map((unit) =>
    unit.reduce((sum, member) => sum + differences[member]!, 0),
  );
  const observed = Math.abs(sums.reduce((total, sum) => total + sum, 0));
  const random = createRandom(seed);
  let asLarge = 0;
  for (let i = 0; i < resamples; i++) {
    let total = 0;
    for (const sum of sums) total += random.uniform() < 0.5 ? sum : -sum;
    if (Math.abs(total) >= observed * (1 - 1e-12)) asLarge++;
  }
  // The arrangement that was observed is one of those possible, so the value is never 0.
  return { difference, pValue: (asLarge + 1) / (resamples + 1) };
}

/** The positions of each unit's values. */
function unitMembers(length: number, units: Uint32Array | undefined): readonly Uint32Array[] {
  if (length === 0) throw new CovistaError('no-data', 'There are no results to resample.');
  if (!units) return Array.from({ length }, (_, i) => Uint32Array.of(i));
  if (units.length !== length)
    throw new CovistaError('bad-values', `${length} results came with the units of ${units.length}.`);
  return [...Map.groupBy(units.keys(), (i) => units[i]!).values()].map((members) =>
    Uint32Array.from(members),
  );
}
