import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../src/linalg/create-engine.node.ts';
import { createRandom, type Engine, type Matrix32, wasmEngine } from '../src/linalg/index.ts';
import { PythonPeer } from './python-peer.ts';

/** Everybody who takes part, and the folder through which data goes to Python. */
export interface Contestants {
  readonly quick: boolean;
  readonly wasm: Engine;
  readonly wasmOneThread: Engine;
  /** Undefined when no BLAS is installed. */
  readonly native: Engine | undefined;
  readonly numpy: PythonPeer | undefined;
  readonly numpyOneThread: PythonPeer | undefined;
  /** What was left out, and how to install it. */
  readonly missing: readonly string[];
  /** Writes a matrix for Python and has it loaded there under a name. */
  share(name: string, m: Matrix32, type?: 'float32' | 'float64'): Promise<void>;
  close(): Promise<void>;
}

export async function gather(quick: boolean): Promise<Contestants> {
  // Settings meant for other programs would slow the native engine down, too.
  delete process.env.OPENBLAS_CORETYPE;
  delete process.env.OPENBLAS_L2_SIZE;
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const numpy = await PythonPeer.start();
  const numpyOneThread = numpy && (await PythonPeer.start(1));
  const native = await createEngine('native').catch(() => undefined);
  const wasm = await wasmEngine();
  const wasmOneThread = await wasmEngine({ threads: 1 });
  const missing: string[] = [];
  if (!numpy) missing.push('numpy: install Debian python3-numpy and libopenblas0-pthread');
  if (!native) missing.push('native engine: install Debian libopenblas0-pthread');
  return {
    ...{ quick, wasm, wasmOneThread, native, numpy, numpyOneThread, missing },
    share: async (name, m, type = 'float32') => {
      const file = join(folder, name);
      await writeFile(file, m.data);
      for (const peer of [numpy, numpyOneThread])
        await peer?.ask('load', { name, file, rows: m.rows, columns: m.columns, type });
      await rm(file);
    },
    close: async () => {
      numpy?.end();
      numpyOneThread?.end();
      await Promise.all([wasm.close(), wasmOneThread.close(), native?.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A matrix of uniform random numbers around 0. */
export function randomMatrix(rows: number, columns: number, seed: number): Matrix32 {
  const random = createRandom(seed);
  return { rows, columns, data: new Float32Array(rows * columns).map(() => random.uniform() - 0.5) };
}

/** Two views with `shared` hidden causes, each of them weaker than the one before. */
export function twoViews(
  n: number,
  dx: number,
  dy: number,
  shared: number,
  seed: number,
): [Matrix32, Matrix32] {
  const x = randomMatrix(n, dx, seed);
  const y = randomMatrix(n, dy, seed + 1);
  const causes = randomMatrix(n, shared, seed + 2);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < shared; c++) {
      const value = (3 * causes.data[i * shared + c]!) / (1 + c / 8);
      x.data[i * dx + ((c * 7) % dx)]! += value;
      y.data[i * dy + (c % dy)]! += value;
    }
  return [x, y];
}
