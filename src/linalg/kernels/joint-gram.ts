// The Gram matrix of blocks side by side: every block is read once, for its products with itself and all others.

import { ADD, STORE } from './add-tile';
import { HEIGHT } from './micro';
import { F64, pack, stepsThatFit, tiles, workspaceStart } from './product';
import { barrier, restartDraw } from './runtime';

/** Blocks begin at multiples of this many columns, so that no panel of either operand belongs to two of them. */
const ALIGNMENT: i32 = 24;

/**
 * The lower triangle of C (size x size) becomes, or grows by, Σ x xᵀ over `k` rows x, less their shifts. A row is that
 * of all blocks side by side; `table` holds the address (u32) and the columns (i32) of each. `sums` grows by Σ x.
 */
export function jointGram(
  kind: i32,
  k: i32,
  c: usize,
  size: i32,
  shifts: usize,
  sums: usize,
  blocks: i32,
  table: usize,
  store: bool,
): void {
  const bytes: i32 = kind == F64 ? 8 : 4;
  const width = 32 / bytes;
  const most = stepsThatFit(2 * size * bytes, k);
  for (let p = 0; p < k; p += most) {
    const depth = min(most, k - p);
    const stepBytes = <usize>bytes * <usize>depth;
    let packedA = workspaceStart();
    let packedB = packedA + <usize>size * stepBytes;
    let start: usize = 0;
    for (let block = 0; block < blocks; block++) {
      const entry = table + (<usize>block << 3);
      const columns = load<i32>(entry, 4);
      const from = <usize>load<u32>(entry) + <usize>p * <usize>columns * <usize>bytes;
      const padded = ((columns + ALIGNMENT - 1) / ALIGNMENT) * ALIGNMENT;
      const here = start << 3;
      pack(bytes, HEIGHT, from, columns, true, columns, depth, packedA, padded / HEIGHT, shifts + here, 0, 0);
      pack(bytes, width, from, columns, true, columns, depth, packedB, padded / width, shifts + here, 0, sums + here);
      packedA += <usize>padded * stepBytes;
      packedB += <usize>padded * stepBytes;
      start += <usize>padded;
    }
    restartDraw();
    barrier();
    packedA = workspaceStart();
    tiles(kind, size, size, depth, packedA, packedA + <usize>size * stepBytes, c, size, store && p == 0 ? STORE : ADD, true);
    barrier();
  }
}
