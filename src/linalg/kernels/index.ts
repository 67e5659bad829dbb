// The operations that a thread can be told to run. Their numbers and arguments match src/linalg/wasm/layout.ts.

import { bidiagonalize } from './bidiagonal';
import { factor, solveLeft } from './cholesky';
import { accumulate, applyReversed, factorLq } from './householder';
import { jointGram } from './joint-gram';
import { product, setWorkspace } from './product';
import { address, integer, setThread } from './runtime';
import { rotate } from './rotations';
import { mirror } from './shape';
import { clearHeaps, mergeHeaps, packQueries, search, setHeaps } from './top-k';
import { tridiagonalize } from './tridiagonal';

/** Tells this instance which thread it is; once, before any operation. */
export function start(index: i32, count: i32): void {
  setThread(index, count);
}

/** Runs an operation together with the other threads, with the arguments that lie in memory. */
export function run(operation: i32): void {
  setWorkspace(address(0), address(1));
  if (operation == 0) {
    product(
      integer(2),
      integer(3),
      integer(4),
      integer(5),
      address(6),
      integer(7),
      integer(8) != 0,
      address(9),
      integer(10),
      integer(11) != 0,
      address(12),
      integer(13),
      integer(14),
      integer(15) != 0,
      address(16),
      address(17),
      address(18),
    );
  } else if (operation == 1) mirror(address(2), integer(3));
  else if (operation == 2) factor(address(2), integer(3), integer(3), 0);
  else if (operation == 3) solveLeft(address(2), integer(3), integer(3), address(4), integer(5), integer(5), integer(6) != 0);
  else if (operation == 4) {
    // Search: 2 scores, 3 indices, 4 queries, 5 count, 6 rows of queries, 7 d, 8 packed, 9 gallery, 10 its rows,
    // 11 number of the first, 12 room, 13 whether this is the first part, 14 whether the last.
    setHeaps(address(2), address(3), integer(4), integer(5));
    if (integer(13) != 0) {
      clearHeaps();
      packQueries(address(6), integer(7), address(8));
    }
    search(address(6), address(8), address(9), integer(10), integer(7), <u32>integer(11), address(12));
    if (integer(14) != 0) mergeHeaps();
  } else if (operation == 5) factorLq(address(2), integer(3), integer(4), address(5), address(6), address(7));
  else if (operation == 6) {
    tridiagonalize(address(2), integer(3), address(4), address(5), address(6), address(7), address(8));
  } else if (operation == 7) {
    bidiagonalize(
      address(2),
      integer(3),
      address(4),
      address(5),
      address(6),
      address(7),
      address(8),
      address(9),
      address(10),
    );
  } else if (operation == 8) {
    accumulate(address(2), integer(3), address(4), integer(5), integer(6), address(7), address(8));
  } else if (operation == 9) {
    applyReversed(
      address(2),
      integer(3),
      integer(4),
      address(5),
      integer(6),
      integer(7),
      integer(8),
      integer(9),
      address(10),
      address(11),
    );
  } else if (operation == 10) {
    rotate(address(2), integer(3), integer(4), address(5), integer(6), address(7));
  } else if (operation == 11) {
    jointGram(
      integer(2),
      integer(3),
      address(4),
      integer(5),
      address(6),
      address(7),
      integer(8),
      address(9),
      integer(10) != 0,
    );
  }
}
