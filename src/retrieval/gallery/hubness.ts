import { above, amount, checkOptions, whole } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { topTags } from '../tags/top-tags.ts';
import { Gallery } from './gallery.ts';
import { forEachQuery, type Scorer } from './scorer.ts';

/*
 * In a space of many dimensions some items, the hubs, are near to almost every query and crowd out the right ones.
 * Each method here estimates from a bank of queries, such as the training captions, how popular an item is, and takes
 * that off. Nothing is learned from the queries that are answered.
 */

/** Options of {@link neighbourCorrection}. */
export interface NeighbourCorrectionOptions {
  /** How many of the nearest bank queries count, 16 by default. */
  readonly neighbours?: number;
  /** How much of their mean similarity is subtracted, 0.5 by default; 0 corrects nothing. */
  readonly weight?: number;
}

/**
 * Nearest neighbour normalisation: what is to be subtracted from every score of an item,
 *
 *     b(i) = w · mean of the k largest s(q, i) over the bank's queries q.
 *
 * One number an item, which {@link Gallery} and scorers take as `correction`; adding an item costs one search of the
 * bank. On Flickr8k's validation photos the defaults are the best of 1 to 256 neighbours and weights of 0.25 to 1: with
 * the training captions and photos as banks they raise Recall@10 from 57.7 to 66.9 (image to text) and from 58.0 to 60.8
 * (text to image). Chowdhury et al., "Nearest Neighbor Normalization Improves Multimodal Retrieval", EMNLP 2024.
 *
 * @param items items x k, rows of unit length
 * @param bank queries of the kind that will be asked, queries x k, rows of unit length
 * @returns one number an item
 * @throws CovistaError as {@link neighbourMeans}; `usage` for a weight that is not finite
 */
export async function neighbourCorrection(
  engine: Engine,
  items: Matrix32,
  bank: Matrix32,
  options: NeighbourCorrectionOptions = {},
): Promise<Float32Array> {
  checkOptions('neighbourCorrection', options, { neighbours: whole(1), weight: amount() });
  const { neighbours = 16, weight = 0.5 } = options;
  const means = await neighbourMeans(engine, items, bank, neighbours);
  return means.map((mean) => weight * mean);
}

/**
 * The mean similarity of each row to the nearest rows of a bank.
 * @param rows rows x k, of unit length
 * @param bank bank x k, of unit length
 * @param neighbours how many of the nearest, from 1; all when the bank is smaller
 * @throws CovistaError `no-data` for an empty bank, `bad-values` for other dimensions or values that are not finite,
 *   `usage` for neighbours below 1
 */
export async function neighbourMeans(
  engine: Engine,
  rows: Matrix32,
  bank: Matrix32,
  neighbours: number,
): Promise<Float32Array> {
  if (bank.rows === 0)
    throw new CovistaError('no-data', 'The query bank for the hubness correction is empty.');
  const { count, scores } = await new Gallery(engine, bank).search(rows, neighbours);
  const means = new Float32Array(rows.rows);
  for (let i = 0; i < means.length; i++) {
    let sum = 0;
    for (let j = i * count; j < (i + 1) * count; j++) sum += scores[j]!;
    means[i] = sum / count;
  }
  return means;
}

/**
 * Cross-domain similarity local scaling,
 *
 *     csls(q, i) = 2 s(q, i) - r(q) - r(i),
 *
 * r being the mean similarity to the nearest neighbours on the other side. Among the items of one query it orders as
 * {@link neighbourCorrection} with a weight of 0.5 does; unlike there, scores of different queries can be compared.
 * Conneau et al., "Word Translation Without Parallel Data", ICLR 2018, equation 5 (10 neighbours).
 *
 * @param scorer similarities s
 * @param queryMeans r(q), {@link neighbourMeans} of the queries among the items
 * @param itemMeans r(i), {@link neighbourMeans} of the items among a bank of queries
 * @throws CovistaError `bad-values` when the numbers do not fit together
 */
