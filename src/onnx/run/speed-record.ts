import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../../files/cache.ts';
import { makeFolder } from '../../files/folders.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { onnxRuntime } from './onnx-runtime.ts';
import type { RunSettings } from './run-settings.ts';

const recordSchema = z.object({
  /** Names the network, layers and preprocessing. */
  id: z.string(),
  /** As the user names it: `default`, `onnx:/models/vgg16.onnx`. */
  name: z.string(),
  machine: z.string(),
  /** When, in ISO 8601. */
  date: z.string(),
  runs: z
    .array(
      z.object({
        settings: z.object({
          provider: z.string().optional(),
          sessions: z.number().int().positive().optional(),
          threads: z.number().int().positive().optional(),
          batch: z.number().int().positive().optional(),
        }),
        /** Pictures a second. */
        perSecond: z.number().positive(),
      }),
    )
    .min(1),
});

/** How fast an encoder is on this machine in several ways of running it, the first being the runtime's own. */
export type SpeedRecord = z.infer<typeof recordSchema>;

/** Other settings than the runtime's own have to be this much faster to be taken. */
const WORTH_IT = 1.05;

/** What decides how fast a network is here, as far as it can be told. */
export async function machineName(): Promise<string> {
  const { model = 'unknown' } = cpus()[0] ?? {};
  const { name, version } = await onnxRuntime();
  const runtime = name === 'onnxruntime-node' ? 'onnxruntime' : name;
  return `${availableParallelism()} x ${model.trim()}, ${process.platform} ${process.arch}, ${runtime} ${version}`;
}

/** The fastest of the measured settings. */
export function bestRun({ runs }: SpeedRecord): SpeedRecord['runs'][number] {
  const fastest = runs.reduce((one, other) => (other.perSecond > one.perSecond ? other : one));
  return fastest.perSecond > WORTH_IT * runs[0]!.perSecond ? fastest : runs[0]!;
}

/** The settings that were measured to be the best for an encoder on this machine, if any were. */
export async function measuredSettings(id: string): Promise<RunSettings | undefined> {
  const record = await readRecord(recordFile(id, await machineName()));
  return record && bestRun(record).settings;
}

/** Keeps what was measured for later sessions. */
export async function saveSpeed(record: SpeedRecord): Promise<void> {
  await makeFolder(speedFolder());
  await replaceFile(recordFile(record.id, record.machine), `${JSON.stringify(record, null, 2)}\n`);
}

/** Everything that was measured on this machine. */
export async function listSpeeds(): Promise<SpeedRecord[]> {
  const names = await readdir(speedFolder()).catch(() => []);
  const records = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readRecord(join(speedFolder(), name))),
  );
  const machine = await machineName();
  return records.filter((record) => record !== undefined).filter((record) => record.machine === machine);
}

const speedFolder = () => join(cacheFolder(), 'speed');

function recordFile(id: string, machine: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([id, machine]))
    .digest('hex')
    .slice(0, 16);
  return join(speedFolder(), `${hash}.json`);
}

/** What another version wrote, or nobody, counts as not measured. */
async function readRecord(file: string): Promise<SpeedRecord | undefined> {
  try {
    return recordSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
