import { type MomentSums, Moments } from '../cca/index.ts';
import { productIndex } from '../linalg/joint-gram.ts';
import { zeros64 } from '../linalg/matrix.ts';
import { TextEncoder } from '../text/index.ts';
import type { Starter } from './starter.ts';

/**
 * The text encoder of a starter with the words of another added as further columns. What the starter knows keeps its
 * column and weight, so that its moments stay what they are. A new word is weighted as if the other collection had as
 * many captions as the starter's: by how much it tells in its own collection.
 */
export function extendTextEncoder(starter: TextEncoder, own: TextEncoder): TextEncoder {
  const base = starter.toJSON();
  const added = own.toJSON();
  const words = newWords(base.words, added.words, added.frequencies, base.documents, added.documents);
  const terms = newWords(base.terms, added.terms, added.termFrequencies, base.captions, added.captions);
  return TextEncoder.fromJSON(
    {
      ...base,
      language: added.language,
      words: [...base.words, ...words.map(({ word }) => word)],
      frequencies: [...base.frequencies, ...words.map(({ frequency }) => frequency)],
      terms: [...base.terms, ...terms.map(({ word }) => word)],
      termFrequencies: [...base.termFrequencies, ...terms.map(({ frequency }) => frequency)],
    },
    { wordVectors: starter.wordVectors },
  );
}

function newWords(
  known: readonly string[],
  words: readonly string[],
  frequencies: readonly number[],
  knownDocuments: number,
  documents: number,
): { word: string; frequency: number }[] {
  const has = new Set(known);
  const share = (1 + knownDocuments) / (1 + documents);
  return words.flatMap((word, i) =>
    has.has(word) ? [] : [{ word, frequency: Math.max(1, Math.round(frequencies[i]! * share)) }],
  );
}

/**
 * A starter's moments as if every pair had occurred `weight` times, with columns of zeros at the end of each block for
 * the words that the starter does not know.
 * @param sizes of the blocks, none smaller than the starter's
 */
export function weightedMoments(
  { moments }: Pick<Starter, 'moments'>,
  weight: number,
  sizes: readonly number[],
): Moments {
  const { count, shifts, sums, products, rounding } = moments.sums;
  const longer = (values: Float64Array, size: number, factor: number) => {
    const result = new Float64Array(size);
    for (let c = 0; c < values.length; c++) result[c] = factor * values[c]!;
    return result;
  };
  const blocks = sizes.length;
  const weighted: MomentSums = {
    count: count * weight,
    shifts: shifts.map((shift, i) => longer(shift, sizes[i]!, 1)),
    sums: sums.map((sum, i) => longer(sum, sizes[i]!, weight)),
    rounding: rounding.map((values, i) => longer(values, sizes[i]!, weight)),
    products: sizes.flatMap((rows, i) =>
      sizes.slice(i).map((columns, offset) => {
        const from = products[productIndex(blocks, i, i + offset)]!;
        const to = zeros64(rows, columns);
        for (let r = 0; r < from.rows; r++)
          for (let c = 0; c < from.columns; c++)
            to.data[r * columns + c] = weight * from.data[r * from.columns + c]!;
        return to;
      }),
    ),
  };
  return new Moments(weighted);
}