export function csls(scorer: Scorer, queryMeans: Float32Array, itemMeans: Float32Array): Scorer {
  if (queryMeans.length !== scorer.queries || itemMeans.length !== scorer.items)
    throw new CovistaError(
      'bad-values',
      `${scorer.queries} queries and ${scorer.items} items came with the neighbour means of ` +
        `${queryMeans.length} and ${itemMeans.length}.`,
    );
  return {
    queries: scorer.queries,
    items: scorer.items,
    async block(from, to) {
      const scores = await scorer.block(from, to);
      const data = new Float32Array(scores.data.length);
      for (let query = from, start = 0; query < to; query++, start += scorer.items)
        for (let i = 0; i < scorer.items; i++)
          data[start + i] = 2 * scores.data[start + i]! - queryMeans[query]! - itemMeans[i]!;
      return { rows: scores.rows, columns: scores.columns, data };
    },
  };
}

/** Options of {@link dynamicInvertedSoftmax}. */
export interface InvertedSoftmaxOptions {
  /** Inverse temperature β, 10 by default. */
  readonly sharpness?: number;
  /** An item is a hub when it is among this many best of any bank query, 5 by default. */
  readonly hubDepth?: number;
}

/**
 * Dynamic inverted softmax. For a query whose best item is a hub, that is, among the best of some bank query, scores
 * become, in logarithms,
 *
 *     β s(q, i) - log Σ_b exp(β s(b, i))
 *
 * over the bank's queries b; the scores of other queries stay as they are. Scores of different queries cannot be
 * compared. On Flickr8k's validation photos the defaults, best of those tried, give Recall@10 66.8 (image to text) and
 * 60.9 (text to image), no more than the simpler {@link neighbourCorrection}. Bogolin et al., "Cross Modal Retrieval with Querybank Normalisation", CVPR 2022, section 3.
 *
 * @param scorer similarities of the queries
 * @param bank similarities of the bank's queries to the same items; read once, here
 * @throws CovistaError `bad-values` when the numbers of items differ, `no-data` for an empty bank, `usage` for options
 *   out of range
 */
export async function dynamicInvertedSoftmax(
  scorer: Scorer,
  bank: Scorer,
  options: InvertedSoftmaxOptions = {},
): Promise<Scorer> {
  checkOptions('dynamicInvertedSoftmax', options, { sharpness: above(0), hubDepth: whole(1) });
  const { sharpness = 10, hubDepth = 5 } = options;
  if (bank.items !== scorer.items)
    throw new CovistaError('bad-values', `The bank scores ${bank.items} items, the queries ${scorer.items}.`);
  if (bank.queries === 0)
    throw new CovistaError('no-data', 'The query bank for the hubness correction is empty.');
  const { popularity, hubs } = await popularityOfItems(bank, sharpness, hubDepth);
  return {
    queries: scorer.queries,
    items: scorer.items,
    async block(from, to) {
      const scores = await scorer.block(from, to);
      const data = scores.data.slice();
      for (let start = 0; start < data.length; start += scorer.items) {
        const [first] = best(scores.data.subarray(start, start + scorer.items), 1);
        if (hubs[first!] === 0) continue;
        for (let i = 0; i < scorer.items; i++)
          data[start + i] = sharpness * scores.data[start + i]! - popularity[i]!;
      }
      return { rows: scores.rows, columns: scores.columns, data };
    },
  };
}

/** For each item log Σ_b exp(β s(b, i)), and 1 where it is a hub. */
async function popularityOfItems(bank: Scorer, sharpness: number, hubDepth: number) {
  const hubs = new Uint8Array(bank.items);
  const largest = new Float64Array(bank.items).fill(-Infinity);
  const sums = new Float64Array(bank.items);
  await forEachQuery(bank, (_, scores) => {
    // Sums are kept relative to the largest exponent so far, which keeps them from overflowing.
    for (let i = 0; i < scores.length; i++) {
      const exponent = sharpness * scores[i]!;
      if (exponent <= largest[i]!) sums[i]! += Math.exp(exponent - largest[i]!);
      else {
        sums[i] = sums[i]! * Math.exp(largest[i]! - exponent) + 1;
        largest[i] = exponent;
      }
    }
    for (const item of best(scores, hubDepth)) hubs[item] = 1;
  });
  return { hubs, popularity: largest.map((exponent, i) => exponent + Math.log(sums[i]!)) };
}

/** The numbers of one query's best items. */
function best(scores: Float32Array, count: number): Uint32Array {
  return topTags({ rows: 1, columns: scores.length, data: scores }, count).indices;
}
