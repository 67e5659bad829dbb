import type { Engine, Matrix, Matrix64 } from '../../src/linalg/index.ts';
import { zeros64 } from '../../src/linalg/index.ts';
import { type Contestants, randomMatrix } from '../contestants.ts';
import { type Contender, measure, timed } from '../measure.ts';
import type { PythonPeer } from '../python-peer.ts';
import { type Section, table } from '../report.ts';

/** Products and Gram matrices of n x n. */
export async function kernels(all: Contestants, n: number): Promise<Section[]> {
  return [...(await products(all, n, 'float32')), ...(await products(all, n, 'float64'))];
}

async function products(all: Contestants, n: number, type: 'float32' | 'float64'): Promise<Section[]> {
  const single = randomMatrix(n, n, 1);
  const a: Matrix = type === 'float32' ? single : { ...single, data: new Float64Array(single.data) };
  await all.share('a', single, type);
  const engines = (work: (engine: Engine) => Promise<unknown>): Contender[] =>
    enginesOf(all).map(([name, engine]) => ({ name, run: () => timed(() => work(engine)) }));
  const peers = (task: string): Contender[] =>
    peersOf(all).map(([name, peer]) => ({ name, run: () => peer.ask(task, { a: 'a' }) }));
  const rounds = n > 2048 || all.quick ? 3 : 5;
  const into = zeros64(n, n);
  const gemm = await measure(
    [
      ...engines((engine) => engine.multiply(a as Matrix64, a as Matrix64)),
      ...peers('multiply'),
      ...(await javascriptPeers(single, type)),
    ],
    rounds,
  );
  const syrk = await measure([...engines((engine) => engine.gram(a, into)), ...peers('gram')], rounds);
  return [
    {
      title: `Product of ${n} x ${n} matrices, ${type}`,
      text: table(gemm, 'numpy, 1 thread', { operations: 2 * n ** 3 }),
    },
    {
      title: `Gram matrix of ${n} x ${n}, ${type}${type === 'float32' ? ' (numpy sums in float32, Covista in float64)' : ''}`,
      text: table(syrk, 'numpy, 1 thread', { operations: n ** 3 }),
    },
  ];
}

/** Other libraries for JavaScript: ml-matrix (float64) and jax-js (float32). */
async function javascriptPeers(a: Matrix, type: 'float32' | 'float64'): Promise<Contender[]> {
  const n = a.rows;
  if (n > 2048) return [];
  if (type === 'float64') {
    const { Matrix: MlMatrix } = await import('ml-matrix');
    const m = new MlMatrix(n, n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) m.set(i, j, a.data[i * n + j]!);
    return [{ name: 'ml-matrix', rounds: 1, run: () => timed(async () => m.mmul(m)) }];
  }
  const { init, defaultDevice, numpy } = await import('@jax-js/jax');
  await init('wasm');
  defaultDevice('wasm');
  const m = numpy.array(new Float32Array(a.data)).reshape([n, n]);
  return [{ name: 'jax-js', rounds: 2, run: () => timed(() => numpy.matmul(m.ref, m.ref).data()) }];
}

/** Cholesky factor, eigenvectors, singular values. */
export async function decompositions(all: Contestants): Promise<Section[]> {
  const rounds = all.quick ? 2 : 3;
  const n = all.quick ? 512 : 2048;
  const spd = zeros64(n, n);
  const x = randomMatrix(n, n, 2);
  await all.wasm.gram(x, spd);
  for (let i = 0; i < n; i++) spd.data[i * n + i]! += 1;
  await all.share('x', x);
  for (const [, peer] of peersOf(all)) await peer.ask('positive', { a: 'x', name: 'spd' });
  const [rows, columns, count] = all.quick ? [320, 600, 128] : [1280, 2400, 512];
  const wide = randomMatrix(rows, columns, 3);
  const wide64: Matrix64 = { ...wide, data: new Float64Array(wide.data) };
  await all.share('wide', wide, 'float64');
  const engines = enginesOf(all).slice(1);
  const peers = peersOf(all).slice(1);
  const run = (task: string, a: string, work: (engine: Engine) => Promise<unknown>) =>
    measure(
      [
        ...engines.map(([name, engine]) => ({ name, run: () => timed(() => work(engine)) })),
        ...peers.map(([name, peer]) => ({ name, run: () => peer.ask(task, { a }) })),
      ],
      rounds,
    );
  const m = all.quick ? 256 : 1280;
  const symmetric: Matrix64 = { rows: m, columns: m, data: new Float64Array(m * m) };
  for (let i = 0; i < m; i++) symmetric.data.set(spd.data.subarray(i * n, i * n + m), i * m);
  await all.share('sym', { rows: m, columns: m, data: new Float32Array(symmetric.data) }, 'float64');
  return [
    {
      title: `Cholesky factor, ${n} x ${n}, float64`,
      text: table(await run('cholesky', 'spd', (e) => e.cholesky(spd)), 'numpy'),
    },
    {
      title: `All eigenvectors, ${m} x ${m}, float64`,
      text: table(await run('eigen', 'sym', (e) => e.eigenSymmetric(symmetric)), 'numpy'),
    },
    {
      title: `Leading ${count} singular triplets, ${rows} x ${columns}, float64 (numpy: all)`,
      text: table(await run('svd', 'wide', (e) => e.svd(wide64, { count })), 'numpy'),
    },
  ];
}

/** The engines, the one on one thread first. */
export function enginesOf(all: Contestants): [string, Engine][] {
  const engines: [string, Engine][] = [
    ['wasm, 1 thread', all.wasmOneThread],
    [`wasm, ${all.wasm.threads} threads`, all.wasm],
  ];
  if (all.native) engines.push(['native', all.native]);
  return engines;
}

/** The Python processes, the one on one thread first. */
export function peersOf(all: Contestants): [string, PythonPeer][] {
  const peers: [string, PythonPeer][] = [];
  if (all.numpyOneThread) peers.push(['numpy, 1 thread', all.numpyOneThread]);
  if (all.numpy) peers.push(['numpy', all.numpy]);
  return peers;
}
