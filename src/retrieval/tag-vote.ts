import { CovistaError } from '../errors.ts';
import type { TopK } from '../linalg/engine.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import { zeros32 } from '../linalg/matrix.ts';
import { type IndexRows, indexRow, rowCount } from './index-rows.ts';

/** How neighbours vote for tags. */
export interface TagVoteOptions {
  /** How many of the nearest training captions vote, 200 by default. */
  readonly neighbours?: number;
  /** Softmax temperature of the similarities, 0.05 by default: smaller listens to the very nearest only. */
  readonly temperature?: number;
}

/** One neighbour's part in a tag's score. */
export interface TagVote {
  /** The training caption's number. */
  readonly caption: number;
  /** Its similarity to the picture. */
  readonly similarity: number;
  /** What it added to the score, 0..1. */
  readonly weight: number;
}

/**
 * Image2tag by a weighted vote: each of the nearest training captions votes for all of its words, with the weight
 *
 *     w_i = exp(s_i / T) / Σ_j exp(s_j / T)
 *
 * for similarity s_i and temperature T, the sum going over the neighbours. A word's score is the sum of the weights
 * of the captions that hold it, in 0..1: an estimate of the probability that a caption of the picture says it.
 * Weighted nearest-neighbour tagging goes back to Guillaumin et al., TagProp, ICCV 2009.
 *
 * @param nearest the nearest training captions of each picture, pictures x count, best first
 * @param words the words of each training caption
 * @param vocabulary how many words there are
 * @returns pictures x vocabulary
 * @throws CovistaError `usage` for options out of range, `bad-values` for a neighbour or word that does not exist
 */
export function voteTags(
  nearest: TopK,
  words: IndexRows,
  vocabulary: number,
  options: TagVoteOptions = {},
): Matrix32 {
  const pictures = nearest.count === 0 ? 0 : nearest.indices.length / nearest.count;
  const scores = zeros32(pictures, vocabulary);
  const sums = new Float64Array(vocabulary);
  for (let picture = 0; picture < pictures; picture++) {
    sums.fill(0);
    const weights = voteWeights(nearest, picture, options);
    for (let i = 0; i < weights.length; i++)
      for (const word of captionWords(words, nearest.indices[picture * nearest.count + i]!)) {
        if (word >= vocabulary)
          throw new CovistaError('bad-values', `Word ${word} lies outside the vocabulary of ${vocabulary}.`);
        sums[word]! += weights[i]!;
      }
    // Rounding may carry a unanimous vote a hair beyond 1.
    for (let word = 0; word < vocabulary; word++)
      scores.data[picture * vocabulary + word] = Math.min(1, sums[word]!);
  }
  return scores;
}

/**
 * Which neighbours voted for a word and how much each added: the weights add up to the word's score.
 * @param nearest as given to {@link voteTags}
 * @param words as given to {@link voteTags}
 * @param picture the picture's row in `nearest`
 * @param word the word's number
 * @returns strongest first; empty when no neighbour holds the word
 * @throws CovistaError as {@link voteTags}
 */
export function explainTag(
  nearest: TopK,
  words: IndexRows,
  picture: number,
  word: number,
  options: TagVoteOptions = {},
): TagVote[] {
  const votes: TagVote[] = [];
  const weights = voteWeights(nearest, picture, options);
  for (let i = 0; i < weights.length; i++) {
    const position = picture * nearest.count + i;
    const caption = nearest.indices[position]!;
    if (captionWords(words, caption).includes(word))
      votes.push({ caption, similarity: nearest.scores[position]!, weight: weights[i]! });
  }
  return votes;
}

function voteWeights(nearest: TopK, picture: number, options: TagVoteOptions): Float64Array {
  const { neighbours = 200, temperature = 0.05 } = options;
  if (!Number.isInteger(neighbours) || neighbours < 1)
    throw new CovistaError(
      'usage',
      `The number of neighbours must be a whole number from 1, got ${neighbours}.`,
    );
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new CovistaError('usage', `The temperature must be above 0, got ${temperature}.`);
  const start = picture * nearest.count;
  const weights = new Float64Array(Math.min(neighbours, nearest.count));
  let sum = 0;
  // Best first: subtracting the first similarity keeps the exponentials from overflowing.
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp((nearest.scores[start + i]! - nearest.scores[start]!) / temperature);
    sum += weights[i]!;
  }
  for (let i = 0; i < weights.length; i++) weights[i]! /= sum;
  return weights;
}

function captionWords(words: IndexRows, caption: number): Uint32Array {
  if (caption >= rowCount(words))
    throw new CovistaError(
      'bad-values',
      `Neighbour ${caption} is not among the ${rowCount(words)} training captions.`,
      { hint: 'Search the gallery of the very captions whose words are given.' },
    );
  return indexRow(words, caption);
}
