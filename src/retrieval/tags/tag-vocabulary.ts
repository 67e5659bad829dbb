import { CovistaError } from '../../base/errors.ts';
import { zeros32 } from '../../linalg/matrix.ts';
import { type IndexRows, indexRow, rowCount } from '../gallery/index-rows.ts';
import type { Scorer } from '../gallery/scorer.ts';

/**
 * The scores of some words only, in the order that they are named in; their values stay as they are.
 * @param kept the numbers of the words
 * @throws CovistaError `bad-values` for a word that the scorer does not have
 */
export function restrictTags(scorer: Scorer, kept: ArrayLike<number>): Scorer {
  for (let j = 0; j < kept.length; j++)
    if (!(kept[j]! < scorer.items))
      throw new CovistaError(
        'bad-values',
        `Word ${kept[j]} is not among the ${scorer.items} that are scored.`,
      );
  return {
    queries: scorer.queries,
    items: kept.length,
    async block(from, to) {
      const { data } = await scorer.block(from, to);
      const scores = zeros32(to - from, kept.length);
      for (let i = 0; i < to - from; i++)
        for (let j = 0; j < kept.length; j++)
          scores.data[i * kept.length + j] = data[i * scorer.items + kept[j]!]!;
      return scores;
    },
  };
}

/**
 * The words of several scorers side by side, those of the first in front: a vocabulary with words added to it. Scores
 * must be on one scale. For words that no training caption holds, the scale is made thus: score the vocabulary's words
 * by their cosine with held-out pictures, calibrate that by {@link fitTagCalibration}, and take for the added words
 * {@link calibratedScorer} of their cosines, with frequencies of 0, which is the curve of the rarest words. On
 * Flickr8k the mean distance of such a probability (above 0.05) from the truth is 0.015 for rare words; taking hubs or
 * each word's mean and spread off the cosine does not improve it. Words that are frequent in truth get too little.
 * @throws CovistaError `bad-values` when scorers have other pictures, or there is none
 */
export function joinTags(scorers: readonly Scorer[]): Scorer {
  const queries = scorers[0]?.queries;
  if (queries === undefined || scorers.some((scorer) => scorer.queries !== queries))
    throw new CovistaError(
      'bad-values',
      `Scorers of [${scorers.map((scorer) => scorer.queries).join(', ')}] pictures cannot be joined.`,
    );
  const items = scorers.reduce((sum, scorer) => sum + scorer.items, 0);
  return {
    queries,
    items,
    async block(from, to) {
      const joined = zeros32(to - from, items);
      let first = 0;
      for (const scorer of scorers) {
        const { data } = await scorer.block(from, to);
        for (let i = 0; i < to - from; i++)
          joined.data.set(data.subarray(i * scorer.items, (i + 1) * scorer.items), i * items + first);
        first += scorer.items;
      }
      return joined;
    },
  };
}

/**
 * Words in a hierarchy: a picture of a dog shows an animal, so a word scores at least as high as the best of the words
 * under it, at any depth.
 * @param children for each word the numbers of the words directly under it; a word may stand under several
 * @throws CovistaError `bad-values` when a word stands under itself or the numbers do not fit together
 */
export function raiseParents(scorer: Scorer, children: IndexRows): Scorer {
  if (rowCount(children) !== scorer.items)
    throw new CovistaError(
      'bad-values',
      `A hierarchy of ${rowCount(children)} words came with the scores of ${scorer.items}.`,
    );
  const parents = childrenFirst(children);
  return {
    queries: scorer.queries,
    items: scorer.items,
    async block(from, to) {
      const scores = await scorer.block(from, to);
      const data = scores.data.slice();
      for (let start = 0; start < data.length; start += scorer.items)
        for (const parent of parents)
          for (const child of indexRow(children, parent))
            data[start + parent] = Math.max(data[start + parent]!, data[start + child]!);
      return { rows: scores.rows, columns: scores.columns, data };
    },
  };
}

/** The words that have others under them, each after all of those. */
function childrenFirst(children: IndexRows): number[] {
  const words = rowCount(children);
  const open = 1;
  const done = 2;
  const state = new Uint8Array(words);
  const order: number[] = [];
  const visit = (word: number): void => {
    if (!(word < words))
      throw new CovistaError(
        'bad-values',
        `Word ${word} of the hierarchy is not among the ${words} there are.`,
      );
    if (state[word] === done) return;
    if (state[word] === open)
      throw new CovistaError('bad-values', `Word ${word} of the hierarchy stands under itself.`);
    state[word] = open;
    const own = indexRow(children, word);
    for (const child of own) visit(child);
    state[word] = done;
    if (own.length > 0) order.push(word);
  };
  for (let word = 0; word < words; word++) visit(word);
  return order;
}
