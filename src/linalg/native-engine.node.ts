import { CovistaError } from '../base/errors.ts';
import type { Engine, MultiplyOptions } from './engine.ts';
import type { Matrix, Matrix32, Matrix64 } from './matrix.ts';
import { crossGram, gram, multiply } from './native/dense.node.ts';
import { jointGram } from './native/joint-gram.node.ts';
import { cholesky, eigenSymmetric, solveTriangular, svd } from './native/lapack.node.ts';
import { loadNativeLibrary, type NativeLibrary } from './native/library.node.ts';
import { topK } from './native/top-k.node.ts';
import { sparseCrossGram, sparseGram, sparseMultiply } from './reference/sparse.ts';
import { wasmEngine } from './wasm-engine.ts';

/**
 * The engine over a BLAS and LAPACK of this machine (OpenBLAS, MKL, BLIS, Accelerate): the one that the environment
 * variable `COVISTA_BLAS` names, or else the first that is found. Its calls run off the main thread.
 * @throws CovistaError `not-found` when there is none or `COVISTA_BLAS=none`; `numeric` when it computes wrongly
 */
export async function nativeEngine(): Promise<Engine> {
  const library = loadNativeLibrary();
  if (!library)
    throw new CovistaError('not-found', 'No BLAS was found on this machine.', {
      hint: 'install OpenBLAS (Debian: libopenblas0-pthread), or name a library in COVISTA_BLAS',
    });
  // BLIS comes without LAPACK.
  const { lapack } = library;
  const decompositions: Pick<Engine, 'cholesky' | 'eigenSymmetric' | 'svd' | 'close'> = lapack
    ? {
        cholesky: (a, how) => cholesky(lapack, a, how),
        eigenSymmetric: (a, how) => eigenSymmetric(lapack, a, how),
        svd: (a, how) => svd(lapack, a, how),
        close: async () => {},
      }
    : await wasmEngine();
  const engine: Engine = {
    name: library.file.replace(/^.*[\\/]/, ''),
    threads: library.threads,
    multiply: <M extends Matrix32 | Matrix64>(a: M, b: M, how?: MultiplyOptions) =>
      multiply(library, a, b, how),
    gram: (x, into, how) => gram(library, x, into, how),
    crossGram: (x, y, into, how) => crossGram(library, x, y, into, how),
    jointGram: (blocks, into, how) => jointGram(library, blocks, into, how),
    sparseCrossGram: async (x, s, into, how) => sparseCrossGram(x, s, into, how),
    sparseGram: async (s, into, how) => sparseGram(s, into, how),
    sparseMultiply: async <M extends Matrix>(s: Parameters<typeof sparseMultiply>[0], b: M) =>
      sparseMultiply(s, b) as M,
    cholesky: decompositions.cholesky,
    solveTriangular: (l, b, how) => solveTriangular(library, l, b, how),
    eigenSymmetric: decompositions.eigenSymmetric,
    svd: decompositions.svd,
    topK: (queries, gallery, count) => topK(library, queries, gallery, count),
    hold: async (m) => m,
    release: async () => {},
    close: decompositions.close,
  };
  await selfTest(library, engine);
  return engine;
}

/** A library that is broken or built for another processor is found out by sums whose results are whole numbers. */
async function selfTest(library: NativeLibrary, engine: Engine): Promise<void> {
  const n = 67;
  const element = (i: number, j: number) => ((i * 7 + j * 3) % 11) - 5;
  const data = new Float64Array(n * n).map((_, p) => element(Math.floor(p / n), p % n));
  const a = { rows: n, columns: n, data };
  const single = { rows: n, columns: n, data: new Float32Array(data) };
  const inDouble = { rows: n, columns: n, data: new Float64Array(n * n) };
  const inSingle = { rows: n, columns: n, data: new Float64Array(n * n) };
  await engine.gram(a, inDouble);
  await engine.gram(single, inSingle);
  const product = await engine.multiply(a, a, { transposeA: true });
  let wrong = false;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < n; p++) sum += element(p, i) * element(p, j);
      const at = i * n + j;
      if (inDouble.data[at] !== sum || inSingle.data[at] !== sum || product.data[at] !== sum) wrong = true;
    }
  if (wrong)
    throw new CovistaError('numeric', `${library.file} multiplies wrongly on this machine.`, {
      hint: 'set COVISTA_BLAS=none, or install another BLAS',
    });
}
