import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fit, Moments } from '../../src/cca/index.ts';
import { createEngine, type EngineName } from '../../src/linalg/create-engine.node.ts';
import { type Contestants, twoViews } from '../contestants.ts';
import { type Contender, measure, type Times, timed } from '../measure.ts';
import { type Section, table } from '../report.ts';

interface Streamed {
  readonly dx: number;
  readonly dy: number;
  readonly k: number;
  /** Rows of a block, and how many blocks. */
  readonly block: number;
  readonly blocks: number;
}

/** How many different blocks there are; they come round again and again. */
const DISTINCT = 2;

/** A fit on data that does not fit into memory, streamed in blocks; each engine in a process of its own. */
export async function streamedFit(all: Contestants): Promise<Section[]> {
  const size: Streamed = all.quick
    ? { dx: 512, dy: 100, k: 100, block: 1000, blocks: 10 }
    : { dx: 4096, dy: 300, k: 300, block: 2500, blocks: 40 };
  const { dx, dy, block, blocks } = size;
  const [x, y] = twoViews(DISTINCT * block, dx, dy, dy, 21);
  const peaks = new Map<string, number>();
  const names: EngineName[] = all.native ? ['wasm', 'native'] : ['wasm'];
  const contenders: Contender[] = names.map((name) => ({
    name,
    run: async () => {
      const { times, peak } = await inChild(name, size);
      peaks.set(name, peak);
      return times;
    },
  }));
  const { numpy } = all;
  if (numpy) {
    await all.share('x', x);
    await all.share('y', y);
    contenders.push({ name: 'numpy', run: () => numpy.ask('cca_streamed', { x: 'x', y: 'y', ...size }) });
  }
  const measured = await measure(contenders, all.quick ? 2 : 1);
  const memory = [...peaks].map(([name, peak]) => `${name}: ${(peak / 1024).toFixed(0)} MB`).join(', ');
  return [
    {
      title: `CCA fit, n = ${block * blocks}, dx = ${dx}, dy = ${dy}, streamed in blocks of ${block}`,
      text: `${table(measured, 'numpy')}\n\nPeak memory of the whole process: ${memory}, of which ${(
        (DISTINCT * block * (dx + dy) * 4) / 2 ** 20
      ).toFixed(0)} MB are the blocks.`,
    },
  ];
}

async function inChild(name: EngineName, size: Streamed): Promise<{ times: Times; peak: number }> {
  const child = spawn(process.execPath, [import.meta.filename, name, JSON.stringify(size)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout));
}

/** In the process of its own: one fit, its time and the peak of memory (kilobytes). */
async function runOnce(name: EngineName, { dx, dy, k, block, blocks }: Streamed): Promise<void> {
  const engine = await createEngine(name);
  const [x, y] = twoViews(DISTINCT * block, dx, dy, dy, 21);
  const part = (m: typeof x, i: number) => {
    const start = (i % DISTINCT) * block;
    return { ...m, rows: block, data: m.data.subarray(start * m.columns, (start + block) * m.columns) };
  };
  const times = await timed(async () => {
    const moments = Moments.zero([dx, dy]);
    // Products as the recipes take them, which have ridges.
    const how = { engine, products: 'float32' } as const;
    for (let i = 0; i < blocks; i++) await moments.add([part(x, i), part(y, i)], how);
    await fit(moments, { engine, dimensions: k, ridge: 0.01 });
  });
  process.stdout.write(JSON.stringify({ times, peak: process.resourceUsage().maxRSS }));
  await engine.close();
}

if (process.argv[1] === import.meta.filename)
  await runOnce(process.argv[2] as EngineName, JSON.parse(process.argv[3]!));
