import type { JointSpace, ViewProjection } from '../../cca/index.ts';
import { zeros64 } from '../../linalg/matrix.ts';
import { type StoredTextEncoder, TextEncoder } from '../../text/index.ts';

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

/** How a view is projected, apart from where its centre is. */
export type ViewWeights = Pick<ViewProjection, 'blocks' | 'weights'>;

/**
 * The views of a space of own pairs, with the weights of its words in the columns that the words have in the text encoder
 * of a starter extended by its own: what the space gives stays what it is, up to the lengths of bags of words.
 * @param own the text encoder of the space
 * @param union what {@link extendTextEncoder} gave
 */
export function inStarterColumns(space: JointSpace, own: TextEncoder, union: TextEncoder): ViewWeights[] {
  const [image, text] = space.views as [ViewProjection, ViewProjection];
  const [from, to] = [own.toJSON(), union.toJSON()];
  const position = new Map(to.terms.map((term, i) => [term, i]));
  const k = text.weights.columns;
  const blocks = union.blocks.map(({ size }) => size);
  const total = blocks.reduce((sum, size) => sum + size, 0);
  const weights = zeros64(total, k);
  const copy = (source: number, target: number, factor: number) => {
    for (let c = 0; c < k; c++) weights.data[target * k + c] = factor * text.weights.data[source * k + c]!;
  };
  let source = 0;
  let target = 0;
  own.blocks.forEach(({ name, size }, i) => {
    for (let c = 0; c < size; c++)
      if (name === 'words') {
        const at = position.get(from.terms[c]!)!;
        const weight = termWeight(to, at);
        copy(source + c, target + at, weight > 0 ? termWeight(from, c) / weight : 0);
      } else copy(source + c, target + c, 1);
    source += size;
    target += blocks[i]!;
  });
  return [image, { blocks, weights }];
}

/** How much a term counts in a bag of words; see `TextEncoder.encode`. */
function termWeight({ captions, termFrequencies }: StoredTextEncoder, term: number): number {
  return Math.log((1 + captions) / termFrequencies[term]!);
}
