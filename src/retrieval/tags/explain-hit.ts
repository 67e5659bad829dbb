import { above, checkOptions, whole } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { matrix } from '../../linalg/matrix.ts';
import { type IndexRows, indexRow, rowCount } from '../gallery/index-rows.ts';
import { softmaxInPlace } from '../gallery/softmax.ts';
import { type CaptionVoteOptions, type CaptionVoters, captionSimilarities } from './caption-vote.ts';

/**
 * A part of a query before it is brought to unit length: the sum of its terms and of a constant, all in the joint
 * space with its components scaled. A picture is a part without terms, whose constant is its embedding.
 */
export interface ProjectedPart {
  /** In the query: see {@link combineQuery}. */
  readonly weight: number;
  /** What each feature of the text (a word, a stem, a pair of words) adds, terms x k. */
  readonly terms: Matrix32;
  /** For each term the words of the part that made it: `hot` and `dog` of the pair `hot dog`. */
  readonly words: IndexRows;
  /** How many words the part has. */
  readonly wordCount: number;
  /** What the part is without any term, of length k: the projected mean of all texts with its sign changed. */
  readonly constant: Float32Array;
}

/** What one part of a query added to the score of a hit. */
export interface PartContribution {
  /** What each word added; below 0 where it spoke against the hit. */
  readonly words: Float64Array;
  /** What the part added whatever its words are. */
  readonly constant: number;
}

/** Why a hit has its score: all numbers of `parts` together are the score. */
export interface HitExplanation {
  /** The cosine similarity of query and hit. */
  readonly score: number;
  readonly parts: readonly PartContribution[];
}

/**
 * What each word of a query added to the score of a hit. Projection is linear, so that before it is brought to unit
 * length a part is p_i = c_i + Σ_t v_it over its terms t, and the score of a hit x of unit length is
 *
 *     q·x = Σ_i (w_i / (|p_i| |Q|)) (c_i·x + Σ_t v_it·x),   Q = Σ_i w_i p_i / |p_i|,
 *
 * a sum over terms. A term that several words made is shared equally among them.
 * @param hit the embedding of the hit, of length k
 * @throws CovistaError `bad-values` when sizes differ, `usage` when the parts cancel each other
 */
export function explainHit(parts: readonly ProjectedPart[], hit: Float32Array): HitExplanation {
  const total = new Float64Array(hit.length);
  const factors = parts.map((part, i) => {
    const sum = partSum(part, hit.length, i);
    const length = Math.hypot(...sum);
    const factor = length > 0 ? part.weight / length : 0;
    for (let c = 0; c < sum.length; c++) total[c]! += factor * sum[c]!;
    return factor;
  });
  const length = Math.hypot(...total);
  if (!(length > 0))
    throw new CovistaError('usage', 'The parts of the query cancel each other, or none of them is known.');
  let score = 0;
  for (let c = 0; c < hit.length; c++) score += (total[c]! * hit[c]!) / length;
  return { score, parts: parts.map((part, i) => contribution(part, hit, factors[i]! / length)) };
}

/** A training caption that speaks for a hit. */
export interface HitNeighbour {
  readonly caption: number;
  /** Cosine similarity to the query. */
  readonly toQuery: number;
  /** Cosine similarity to the hit. */
  readonly toHit: number;
  /** What it adds: its weight in the vote for the hit, times its similarity to the query. */
  readonly weight: number;
}

/**
 * The training captions that connect a query with a hit. The vote of {@link captionVote} describes the hit by a
 * weighted mean of captions; its similarity to the query is the sum of w(c) cos(q, c) over all captions, of which the
 * largest are given. The sum tells how well training captions support the hit; it is not the hit's score.
 * @param query 1 x k, of unit length
 * @param hit 1 x k, of unit length
 * @param options `count`: how many captions, 5 by default
 * @returns strongest first
 * @throws CovistaError as {@link captionVote}
 */
export async function hitNeighbours(
  engine: Engine,
  query: Matrix32,
  hit: Matrix32,
  voters: CaptionVoters,
  options: CaptionVoteOptions & { readonly count?: number } = {},
): Promise<HitNeighbour[]> {
  checkOptions('hitNeighbours', options, { count: whole(1), temperature: above(0) });
  const { count = 5, temperature = 0.05 } = options;
  const { data: weights } = await captionSimilarities(engine, hit, voters, temperature).block(0, 1);
  const { data: toQuery } = await engine.multiply(query, voters.embeddings, { transposeB: true });
  const { data: toHit } = await engine.multiply(hit, voters.embeddings, { transposeB: true });
  softmaxInPlace(weights, temperature);
  for (let caption = 0; caption < weights.length; caption++) weights[caption]! *= toQuery[caption]!;
  const strongest = await engine.topK(
    matrix(1, 1, Float32Array.of(1)),
    matrix(weights.length, 1, weights),
    Math.min(count, weights.length),
  );
  return Array.from(strongest.indices, (caption, i) => ({
    caption,
    toQuery: toQuery[caption]!,
    toHit: toHit[caption]!,
    weight: strongest.scores[i]!,
  }));
}

function partSum(
  { terms, words, constant, wordCount }: ProjectedPart,
  k: number,
  part: number,
): Float64Array {
  if (constant.length !== k || (terms.rows > 0 && terms.columns !== k))
    throw new CovistaError(
      'bad-values',
      `Part ${part} of the query has ${constant.length} and ${terms.columns} dimensions, the hit has ${k}.`,
    );
  if (rowCount(words) !== terms.rows)
    throw new CovistaError(
      'bad-values',
      `Part ${part} of the query has ${terms.rows} terms, and the words of ${rowCount(words)}.`,
    );
  const sum = Float64Array.from(constant);
  for (let term = 0; term < terms.rows; term++) {
    const own = indexRow(words, term);
    if (own.length === 0 || own.at(-1)! >= wordCount)
      throw new CovistaError(
        'bad-values',
        `Term ${term} of part ${part} is made of the words [${own.join(', ')}] out of ${wordCount}.`,
      );
    for (let c = 0; c < k; c++) sum[c]! += terms.data[term * k + c]!;
  }
  return sum;
}

function contribution(part: ProjectedPart, hit: Float32Array, factor: number): PartContribution {
  const { terms, words, constant, wordCount } = part;
  const contributions = new Float64Array(wordCount);
  for (let term = 0; term < terms.rows; term++) {
    const own = indexRow(words, term);
    const share = (factor * dot(terms.data.subarray(term * hit.length), hit)) / own.length;
    for (const word of own) contributions[word]! += share;
  }
  return { words: contributions, constant: factor * dot(constant, hit) };
}

/** Over the length of `b`. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let c = 0; c < b.length; c++) sum += a[c]! * b[c]!;
  return sum;
}
