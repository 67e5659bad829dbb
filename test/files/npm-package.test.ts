import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProgressEvent } from '../../src/base/progress.ts';
import { EMOJILIB, type PackageSource, packageFolder } from '../../src/encoders/index.ts';

let cache = '';

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'covista-test-'));
  vi.stubEnv('COVISTA_CACHE', cache);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

/** Puts a tarball with these files where a user without a network would. */
async function placeTarball(
  files: Record<string, string>,
  change: Partial<PackageSource> = {},
  prepare?: (folder: string) => Promise<void>,
  entries = ['package'],
): Promise<PackageSource> {
  const folder = join(cache, 'made');
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, 'package', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await prepare?.(join(folder, 'package'));
  const tarball = join(cache, 'npm', 'scope-tiny-1.0.0.tgz');
  await mkdir(dirname(tarball), { recursive: true });
  await create({ file: tarball, gzip: true, cwd: folder, preservePaths: true }, entries);
  const bytes = await readFile(tarball);
  return {
    name: '@scope/tiny',
    version: '1.0.0',
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    bytes: bytes.length,
    files: ['data/a.json'],
    licence: 'MIT',
    credit: 'nobody',
    ...change,
  };
}

/** Everything below the cache's folder for packages, except for the placed tarball. */
async function kept(): Promise<string[]> {
  const names = await readdir(join(cache, 'npm'), { recursive: true });
  return names.filter((name) => !name.endsWith('.tgz')).sort();
}

describe('a package that was placed by hand', () => {
  test('gives the named files and no others', async () => {
    const source = await placeTarball({ 'data/a.json': '1', 'data/b.json': '2', 'index.js': 'x' });
    const folder = await packageFolder(source);
    expect(dirname(folder)).toBe(join(cache, 'npm', '@scope'));
    expect(basename(folder)).toMatch(/^tiny@1\.0\.0/);
    expect(await readFile(join(folder, 'data', 'a.json'), 'utf8')).toBe('1');
    expect(await readdir(join(folder, 'data'))).toEqual(['a.json']);
  });

  test('is unpacked once', async () => {
    const source = await placeTarball({ 'data/a.json': '1' });
    const folder = await packageFolder(source);
    await rm(join(cache, 'npm', 'scope-tiny-1.0.0.tgz'));
    const events: ProgressEvent[] = [];
    expect(await packageFolder(source, { onProgress: (event) => events.push(event) })).toBe(folder);
    expect(events).toEqual([]);
  });

  test('is unpacked again when other files of it are wanted', async () => {
    const source = await placeTarball({ 'data/a.json': '1', 'data/b.json': '2', 'other/b.json': '3' });
    const first = await packageFolder(source);
    const folder = await packageFolder({ ...source, files: ['*/b.json'] });
    expect((await readdir(folder)).sort()).toEqual(['data', 'other']);
    expect(await readdir(join(folder, 'data'))).toEqual(['b.json']);
    expect(await readdir(join(first, 'data'))).toEqual(['a.json']);
  });

  test('is refused when its integrity is wrong, and leaves nothing', async () => {
    const source = await placeTarball({ 'data/a.json': '1' }, { integrity: EMOJILIB.integrity });
    await expect(packageFolder(source)).rejects.toMatchObject({ code: 'integrity' });
    expect(await kept()).toEqual([]);
  });

  test('is refused when a file is missing, and leaves nothing', async () => {
    const source = await placeTarball({ 'data/b.json': '1' });
    await expect(packageFolder(source)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('data/a.json'),
    });
    expect(await kept()).toEqual(['@scope']);
  });

  test('leaves links out', async () => {
    const source = await placeTarball(
      { 'data/a.json': '1', 'index.js': 'x' },
      { files: ['*'] },
      async (folder) => symlink(cache, join(folder, 'link')),
    );
    const folder = await packageFolder(source);
    expect(await readdir(folder)).toEqual(['index.js']);
  });

  test('is refused when it leads out of its folder', async () => {
    const source = await placeTarball(
      { 'data/a.json': '1', '../outside.json': 'x' },
      { files: ['*/*'] },
      undefined,
      ['package', 'package/../outside.json'],
    );
    await expect(packageFolder(source)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining("'..'"),
    });
    expect(await kept()).toEqual(['@scope']);
  });

  test('leaves nothing when it is cut short, although its integrity says so', async () => {
    const whole = await placeTarball({ 'data/a.json': '0123456789'.repeat(9999) });
    const path = join(cache, 'npm', 'scope-tiny-1.0.0.tgz');
    const half = (await readFile(path)).subarray(0, whole.bytes / 2);
    await writeFile(path, half);
    const integrity = `sha512-${createHash('sha512').update(half).digest('base64')}`;
    await expect(packageFolder({ ...whole, integrity })).rejects.toMatchObject({ code: 'bad-format' });
    expect((await kept()).filter((name) => name !== '@scope')).toEqual([]);
  });

  test('leaves nothing when it is stopped', async () => {
    const source = await placeTarball({ 'data/a.json': '1' });
    const controller = new AbortController();
    const work = packageFolder(source, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(work).rejects.toMatchObject({ code: 'aborted' });
    expect((await kept()).filter((name) => name !== '@scope')).toEqual([]);
  });

  test('is unpacked by several at once, each of which finds it whole', async () => {
    const source = await placeTarball({ 'data/a.json': '1' });
    const read = async (folder: string) => readFile(join(folder, 'data', 'a.json'), 'utf8');
    for (let round = 0; round < 20; round++) {
      const contents = Array.from({ length: 10 }, async (_, i) => {
        await sleep(i / 2);
        return read(await packageFolder(source));
      });
      expect(await Promise.all(contents)).toEqual(contents.map(() => '1'));
      const folders = await readdir(join(cache, 'npm', '@scope'));
      expect(folders).toHaveLength(1);
      await rm(join(cache, 'npm', '@scope', folders[0]!), { recursive: true });
    }
  });
});

describe('without a network', () => {
  test('says what to run and where to put the file', async () => {
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
    vi.stubEnv('npm_config_cache', join(cache, 'npm-cache'));
    vi.stubEnv('npm_config_fetch_retries', '0');
    await expect(packageFolder(EMOJILIB)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNREFUSED'),
      hint: expect.stringMatching(/npm pack emojilib@4\.0\.3.*emojilib-4\.0\.3\.tgz/),
    });
  });
});

const reachable = await fetch('https://registry.npmjs.org/emojilib', {
  method: 'HEAD',
  signal: AbortSignal.timeout(5000),
}).then(
  (response) => response.ok,
  () => false,
);

describe.skipIf(!reachable)('with the npm registry (skipped where it cannot be reached)', () => {
  test('fetches a package, and says its size before', async () => {
    const events: ProgressEvent[] = [];
    const folder = await packageFolder(EMOJILIB, { onProgress: (event) => events.push(event) });
    const words = JSON.parse(await readFile(join(folder, 'dist', 'emoji-en-US.json'), 'utf8'));
    expect(words['🎾']).toContain('tennis');
    expect(events[0]).toEqual({
      stage: 'fetch emojilib@4.0.3',
      done: 0,
      total: EMOJILIB.bytes,
      unit: 'bytes',
    });
  });

  test('says when there is no such version', async () => {
    const source = { ...EMOJILIB, version: '999.0.0' };
    await expect(packageFolder(source)).rejects.toMatchObject({ code: 'network' });
  });
});
