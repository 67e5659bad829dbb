import { amount, checkOptions, type OptionRules, whole } from '../base/check-options.ts';
import type { Engine, MultiplyOptions } from './engine.ts';
import type { Matrix, Matrix32, Matrix64 } from './matrix.ts';
import { sparseCrossGram, sparseGram, sparseMultiply } from './reference/sparse.ts';
import { cholesky, solveTriangular } from './wasm/cholesky.ts';
import { eigenSymmetric } from './wasm/eigen-symmetric.ts';
import { crossGram, gram } from './wasm/gram.ts';
import { byHalves } from './wasm/halves.ts';
import { jointGram } from './wasm/joint-gram.ts';
import { MOST_THREADS } from './wasm/layout.ts';
import { KernelMemory } from './wasm/memory.ts';
import { compileKernels } from './wasm/module.ts';
import { multiply } from './wasm/multiply.ts';
import { Session } from './wasm/session.ts';
import { svd } from './wasm/svd.ts';
import { oneThread, workerThreads } from './wasm/threads.ts';
import { topK } from './wasm/top-k.ts';

interface WasmOptions {
  readonly threads?: number | undefined;
  readonly memory?: number | undefined;
}

const rules: OptionRules<WasmOptions> = { threads: whole(1), memory: amount(0) };

/**
 * The engine in WebAssembly, in Node and in browsers: SIMD kernels on a pool of worker threads that share their
 * memory. Without SharedArrayBuffer (a page that is not cross-origin isolated) all runs on the calling thread.
 * Matrices that have no room in its memory are computed part by part; of those alone whose eigenvectors or singular
 * values are asked for, all must fit.
 * @param options `threads`: how many compute, as many as the machine has cores when left out; `memory`: the most
 *   WebAssembly memory it may take, in bytes, 4 GiB when left out
 * @throws CovistaError `numeric` where WebAssembly lacks SIMD, `usage` for options that there are not, or out of range
 */
export async function wasmEngine(options: WasmOptions = {}): Promise<Engine> {
  checkOptions('wasmEngine', options, rules);
  const wanted = options.threads ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  const count = Math.max(1, Math.min(MOST_THREADS, wanted));
  const shared = typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated !== false;
  const module = await compileKernels(shared);
  const memory = new KernelMemory(shared, options.memory);
  const threads = shared ? await workerThreads(module, memory, count) : await oneThread(module, memory);
  const session = new Session(memory, threads);
  const divisible = byHalves({
    multiply: <M extends Matrix32 | Matrix64>(a: M, b: M, how?: MultiplyOptions) =>
      session.call((scope) => multiply(scope, a, b, how)),
    gram: (x, into, how) => session.call((scope) => gram(scope, x, into, how)),
    crossGram: (x, y, into, how) => session.call((scope) => crossGram(scope, x, y, into, how)),
    jointGram: (blocks, into, how) => session.call((scope) => jointGram(scope, blocks, into, how)),
    cholesky: (a, how) => session.call((scope) => cholesky(scope, a, how)),
    solveTriangular: (l, b, how) => session.call((scope) => solveTriangular(scope, l, b, how)),
    topK: (queries, gallery, count) => session.call((scope) => topK(scope, queries, gallery, count)),
  });
  return {
    name: 'wasm',
    threads: threads.count,
    ...divisible,
    sparseCrossGram: async (x, s, into, how) => sparseCrossGram(x, s, into, how),
    sparseGram: async (s, into, how) => sparseGram(s, into, how),
    sparseMultiply: async <M extends Matrix>(s: Parameters<typeof sparseMultiply>[0], b: M) =>
      sparseMultiply(s, b) as M,
    eigenSymmetric: (a, how) => session.call((scope) => eigenSymmetric(scope, a, how)),
    svd: (a, how) => session.call((scope) => svd(scope, a, how)),
    hold: (m) => session.hold(m),
    release: (m) => session.release(m),
    close: () => threads.close(),
  };
}
