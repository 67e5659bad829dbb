import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { convertWordVectors, openWordVectors } from '../../src/encoders/index.ts';
import { createRandom } from '../../src/linalg/index.ts';
import type { Contestants } from '../contestants.ts';
import { type Contender, measure, type Times, timed } from '../measure.ts';
import type { Section } from '../report.ts';

const SIZE = 300;

/** Different vectors; words take them in turn, so that a file is written faster than it is read. */
const DISTINCT = 1000;

interface Converted {
  readonly times: Times;
  /** Seconds that opening the converted file and looking up a word takes. */
  readonly reopened: number;
  /** Kilobytes. */
  readonly peak: number;
}

/** Converts a GloVe text into the compact format, in a process of its own, beside how Python programs read one. */
export async function wordVectors(all: Contestants): Promise<Section[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-vectors-'));
  try {
    const sections = [await compared(all, folder, all.quick ? 20_000 : 200_000)];
    if (!all.quick) sections.push(await alone(folder, 2_000_000));
    return sections;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compared({ quick, numpy }: Contestants, folder: string, words: number): Promise<Section> {
  const file = await writeGlove(folder, words);
  let converted: Converted | undefined;
  const contenders: Contender[] = [
    {
      name: 'Covista, converts and keeps it',
      run: async () => {
        converted = await inChild(file);
        return converted.times;
      },
    },
  ];
  if (numpy)
    for (const [name, task] of [
      ['Python, a loop over lines as gensim has it', 'glove_lines'],
      ['Python, numpy.fromstring for each line', 'glove_fromstring'],
    ] as const)
      contenders.push({ name, run: () => numpy.ask(task, { file, size: SIZE }), rounds: 2 });
  const measured = await measure(contenders, quick ? 2 : 3);
  const bytes = (await stat(file)).size;
  const speed = (seconds: number) => `${(bytes / seconds / 1e6).toFixed(0)}`;
  const lines = [
    '|  | MB of text a second | by CPU time |',
    '| --- | --- | --- |',
    ...measured.map(({ name, wall, cpu }) => `| ${name} | ${speed(wall.min)} | ${speed(cpu.min)} |`),
  ];
  await rm(file);
  return {
    title: `GloVe text of ${words} words x ${SIZE}, ${(bytes / 1e6).toFixed(0)} MB`,
    text: `${lines.join('\n')}\n\n${describe(converted!)}`,
  };
}

async function alone(folder: string, words: number): Promise<Section> {
  const file = await writeGlove(folder, words);
  const bytes = (await stat(file)).size;
  const converted = await inChild(file);
  return {
    title: `GloVe text of ${words} words x ${SIZE}, ${(bytes / 1e9).toFixed(1)} GB`,
    text: `Converted at ${(bytes / converted.times.wall / 1e6).toFixed(0)} MB of text a second. ${describe(converted)}`,
  };
}

function describe({ peak, reopened }: Converted): string {
  return `Peak memory of the whole process: ${(peak / 1024).toFixed(0)} MB. Opened again, with a word looked up, in ${(1000 * reopened).toFixed(0)} ms.`;
}

async function writeGlove(folder: string, words: number): Promise<string> {
  const random = createRandom(3);
  const vectors = Array.from({ length: DISTINCT }, () =>
    Array.from({ length: SIZE }, () => (0.4 * random.normal()).toPrecision(5)).join(' '),
  );
  const file = join(folder, `glove-${words}.txt`);
  function* blocks() {
    for (let start = 0; start < words; start += DISTINCT)
      yield vectors.map((vector, i) => `word${(start + i).toString(36)} ${vector}\n`).join('');
  }
  await pipeline(Readable.from(blocks()), createWriteStream(file));
  return file;
}

async function inChild(file: string): Promise<Converted> {
  const child = spawn(process.execPath, [import.meta.filename, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout));
}

/** In the process of its own. */
async function runOnce(file: string): Promise<void> {
  const target = `${file}.safetensors`;
  const times = await timed(() => convertWordVectors(file, target));
  const { maxRSS: peak } = process.resourceUsage();
  const started = performance.now();
  const vectors = await openWordVectors(target);
  if (vectors.vector('word1a') === undefined) throw new Error('A word is missing.');
  const reopened = (performance.now() - started) / 1000;
  await rm(target);
  process.stdout.write(JSON.stringify({ times, peak, reopened }));
}

if (process.argv[1] === import.meta.filename) await runOnce(process.argv[2]!);
