import { createRandom } from '../base/random.ts';
import type { Engine } from './engine.ts';
import { type Matrix32, type Matrix64, zeros64 } from './matrix.ts';

/** What an engine reaches on this machine, in 10⁹ floating-point operations a second, all threads together. */
export interface EngineSpeed {
  readonly engine: string;
  readonly threads: number;
  /** Products of 1024 x 1024 matrices. */
  readonly multiply32: number;
  readonly multiply64: number;
  /** The Gram matrix of 8192 x 1024 float32 rows, with sums in float64. */
  readonly gram32: number;
  /** The Cholesky factor of a 1024 x 1024 matrix. */
  readonly cholesky64: number;
}

/** Measures an engine in about a second: the best of a few runs each. */
export async function measureEngine(engine: Engine): Promise<EngineSpeed> {
  const n = 1024;
  const random = createRandom(1);
  const values = new Float32Array(8 * n * n).map(() => random.uniform() - 0.5);
  const x: Matrix32 = { rows: 8 * n, columns: n, data: values };
  const a: Matrix32 = { rows: n, columns: n, data: values.subarray(0, n * n) };
  const b: Matrix64 = { rows: n, columns: n, data: new Float64Array(a.data) };
  const covariance = zeros64(n, n);
  await engine.gram(x, covariance);
  return {
    engine: engine.name,
    threads: engine.threads,
    multiply32: await speed(2 * n ** 3, () => engine.multiply(a, a)),
    multiply64: await speed(2 * n ** 3, () => engine.multiply(b, b)),
    gram32: await speed(8 * n ** 3, () => engine.gram(x, zeros64(n, n))),
    cholesky64: await speed(n ** 3 / 3, () => engine.cholesky(covariance)),
  };
}

async function speed(operations: number, run: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 4; i++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return operations / best / 1e6;
}
