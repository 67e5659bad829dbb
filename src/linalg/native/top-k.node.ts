import { CovistaError } from '../../base/errors.ts';
import type { TopK } from '../engine.ts';
import type { Matrix32 } from '../matrix.ts';
import { requireShape } from '../shapes.ts';
import { Candidates, largestNorm } from './candidates.ts';
import { type NativeLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.node.ts';

/** So many scores at a time: they are looked through while the library computes the next. */
const SCORES = 1 << 21;

/**
 * See Engine.topK. What a library makes of a float32 product depends on where in the matrix a row lies, by a few
 * units in the last place, which would order equal rows at random: it only says which rows come near the best, and
 * those are scored again.
 */
export async function topK(
  library: NativeLibrary,
  queries: Matrix32,
  gallery: Matrix32,
  wanted: number,
): Promise<TopK> {
  requireShape('topK', 'gallery', gallery, gallery.rows, queries.columns);
  if (!Number.isInteger(wanted) || wanted < 0)
    throw new CovistaError('bad-values', `topK: count must be a whole number from 0 on, got ${wanted}.`);
  const count = Math.min(wanted, gallery.rows);
  if (queries.rows === 0 || count === 0)
    return { count, indices: new Uint32Array(0), scores: new Float32Array(0) };
  for (let norm = 2 * largestNorm(gallery, 64); ; ) {
    const candidates = new Candidates(queries, gallery, count, norm);
    if (queries.columns > 0) await score(library, queries, gallery, candidates);
    else candidates.offer(new Float32Array(queries.rows * gallery.rows), 0, gallery.rows);
    const best = candidates.best();
    // Errors are bounded by norms: rows much longer than those that were looked at need a wider bound.
    if (!(candidates.largestNorm > norm)) return best;
    norm = 2 * candidates.largestNorm;
  }
}

/** Offers all scores, part by part of the gallery. */
async function score(
  library: NativeLibrary,
  queries: Matrix32,
  gallery: Matrix32,
  candidates: Candidates,
): Promise<void> {
  const d = queries.columns;
  const q = queries.rows;
  const width = Math.min(gallery.rows, Math.max(256, Math.floor(SCORES / q)));
  const tiles = [new Float32Array(q * width), new Float32Array(gallery.rows > width ? q * width : 0)];
  let previous = -1;
  for (let start = 0, turn = 0; start < gallery.rows; start += width, turn ^= 1) {
    const columns = Math.min(width, gallery.rows - start);
    const part = gallery.data.subarray(start * d, (start + columns) * d);
    const tile = tiles[turn]!;
    // One query takes as long as reading the gallery, which a matrix times a vector does fastest.
    const running =
      q === 1
        ? library.sgemv(...[ROW_MAJOR, NO_TRANSPOSE, columns, d, 1, part, d, queries.data, 1, 0, tile, 1])
        : library.sgemm(
            ...[ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, q, columns, d, 1, queries.data, d],
            ...[part, d, 0, tile, columns],
          );
    if (previous >= 0) candidates.offer(tiles[turn ^ 1]!, previous, start - previous);
    await running;
    previous = start;
    if (start + columns === gallery.rows) candidates.offer(tile, start, columns);
  }
}
