import { existsSync, readFileSync } from 'node:fs';
import { type BlockRows, type JointSpace, Moments } from '../../src/cca/index.ts';
import { type Matrix64, referenceEngine } from '../../src/linalg/index.ts';
import { random64 } from '../linalg/plain.ts';

export const engine = referenceEngine();

const goldenPath = '../shared/data/cca-golden/golden.json';

/** Reference values computed with numpy, scipy and R; undefined where they are not at hand. */
export const golden = existsSync(goldenPath) ? JSON.parse(readFileSync(goldenPath, 'utf8')) : undefined;

export function matrixOf(rows: readonly (readonly number[])[]): Matrix64 {
  return { rows: rows.length, columns: rows[0]!.length, data: Float64Array.from(rows.flat()) };
}

export async function momentsOf(...blocks: readonly BlockRows[]): Promise<Moments> {
  const moments = Moments.zero(blocks.map((b) => ('of' in b ? b.rows.columns : b.columns)));
  await moments.add(blocks, { engine });
  return moments;
}

/** Two views that share `shared` hidden causes, each with noise of its own. */
export function correlatedViews(n: number, dx: number, dy: number, shared: number, seed: number) {
  const cause = random64(n, shared, seed);
  const view = (size: number, salt: number): Matrix64 => {
    const noise = random64(n, size, seed + salt);
    const loading = random64(shared, size, seed + salt + 1);
    const data = noise.data.map((value, p) => {
      const i = Math.floor(p / size);
      let sum = value;
      for (let c = 0; c < shared; c++)
        sum += cause.data[i * shared + c]! * loading.data[c * size + (p % size)]!;
      return sum;
    });
    return { rows: n, columns: size, data };
  };
  return [view(dx, 10), view(dy, 20)] as const;
}

/** The canonical variates (x - mean) weights in float64. */
export async function variates(space: JointSpace, view: number, rows: Matrix64): Promise<Matrix64> {
  const { mean, weights } = space.views[view]!;
  const centred = { ...rows, data: rows.data.map((value, p) => value - mean[p % rows.columns]!) };
  return engine.multiply(centred, weights);
}

/** Rows `from` to `to` as a matrix of its own. */
export function rowsOf(m: Matrix64, from: number, to: number): Matrix64 {
  return { rows: to - from, columns: m.columns, data: m.data.slice(from * m.columns, to * m.columns) };
}
