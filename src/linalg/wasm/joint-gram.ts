import { productIndex, requireJointGram } from '../joint-gram.ts';
import type { Matrix, Matrix64 } from '../matrix.ts';
import { rowSource } from './gram.ts';
import { kinds } from './layout.ts';
import type { Scope } from './session.ts';

/** How much of the blocks is handed over at a time; while threads work on one part, the next is copied. */
const PART_BYTES = 8 << 20;

/** As DEPTH in kernels/product.ts: parts of so many rows, or several times that, go through the kernels best. */
const STEPS = 384;

/** Rows that are packed at a time: the sums are read and written once for each, and packed rows stay in the cache. */
const PACKED = 2 * STEPS;

/** As in kernels/joint-gram.ts. */
const ALIGNMENT = 24;

/** See Engine.jointGram. */
export async function jointGram(
  scope: Scope,
  blocks: readonly Matrix[],
  into: readonly Matrix64[],
  { shifts }: { shifts?: readonly Float64Array[] } = {},
): Promise<Float64Array[]> {
  requireJointGram(blocks, into, shifts);
  const { memory } = scope;
  const total = blocks[0]?.rows ?? 0;
  // Later blocks come first, so that products of a block with a later one lie below the diagonal as they are wanted.
  const order = blocks.map((_, i) => blocks.length - 1 - i).filter((i) => blocks[i]!.columns > 0);
  if (total === 0 || order.length === 0) return blocks.map((block) => new Float64Array(block.columns));
  const starts = blocks.map(() => 0);
  let size = 0;
  for (const i of order) {
    starts[i] = size;
    size += Math.ceil(blocks[i]!.columns / ALIGNMENT) * ALIGNMENT;
  }
  const wide = blocks.some((block) => block.data instanceof Float64Array);
  const bytes = wide ? 8 : 4;
  const rowBytes = order.reduce((sum, i) => sum + blocks[i]!.columns * bytes, 0);
  const rows = Math.min(total, Math.max(STEPS, Math.floor(PART_BYTES / rowBytes / STEPS) * STEPS));
  const workspace = scope.workspace(2 * size * bytes * Math.min(rows, PACKED));
  const c = scope.allocate(8 * size * size);
  const [shiftsAt, sumsAt] = [scope.allocate(8 * size), scope.allocate(8 * size)];
  memory.f64(shiftsAt, size).fill(0);
  memory.f64(sumsAt, size).fill(0);
  if (shifts)
    for (const i of order) memory.f64(shiftsAt + 8 * starts[i]!, blocks[i]!.columns).set(shifts[i]!);
  const sources = order.map((i) => rowSource(scope, blocks[i]!, rows, wide));
  const tables = [scope.allocate(8 * order.length), scope.allocate(8 * order.length)];

  let running: Promise<unknown> = Promise.resolve();
  for (let start = 0, turn = 0; start < total; start += rows, turn ^= 1) {
    const count = Math.min(rows, total - start);
    const table = order.flatMap((i, p) => [sources[p]!(start, count, turn), blocks[i]!.columns]);
    memory.u32(tables[turn]!, table.length).set(table);
    await running;
    running = scope.run('jointGram', workspace, [
      ...[kinds[wide ? 'f64' : 'f32Sum64'], count, c, size, shiftsAt, sumsAt],
      ...[order.length, tables[turn]!, start === 0 ? 1 : 0],
    ]);
  }
  await running;
  const sums = blocks.map((block, i) => scope.read64(sumsAt + 8 * starts[i]!, block.columns));
  if (!sums.every((sum) => sum.every(Number.isFinite))) return sums;
  const products = memory.f64(c, size * size);
  for (const [i, block] of blocks.entries())
    for (let j = i; j < blocks.length; j++)
      addBlock(
        products,
        size,
        starts[i]!,
        starts[j]!,
        block.columns,
        into[productIndex(blocks.length, i, j)]!,
        i === j,
      );
  return sums;
}

/** Adds part of a matrix to another, or its lower triangle. */
function addBlock(
  products: Float64Array,
  size: number,
  row: number,
  column: number,
  rows: number,
  into: Matrix64,
  lower: boolean,
): void {
  const { columns, data } = into;
  for (let r = 0; r < rows; r++) {
    const from = (row + r) * size + column;
    const to = r * columns;
    const end = lower ? r + 1 : columns;
    for (let p = 0; p < end; p++) data[to + p]! += products[from + p]!;
  }
}
