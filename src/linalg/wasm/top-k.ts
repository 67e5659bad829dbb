import { CovistaError } from '../../base/errors.ts';
import type { TopK } from '../engine.ts';
import type { Matrix32 } from '../matrix.ts';
import { requireShape } from '../shapes.ts';
import type { Scope } from './session.ts';

/** How much of the gallery is handed over at a time. */
const PART_BYTES = 16 << 20;
/** As BLOCK in kernels/top-k.ts: gallery rows that a thread packs at a time. */
const BLOCK = 126;

/** See Engine.topK. */
export async function topK(
  scope: Scope,
  queries: Matrix32,
  gallery: Matrix32,
  wanted: number,
): Promise<TopK> {
  const { memory, threads } = scope;
  requireShape('topK', 'gallery', gallery, gallery.rows, queries.columns);
  if (!Number.isInteger(wanted) || wanted < 0)
    throw new CovistaError('bad-values', `topK: count must be a whole number from 0 on, got ${wanted}.`);
  const d = queries.columns;
  const q = queries.rows;
  const count = Math.min(wanted, gallery.rows);
  if (q === 0 || count === 0) return { count, indices: new Uint32Array(0), scores: new Float32Array(0) };
  const scores = scope.allocate(threads * q * count * 4);
  const indices = scope.allocate(threads * q * count * 4);
  const queriesAt = scope.place(queries);
  const packed = scope.allocate(Math.ceil(q / 8) * 32 * d);
  const room = scope.allocate(threads * BLOCK * d * 4);
  const held = memory.addressOf(gallery.data);
  const rows =
    held === undefined
      ? Math.min(gallery.rows, Math.max(BLOCK, Math.floor(PART_BYTES / (d * 4))))
      : gallery.rows;
  const places = held === undefined ? [scope.allocate(rows * d * 4), scope.allocate(rows * d * 4)] : [];
  const part = (start: number, turn: number): number => {
    if (held !== undefined) return held;
    scope.write(places[turn]!, gallery.data.subarray(start * d, Math.min(gallery.rows, start + rows) * d));
    return places[turn]!;
  };
  const workspace = { address: 0, bytes: 0 };
  let next = part(0, 0);
  for (let start = 0, turn = 0; start < gallery.rows; start += rows, turn ^= 1) {
    const height = Math.min(rows, gallery.rows - start);
    const last = start + rows >= gallery.rows;
    const running = scope.run('search', workspace, [
      ...[scores, indices, q, count, queriesAt, d, packed, next, height, start, room],
      ...[start === 0 ? 1 : 0, last ? 1 : 0],
    ]);
    if (!last) next = part(start + rows, turn ^ 1);
    await running;
  }
  return {
    count,
    indices: new Uint32Array(memory.u32(indices, q * count)),
    scores: new Float32Array(memory.f32(scores, q * count)),
  };
}
