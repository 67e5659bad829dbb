import { productIndex, requireJointGram } from '../joint-gram.ts';
import { type Floats, type Matrix, type Matrix64, zeros32 } from '../matrix.ts';
import { addLower } from '../triangle.ts';
import { add, ROWS, rowSource } from './dense.node.ts';
import { LOWER, type NativeLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.node.ts';

/** See Engine.jointGram. */
export async function jointGram(
  library: NativeLibrary,
  blocks: readonly Matrix[],
  into: readonly Matrix64[],
  { shifts }: { shifts?: readonly Float64Array[] } = {},
): Promise<Float64Array[]> {
  requireJointGram(blocks, into, shifts);
  const total = blocks[0]?.rows ?? 0;
  const sums: Float64Array[] = [];
  for (const block of blocks) sums.push(await columnSums(library, block));
  if (shifts)
    for (const [i, sum] of sums.entries())
      for (let c = 0; c < sum.length; c++) sum[c]! -= total * shifts[i]![c]!;
  if (total === 0 || !sums.every((sum) => sum.every(Number.isFinite))) return sums;

  const wide = blocks.some((block) => block.data instanceof Float64Array);
  // Rows that are multiplied as they lie in float64 need no parts: sums go straight to where they belong.
  const direct =
    wide && blocks.every((block, i) => block.data instanceof Float64Array && !needed(shifts?.[i]));
  const rows = direct ? total : Math.min(total, ROWS);
  const sources = blocks.map((block, i) => rowSource(block, wide, needed(shifts?.[i])));
  const turns = wide
    ? [into]
    : [0, 1].map((turn) => (turn * rows < total ? into.map((p) => zeros32(p.rows, p.columns)) : []));
  let running: Promise<void> = Promise.resolve();
  let previous: readonly Matrix[] | undefined;
  for (let start = 0, turn = 0; start < total; start += rows, turn ^= 1) {
    const count = Math.min(rows, total - start);
    const parts = sources.map((source) => source(start, count, turn));
    await running;
    const products = turns[wide ? 0 : turn]!;
    running = multiplyParts(library, parts, count, products, wide);
    if (previous) finish(previous, into);
    previous = wide ? undefined : products;
  }
  await running;
  if (previous) finish(previous, into);
  return sums;
}

/** A shift, unless it is all zeros. */
function needed(shift: Float64Array | undefined): Float64Array | undefined {
  return shift?.some((value) => value !== 0) ? shift : undefined;
}

/** Products of parts of the blocks: added to those of float64, in place of those of float32. */
async function multiplyParts(
  library: NativeLibrary,
  parts: readonly Floats[],
  count: number,
  products: readonly Matrix[],
  wide: boolean,
): Promise<void> {
  const beta = wide ? 1 : 0;
  for (const [i, x] of parts.entries())
    for (let j = i; j < parts.length; j++) {
      const { rows, columns, data } = products[productIndex(parts.length, i, j)]!;
      if (data.length === 0) continue;
      if (i === j)
        await (wide ? library.dsyrk : library.ssyrk)(
          ...[ROW_MAJOR, LOWER, TRANSPOSE, rows, count, 1, x, rows, beta, data, columns],
        );
      else
        await (wide ? library.dgemm : library.sgemm)(
          ...[ROW_MAJOR, TRANSPOSE, NO_TRANSPOSE, rows, columns, count, 1, x, rows],
          ...[parts[j]!, columns, beta, data, columns],
        );
    }
}

function finish(products: readonly Matrix[], into: readonly Matrix64[]): void {
  const blocks = Math.round((Math.sqrt(8 * into.length + 1) - 1) / 2);
  for (let i = 0; i < blocks; i++)
    for (let j = i; j < blocks; j++) {
      const index = productIndex(blocks, i, j);
      if (i === j) addLower(products[index]!.data, into[index]!.data, into[index]!.rows);
      else add(products[index]!.data, into[index]!.data);
    }
}

/** The sum of each column; of float32 rows in float32 over parts, then in float64. */
async function columnSums(library: NativeLibrary, { rows, columns, data }: Matrix): Promise<Float64Array> {
  const sums = new Float64Array(columns);
  if (rows === 0 || columns === 0) return sums;
  const wide = data instanceof Float64Array;
  const height = Math.min(rows, wide ? rows : ROWS);
  const ones = wide ? new Float64Array(height).fill(1) : new Float32Array(height).fill(1);
  const part = wide ? sums : new Float32Array(columns);
  for (let start = 0; start < rows; start += height) {
    const count = Math.min(height, rows - start);
    const x = data.subarray(start * columns, (start + count) * columns);
    await (wide ? library.dgemv : library.sgemv)(
      ...[ROW_MAJOR, TRANSPOSE, count, columns, 1, x, columns, ones, 1, 0, part, 1],
    );
    if (!wide) add(part, sums);
  }
  return sums;
}
