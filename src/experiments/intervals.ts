import {
  bootstrapInterval,
  type Interval,
  median,
  type PairedTest,
  pairedTest,
  type ResamplingOptions,
} from '../evaluation/index.ts';
import type { Evaluation } from './evaluate.ts';

/** What is measured, in the order in which tables show it. */
export type Direction = 'imageToText' | 'textToImage' | 'imageToTag' | 'tagToImage';

/** For each direction each of its measures, named as in {@link Evaluation}. */
export type Measures<T> = Readonly<Record<Direction, Readonly<Record<string, T>>>>;

/** The results of single queries, in per cent but for ranks, and the picture that each belongs to. */
interface Sample {
  readonly values: Float64Array;
  readonly units: Uint32Array;
  readonly statistic?: (values: Float64Array) => number;
}

/**
 * Percentile bootstrap intervals of all measures. Pictures are resampled, each with all of its captions, which depend on
 * each other; for search by single words, the words are.
 * @param options 95 %, 2,000 resamples and the seed 1 by default
 */
export function qualityIntervals(
  evaluation: Evaluation,
  options: ResamplingOptions = {},
): Measures<Interval> {
  return mapMeasures(samples(evaluation), ({ values, units, statistic }) =>
    bootstrapInterval(values, { ...options, units, ...(statistic && { statistic }) }),
  );
}

/**
 * Paired permutation tests of two models on the same pictures, see `pairedTest`: by how much the first is better in
 * each measure. Pictures are exchanged as wholes, and words. Median ranks are left out, for the test is about means.
 * @throws CovistaError `bad-values` when the two were tested on other captions
 */
export function compareQuality(
  evaluation: Evaluation,
  baseline: Evaluation,
  options: ResamplingOptions = {},
): Measures<PairedTest> {
  const others = samples(baseline);
  const means = mapMeasures(samples(evaluation), (sample, direction, name) => ({
    sample,
    other: others[direction][name]!,
  }));
  return mapMeasures(
    mapDirections(means, (measures) =>
      Object.fromEntries(Object.entries(measures).filter(([, { sample }]) => sample.statistic === undefined)),
    ),
    ({ sample, other }) => pairedTest(sample.values, other.values, { ...options, units: sample.units }),
  );
}

function samples({ ranks, pictureOf, tags, wordSearch }: Evaluation): Measures<Sample> {
  const retrieval = (of: Uint32Array, units: Uint32Array): Record<string, Sample> => ({
    ...Object.fromEntries(
      [1, 5, 10].map((k) => [
        `recall@${k}`,
        { values: Float64Array.from(of, (rank) => (rank <= k ? 100 : 0)), units },
      ]),
    ),
    medianRank: { values: Float64Array.from(of), units, statistic: median },
  });
  const own = Uint32Array.from(ranks.imageToText.keys());
  const percent = (values: Float64Array, units: Uint32Array): Sample => ({
    values: values.map((value) => 100 * value),
    units,
  });
  // Of what nothing was measured there is no sample.
  const some = (measures: Record<string, Sample>) =>
    Object.fromEntries(Object.entries(measures).filter(([, { values }]) => values.length > 0));
  return {
    imageToText: retrieval(ranks.imageToText, own),
    textToImage: retrieval(ranks.textToImage, pictureOf),
    imageToTag: some({
      'precision@5': percent(tags.precision, tags.pictures),
      'recall@5': percent(tags.recall, tags.pictures),
      map: percent(tags.averagePrecision, tags.pictures),
    }),
    tagToImage: some({
      'precision@10': percent(wordSearch.precision, wordSearch.frequentWords),
      map: percent(wordSearch.averagePrecision, wordSearch.words),
    }),
  };
}

function mapMeasures<A, B>(
  measures: Measures<A>,
  each: (value: A, direction: Direction, name: string) => B,
): Measures<B> {
  return mapDirections(measures, (some, direction) =>
    Object.fromEntries(Object.entries(some).map(([name, value]) => [name, each(value, direction, name)])),
  );
}

function mapDirections<A, B>(
  { imageToText, textToImage, imageToTag, tagToImage }: Measures<A>,
  each: (some: Readonly<Record<string, A>>, direction: Direction) => Readonly<Record<string, B>>,
): Measures<B> {
  return {
    imageToText: each(imageToText, 'imageToText'),
    textToImage: each(textToImage, 'textToImage'),
    imageToTag: each(imageToTag, 'imageToTag'),
    tagToImage: each(tagToImage, 'tagToImage'),
  };
}
