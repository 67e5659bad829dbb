import { above, amount, checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { equalRows } from '../../linalg/equal-rows.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { forEachQuery, innerProductScorer } from './scorer.ts';
import { softMaximum } from './softmax.ts';

/** Options of {@link bankCorrection}. */
export interface BankCorrectionOptions {
  /** T, 0.07 by default: smaller listens to the most similar bank queries only. */
  readonly temperature?: number;
  /** How much of an item's popularity is subtracted, 1 by default; 0 corrects nothing. */
  readonly weight?: number;
}

/**
 * Hubness correction by the inverted softmax, in logarithms: what is to be subtracted from every score of an item,
 *
 *     b(i) = w T log mean_q exp(s(q, i) / T)
 *
 * over a bank of training queries q. With w = 1, exp((s - b) / T) is the softmax of a query's score over the bank's
 * queries and so asks which query an item would choose, rather than which item a query would (Smith et al., "Offline
 * bilingual word vectors, orthogonal transformations and the inverted softmax", ICLR 2017, section 2.3, who take the
 * queries that are answered for the bank; here nothing is learned from those). One number an item, which `Gallery`
 * and scorers take as `correction`. All of the bank counts, by similarity, where `neighbourCorrection` takes the mean
 * of a fixed number of nearest: on Flickr8k's validation photos the mean of the six recalls is 49.9 here and 48.5 there.
 *
 * @param items items x k, rows of unit length
 * @param bank queries of the kind that will be asked, queries x k, rows of unit length
 * @returns one number an item
 * @throws CovistaError `no-data` for an empty bank, `bad-values` for other dimensions or values that are not finite,
 *   `usage` for options out of range
 */
export async function bankCorrection(
  engine: Engine,
  items: Matrix32,
  bank: Matrix32,
  options: BankCorrectionOptions = {},
): Promise<Float32Array> {
  checkOptions('bankCorrection', options, { temperature: above(0), weight: amount() });
  const { temperature = 0.07, weight = 1 } = options;
  if (bank.rows === 0)
    throw new CovistaError('no-data', 'The query bank for the hubness correction is empty.');
  const correction = new Float32Array(items.rows);
  const held = await engine.hold(bank);
  try {
    await forEachQuery(innerProductScorer(engine, items, held), (item, scores) => {
      correction[item] = weight * softMaximum(scores, temperature);
      if (!Number.isFinite(correction[item]))
        throw new CovistaError('bad-values', `A similarity of item ${item} to the query bank is not finite.`);
    });
  } finally {
    if (held !== bank) await engine.release(held);
  }
  // Products of different blocks may round differently, and equal items must tie.
  equalRows(items)?.forEach((first, item) => {
    correction[item] = correction[first]!;
  });
  return correction;
}
