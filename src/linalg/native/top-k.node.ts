import { CovistaError } from '../../errors.ts';
import type { TopK } from '../engine.ts';
import type { Matrix32 } from '../matrix.ts';
import { keep } from '../reference/top-k.ts';
import { requireShape } from '../shapes.ts';
import { type NativeLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.node.ts';

/** So many scores at a time: they are looked through while the library computes the next. */
const SCORES = 1 << 21;

/** See Engine.topK. */
export async function topK(
  library: NativeLibrary,
  queries: Matrix32,
  gallery: Matrix32,
  wanted: number,
): Promise<TopK> {
  const d = queries.columns;
  requireShape('topK', 'gallery', gallery, gallery.rows, d);
  if (!Number.isInteger(wanted) || wanted < 0)
    throw new CovistaError('bad-values', `topK: count must be a whole number from 0 on, got ${wanted}.`);
  const count = Math.min(wanted, gallery.rows);
  const q = queries.rows;
  const indices = new Uint32Array(q * count);
  const scores = new Float32Array(q * count).fill(-Infinity);
  if (q === 0 || count === 0 || d === 0) return { count, indices, scores };
  const width = Math.min(gallery.rows, Math.max(256, Math.floor(SCORES / q)));
  const tiles = [new Float32Array(q * width), new Float32Array(gallery.rows > width ? q * width : 0)];
  const finish = (tile: Float32Array, start: number, columns: number) => {
    for (let i = 0; i < q; i++) {
      const place = i * count;
      const last = place + count - 1;
      for (let j = 0, p = i * columns; j < columns; j++, p++) {
        const score = tile[p]!;
        if (score > scores[last]! || start + j < count)
          keep(indices, scores, place, count, start + j, score, start + j);
      }
    }
  };
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
    if (previous >= 0) finish(tiles[turn ^ 1]!, previous, start - previous);
    await running;
    previous = start;
    if (start + columns === gallery.rows) finish(tiles[turn]!, start, columns);
  }
  return { count, indices, scores };
}
