import { CovistaError } from '../../base/errors.ts';
import { type Matrix32, matrix, type SparseRows } from '../../linalg/matrix.ts';
import { sparseRows } from '../../linalg/sparse-rows.ts';
import { type IndexRows, transposeWithPositions } from '../gallery/index-rows.ts';
import { forEachQuery, type Scorer } from '../gallery/scorer.ts';
import { topTags } from './top-tags.ts';

/** What a query names, and how much it counts: below 0 for what is not wanted. */
export interface QueryTag {
  /** A tag, or the different tags of a phrase, which have to hold together. */
  readonly tags: readonly number[];
  readonly weight: number;
}

/** Tags kept of a picture. All of them find a little more, for forty times the memory (docs/quality.md). */
const KEPT = 50;

/** Probabilities far below this are as good as none. */
const FLOOR = 0.01;

/**
 * The most probable tags of pictures.
 * @param scorer pictures against tags, probabilities
 * @returns pictures x tags, at most 50 a picture
 */
export async function strongestTags(scorer: Scorer): Promise<SparseRows> {
  const rows: { index: number; value: number }[][] = [];
  await forEachQuery(scorer, (_, scores) => {
    const best = topTags(matrix(1, scores.length, scores), KEPT);
    const tags = Array.from(best.indices, (index, i) => ({ index, value: best.scores[i]! }));
    rows.push(tags.filter(({ value }) => value > 0).sort((a, b) => a.index - b.index));
  });
  return sparseRows(rows, scorer.items);
}

/**
 * The pictures of each tag, to find pictures by their tags. What a tag of probability p says for a picture is its
 * evidence, log(1 + p / 0.01): 0 for a tag that the picture has not, 4.6 for one that is certain. Several tags hold
 * together with the product of their probabilities, as if they were independent.
 */
export class TagIndex {
  /** How many pictures there are. */
  readonly pictures: number;
  readonly #tags: SparseRows;
  /** The pictures of each tag. */
  readonly #holders: IndexRows;
  /** Of each entry of the holders. */
  readonly #evidence: Float32Array;

  /** @param tags pictures x tags, probabilities; see {@link strongestTags} */
  constructor(tags: SparseRows) {
    const { rows, columns, values } = tags;
    this.pictures = rows;
    this.#tags = tags;
    const { positions, ...holders } = transposeWithPositions(tags, columns);
    this.#holders = holders;
    this.#evidence = Float32Array.from(positions, (position) => evidence(values[position]!));
  }

  /**
   * Adds to the score of each picture the evidence of what the query names, each times its weight.
   * @param scores one a picture, changed in place
   */
  add(query: readonly QueryTag[], scores: Float32Array): void {
    for (const { tags, weight } of query) {
      const first = tags[0]!;
      const { offsets, indices } = this.#holders;
      const end = offsets[first + 1]!;
      for (let p = offsets[first]!; p < end; p++) {
        const picture = indices[p]!;
        const added = tags.length === 1 ? this.#evidence[p]! : this.evidence(picture, tags);
        scores[picture]! += weight * added;
      }
    }
  }

  /** How probable a tag is of a picture; 0 where it is not among the picture's tags. */
  probability(picture: number, tag: number): number {
    const { offsets, indices, values } = this.#tags;
    const position = indices.subarray(offsets[picture]!, offsets[picture + 1]!).indexOf(tag);
    return position < 0 ? 0 : values[offsets[picture]! + position]!;
  }

  /** What tags that have to hold together say for a picture; 0 where one of them is not among the picture's tags. */
  evidence(picture: number, tags: readonly number[]): number {
    return evidence(tags.reduce((product, tag) => product * this.probability(picture, tag), 1));
  }
}

const evidence = (probability: number) => Math.log1p(probability / FLOOR);

/** The most that the tags of a query can add to a score, or take off it: as much as tags that are certain. */
export function largestEvidence(query: readonly QueryTag[]): number {
  return query.reduce((sum, { weight }) => sum + Math.abs(weight), 0) * evidence(1);
}

/**
 * Scores with the evidence of the tags that queries name added.
 * @param scorer queries against the pictures of the index
 * @param queries the tags of each query
 * @throws CovistaError `bad-values` when numbers of queries or pictures differ
 */
export function taggedScorer(
  scorer: Scorer,
  index: TagIndex,
  queries: readonly (readonly QueryTag[])[],
): Scorer {
  if (scorer.queries !== queries.length || scorer.items !== index.pictures)
    throw new CovistaError(
      'bad-values',
      `Scores of ${scorer.queries} queries and ${scorer.items} pictures came with the tags of ${queries.length} and ${index.pictures}.`,
    );
  return {
    queries: scorer.queries,
    items: scorer.items,
    async block(from, to): Promise<Matrix32> {
      const scores = await scorer.block(from, to);
      const own = matrix(scores.rows, scores.columns, scores.data.slice());
      for (let query = from; query < to; query++)
        index.add(
          queries[query]!,
          own.data.subarray((query - from) * own.columns, (query - from + 1) * own.columns),
        );
      return own;
    },
  };
}
