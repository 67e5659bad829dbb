/**
 * What the kernels (src/linalg/kernels) and the code around them agree on: addresses at the bottom of the memory and
 * the numbers of the operations. Addresses are in bytes.
 */

/** Counts calls; workers wait for it to change. */
export const CALL = 0;
/** What the workers are to run: the number of an operation, or a negative number to end. */
export const OPERATION = 8;
/** How many workers still run. */
export const RUNNING = 16;
/** The kernels' counters: next piece of work, request to stop and what threads agreed on, what went wrong. */
export const NEXT = 192;
export const STOP = 256;
export const AGREED = 264;
export const STATUS = 320;
/** Arguments, 8 bytes each. */
export const ARGUMENTS = 1024;
/** Where matrices start. Below it every thread has 256 bytes of scratch from address 4096 on. */
export const HEAP = 65536;
/** As many threads as have scratch. */
export const MOST_THREADS = (HEAP - 4096) / 256;

/** The operations of kernels/index.ts. */
export const operations = {
  product: 0,
  mirror: 1,
  cholesky: 2,
  solve: 3,
  search: 4,
  factorLq: 5,
  tridiagonalize: 6,
  bidiagonalize: 7,
  accumulate: 8,
  applyReversed: 9,
  rotate: 10,
  jointGram: 11,
} as const;

/** Element types of a product: float32, float32 with float64 sums, float64. */
export const kinds = { f32: 0, f32Sum64: 1, f64: 2 } as const;

/** What becomes of the result of a product: it is added, subtracted, or takes the place of what was there. */
export const outcomes = { add: 0, subtract: 1, store: 2 } as const;
