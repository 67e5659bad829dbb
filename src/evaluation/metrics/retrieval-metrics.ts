import { anObject, checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { requireFiniteRows } from '../../retrieval/gallery/finite-rows.ts';
import {
  type IndexRows,
  indexRow,
  rowCount,
  transposeIndexRows,
} from '../../retrieval/gallery/index-rows.ts';
import { forEachQuery, innerProductScorer, type Scorer } from '../../retrieval/gallery/scorer.ts';
import { requireNumbers, requireWhole } from './check-arguments.ts';
import { relevantRanks } from './relevant-ranks.ts';
import { median } from './statistics.ts';

/** How well queries find their items: recalls in per cent, the median rank from 1. */
export interface RetrievalMetrics {
  readonly 'recall@1': number;
  readonly 'recall@5': number;
  readonly 'recall@10': number;
  readonly medianRank: number;
}

/** The rank of the first right item for every query, from 1; 0 for a query that has none. */
export interface CaptionRanks {
  /** One a picture: the best-ranked of its own captions among all captions. */
  readonly imageToText: Uint32Array;
  /** One a caption: its picture among all pictures. */
  readonly textToImage: Uint32Array;
}

/** Numbers subtracted from every score of an item, as hubness correction finds them. */
export interface CaptionCorrections {
  /** One a picture, used when captions query. */
  readonly images?: Float32Array;
  /** One a caption, used when pictures query. */
  readonly captions?: Float32Array;
}

/**
 * The rank of the first relevant item for every query, from 1; ties count against the system, see
 * {@link relevantRanks}. Scores are computed block by block.
 * @param relevant one row of item numbers a query
 * @returns one rank a query, 0 where a query has no relevant item
 * @throws CovistaError `bad-values` when queries and rows of relevant items differ in number
 */
export async function firstRanks(scorer: Scorer, relevant: IndexRows): Promise<Uint32Array> {
  if (rowCount(relevant) !== scorer.queries)
    throw new CovistaError(
      'bad-values',
      `${scorer.queries} queries came with relevant items for ${rowCount(relevant)}.`,
    );
  const ranks = new Uint32Array(scorer.queries);
  await forEachQuery(scorer, (query, scores) => {
    ranks[query] = relevantRanks(scores, indexRow(relevant, query))[0] ?? 0;
  });
  return ranks;
}

/** For each caption its own picture, as relevant items: caption c belongs to picture `pictureOf[c]`. */
export function pictureOfCaption(pictureOf: Uint32Array): IndexRows {
  return { offsets: Uint32Array.from({ length: pictureOf.length + 1 }, (_, i) => i), indices: pictureOf };
}

/**
 * Evaluates both directions as is usual for captioned pictures (Hodosh et al., JAIR 2013): every caption is one query
 * against all pictures, and every picture is one query against all captions, of which its own best-ranked one counts.
 * @param images pictures x k, rows of unit length
 * @param captions captions x k, rows of unit length
 * @param pictureOf the picture of each caption
 * @throws CovistaError `bad-values` when the numbers do not fit together or are not finite
 */
export async function captionRanks(
  engine: Engine,
  images: Matrix32,
  captions: Matrix32,
  pictureOf: Uint32Array,
  corrections: CaptionCorrections = {},
): Promise<CaptionRanks> {
  checkOptions('captionRanks', corrections, { images: anObject, captions: anObject });
  requireFiniteRows(images, 'image embeddings');
  requireFiniteRows(captions, 'caption embeddings');
  if (pictureOf.length !== captions.rows)
    throw new CovistaError(
      'bad-values',
      `${captions.rows} captions came with the pictures of ${pictureOf.length}.`,
    );
  const own = pictureOfCaption(pictureOf);
  const toText = innerProductScorer(engine, images, captions, { correction: corrections.captions });
  const toImage = innerProductScorer(engine, captions, images, { correction: corrections.images });
  return {
    imageToText: await firstRanks(toText, transposeIndexRows(own, images.rows)),
    textToImage: await firstRanks(toImage, own),
  };
}

/**
 * Recall@1, @5 and @10 in per cent and the median rank.
 * @param ranks of the first right item, from 1; queries of rank 0 (nothing to find) are left out
 * @throws CovistaError `bad-values` for a rank that is not a whole number
 */
export function retrievalMetrics(ranks: Uint32Array): RetrievalMetrics {
  return {
    'recall@1': recallAt(ranks, 1),
    'recall@5': recallAt(ranks, 5),
    'recall@10': recallAt(ranks, 10),
    medianRank: median(ranks.filter((rank) => rank > 0)),
  };
}

/**
 * Recall@K: the share, in per cent, of queries whose first right item is among the first K.
 * @param ranks from 1; queries of rank 0 are left out
 * @param k from 1
 * @returns NaN without queries
 * @throws CovistaError `bad-values` for a rank that is not a whole number, `usage` for another k
 */
export function recallAt(ranks: Uint32Array, k: number): number {
  requireWhole('recallAt', 'k', k, 1);
  requireNumbers('recallAt', 'rank', ranks);
  let queries = 0;
  let found = 0;
  for (const rank of ranks) {
    if (rank > 0) queries++;
    if (rank > 0 && rank <= k) found++;
  }
  return (100 * found) / queries;
}
