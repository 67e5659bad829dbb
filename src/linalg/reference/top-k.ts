import { CovistaError } from '../../base/errors.ts';
import type { TopK } from '../engine.ts';
import type { Matrix32 } from '../matrix.ts';
import { requireShape } from '../shapes.ts';
import { accumulateProduct } from './product.ts';

const queryTile = 64;
const galleryTile = 512;

/**
 * The `count` gallery rows with the largest inner product of each query; equal scores go to the lower row.
 * Scores are computed tile by tile and forgotten: memory does not grow with the gallery. See Engine.topK.
 */
export function topK(queries: Matrix32, gallery: Matrix32, count: number): TopK {
  requireShape('topK', 'gallery', gallery, gallery.rows, queries.columns);
  if (!Number.isInteger(count) || count < 0)
    throw new CovistaError('bad-values', `topK: count must be a whole number from 0 on, got ${count}.`);
  const kept = Math.min(count, gallery.rows);
  const indices = new Uint32Array(queries.rows * kept);
  const scores = new Float32Array(queries.rows * kept).fill(-Infinity);
  const depth = queries.columns;
  const tile = new Float64Array(queryTile * galleryTile);
  for (let q = 0; kept > 0 && q < queries.rows; q += queryTile) {
    const high = Math.min(queryTile, queries.rows - q);
    for (let g = 0; g < gallery.rows; g += galleryTile) {
      const wide = Math.min(galleryTile, gallery.rows - g);
      tile.fill(0);
      accumulateProduct(
        high,
        wide,
        depth,
        { data: queries.data, start: q * depth, outerStride: depth, innerStride: 1 },
        { data: gallery.data, start: g * depth, outerStride: depth, innerStride: 1 },
        { data: tile, start: 0, rowStride: galleryTile },
      );
      for (let i = 0; i < high; i++)
        for (let j = 0; j < wide; j++)
          keep(indices, scores, (q + i) * kept, kept, g + j, Math.fround(tile[i * galleryTile + j]!), g + j);
    }
  }
  return { count: kept, indices, scores };
}

/** Inserts a candidate into the best of one query, which are sorted, best first; `seen` candidates came before. */
function keep(
  indices: Uint32Array,
  scores: Float32Array,
  start: number,
  kept: number,
  index: number,
  score: number,
  seen: number,
): void {
  const full = seen >= kept;
  if (full && score <= scores[start + kept - 1]!) return;
  let p = start + (full ? kept - 1 : seen);
  while (p > start && scores[p - 1]! < score) {
    scores[p] = scores[p - 1]!;
    indices[p] = indices[p - 1]!;
    p--;
  }
  scores[p] = score;
  indices[p] = index;
}
