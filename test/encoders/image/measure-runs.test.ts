import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ImageEncoder, resolveEncoder } from '../../../src/encoders/image/index.ts';
import {
  bestRun,
  executionProviders,
  listSpeeds,
  type SpeedRecord,
  settingsFromEnvironment,
} from '../../../src/encoders/index.ts';
import { covista, scratch } from '../../cli/covista.ts';
import { classifier, save } from './classifier-support.ts';

let folder: string;
let name: string;

beforeAll(async () => {
  folder = await scratch();
  vi.stubEnv('COVISTA_CACHE', join(folder, 'cache'));
  name = `onnx:${await save('measured.onnx', classifier())},preprocessing=unit`;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function featuresOf(encoder: ImageEncoder): Promise<number[][]> {
  const pictures = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      sharp({ create: { width: 20, height: 20, channels: 3, background: { r: 10 * i, g: 99, b: 7 } } })
        .png()
        .toBuffer(),
    ),
  );
  const features: number[][] = [];
  for await (const result of encoder.encode(pictures)) {
    if ('error' in result) throw result.error;
    features[result.index] = [...result.feature];
  }
  await encoder.close();
  return features;
}

describe('the fastest way to run a network', () => {
  test('is measured once, kept, and measured again only when asked for', async () => {
    const reports: string[] = [];
    const onProgress = ({ stage }: { stage: string }) => reports.push(stage);
    const first = await featuresOf(await resolveEncoder(name, { measure: 'once', onProgress }));
    expect(reports).toContain('choose how to run the network');
    const [record, ...others] = await listSpeeds();
    expect(others).toEqual([]);
    expect(record!.name).toBe(name);
    expect(record!.runs.slice(0, 2).map(({ settings }) => settings)).toEqual([{}, { batch: 4 }]);
    const best = bestRun(record!);
    expect(record!.runs).toContain(best);
    for (const { perSecond } of record!.runs) expect(best.perSecond).toBeGreaterThan(perSecond / 1.06);

    const again: string[] = [];
    const second = await resolveEncoder(name, {
      measure: 'once',
      onProgress: ({ stage }) => again.push(stage),
    });
    expect(again).not.toContain('choose how to run the network');
    expect(await featuresOf(second)).toEqual(first);
    await (await resolveEncoder(name, { measure: 'again' })).close();
    expect((await listSpeeds())[0]!.date > record!.date).toBe(true);
  });

  test('is not taken from a file that is damaged', async () => {
    const place = join(folder, 'cache/speed');
    const [file] = await readdir(place);
    const whole = await readFile(join(place, file!), 'utf8');
    await writeFile(join(place, file!), whole.slice(0, 50));
    expect(await listSpeeds()).toEqual([]);
    await (await resolveEncoder(name)).close();
    await writeFile(join(place, file!), whole);
    expect(await listSpeeds()).toHaveLength(1);
  });

  test('is the first one unless another is clearly faster', () => {
    const record = (speeds: number[]): SpeedRecord => ({
      id: 'id',
      name: 'name',
      machine: 'machine',
      date: '2025-01-01',
      runs: speeds.map((perSecond, i) => ({ settings: { batch: i + 1 }, perSecond })),
    });
    expect(bestRun(record([100, 104, 90])).settings.batch).toBe(1);
    expect(bestRun(record([100, 104, 110])).settings.batch).toBe(3);
  });
});

test('several sessions and batches give the same features', async () => {
  const expected = await featuresOf(await resolveEncoder(name, { run: {} }));
  for (const run of [
    { sessions: 3, threads: 1 },
    { sessions: 2, batch: 3 },
    { provider: 'cpu', batch: 7 },
  ]) {
    const features = await featuresOf(await resolveEncoder(name, { run }));
    features.flat().forEach((value, i) => {
      expect(value).toBeCloseTo(expected.flat()[i]!, 5);
    });
  }
});

describe('COVISTA_ONNX', () => {
  test('says how networks are run', () => {
    vi.stubEnv('COVISTA_ONNX', 'provider=cuda, batch=32');
    expect(settingsFromEnvironment()).toEqual({ provider: 'cuda', batch: 32 });
    for (const wrong of ['threads', 'threads=0', 'threads=x', 'cores=2', 'provider=']) {
      vi.stubEnv('COVISTA_ONNX', wrong);
      expect(() => settingsFromEnvironment()).toThrow(/COVISTA_ONNX/);
    }
    vi.stubEnv('COVISTA_ONNX', '');
    expect(settingsFromEnvironment()).toBeUndefined();
  });

  test('names a provider that is not there', async () => {
    vi.stubEnv('COVISTA_ONNX', 'provider=nonsense');
    await expect(resolveEncoder(name)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('nonsense'),
    });
    vi.stubEnv('COVISTA_ONNX', '');
  });
});

test('providers that do not work here say why', async () => {
  for (const { name, works, reason } of await executionProviders()) {
    expect(name).toMatch(/^\w+$/);
    expect(works).toBe(reason === undefined);
  }
});

describe('covista models', () => {
  test('lists what can be named, and what was measured', async () => {
    const listed = JSON.parse((await covista(['models', '--json'])).stdout);
    for (const kind of ['encoders', 'wordVectors', 'textEncoders'])
      for (const entry of listed[kind])
        expect(entry).toMatchObject({
          name: expect.any(String),
          dimensions: expect.any(Number),
          bytes: expect.any(Number),
          licence: expect.any(String),
          cached: false,
        });
    expect(listed.measured).toMatchObject([{ name, best: { perSecond: expect.any(Number) } }]);
    expect((await covista(['models'])).stdout).toContain(name);
  });

  test('measures an encoder, and says what is wrong with one', async () => {
    const measured = await covista(['models', 'measure', name, '--json']);
    expect(measured.code).toBe(0);
    expect(JSON.parse(measured.stdout)[0].runs.length).toBeGreaterThan(1);
    const inspected = await covista(['models', 'inspect', name.slice(5).replace(/,.*/, ''), '--json']);
    expect(JSON.parse(inspected.stdout)).toMatchObject({ feature: expect.any(String) });
    const missing = await covista(['models', 'measure', 'onnx:nowhere.onnx']);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('nowhere.onnx');
  });
});
