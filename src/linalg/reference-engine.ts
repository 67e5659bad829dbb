import type { Engine, MultiplyOptions } from './engine.ts';
import type { Matrix32, Matrix64 } from './matrix.ts';
import { cholesky, solveTriangular } from './reference/cholesky.ts';
import { crossGram, gram, jointGram, multiply } from './reference/dense.ts';
import { eigenSymmetric } from './reference/eigen-symmetric.ts';
import { sparseCrossGram, sparseGram, sparseMultiply } from './reference/sparse.ts';
import { svd } from './reference/svd.ts';
import { topK } from './reference/top-k.ts';

/**
 * The engine in plain TypeScript that the faster ones are tested against: one thread, float64 sums everywhere,
 * no WebAssembly, nothing to load. Results are computed before the call returns its promise.
 */
export function referenceEngine(): Engine {
  return {
    name: 'reference',
    threads: 1,
    multiply: async <M extends Matrix32 | Matrix64>(a: M, b: M, options?: MultiplyOptions) =>
      multiply(a, b, options) as M,
    gram: async (x, into, options) => gram(x, into, options),
    crossGram: async (x, y, into, options) => crossGram(x, y, into, options),
    jointGram: async (blocks, into, options) => jointGram(blocks, into, options),
    sparseCrossGram: async (x, s, into, options) => sparseCrossGram(x, s, into, options),
    sparseGram: async (s, into, options) => sparseGram(s, into, options),
    sparseMultiply: async <M extends Matrix32 | Matrix64>(s: Parameters<typeof sparseMultiply>[0], b: M) =>
      sparseMultiply(s, b) as M,
    cholesky: async (a, options) => {
      const l = cholesky(a);
      if (!options?.overwrite) return l;
      a.data.set(l.data);
      return a;
    },
    solveTriangular: async (l, b, options) => solveTriangular(l, b, options),
    eigenSymmetric: async (a, options) => eigenSymmetric(a, options),
    svd: async (a, options) => svd(a, options),
    topK: async (queries, gallery, count) => topK(queries, gallery, count),
    hold: async (m) => m,
    release: async () => {},
    close: async () => {},
  };
}
