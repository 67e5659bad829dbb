import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/files/folders.ts';
import { partialPath, removeStalePartials } from '../../src/files/partial.ts';
import { publish } from '../../src/files/publish.ts';
import { replaceFile } from '../../src/files/replace-file.ts';
import { temporaryFolder } from '../datasets/temporary-folder.ts';

const longAgo = new Date(Date.now() - 30 * 24 * 3_600_000);

/** A leftover of a process that was killed, and one of a process that still runs. */
async function leftovers(folder: string): Promise<{ dead: string; alive: string; end: () => void }> {
  const alive = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  const nameOf = (pid: number) =>
    basename(partialPath(join(folder, 'x'))).replace(`-${process.pid}-`, `-${pid}-`);
  for (const pid of [dead.pid!, alive.pid!]) await writeFile(join(folder, nameOf(pid)), 'half');
  const names = await readdir(folder);
  const of = (pid: number) => names.find((name) => name.includes(`-${pid}-`))!;
  return { dead: of(dead.pid!), alive: of(alive.pid!), end: () => alive.kill() };
}

describe('what killed processes leave half-written', () => {
  it.each([
    ['replaceFile', (folder: string) => replaceFile(join(folder, 'a.txt'), 'new')],
    ['publish', (folder: string) => publish(join(folder, 'a.txt'), (partial) => writeFile(partial, 'new'))],
  ])('is removed by %s, but not what a process still writes', async (_, write) => {
    await using folder = await temporaryFolder();
    const { dead, alive, end } = await leftovers(folder.path);
    try {
      await write(folder.path);
      const names = await readdir(folder.path);
      expect(names).toContain(alive);
      expect(names).not.toContain(dead);
      expect(names.sort()).toEqual([alive, 'a.txt'].sort());
    } finally {
      end();
    }
  });

  it('is removed after a week where its process cannot be asked after, as on another machine', async () => {
    await using folder = await temporaryFolder();
    const names = [
      '.covista-00000000-1-0.partial',
      '.partial-0f8fad5b-d9cb-469f-a165-70867728950e',
      'model.safetensors.123.partial',
    ];
    for (const name of [...names, 'movie.123.partial', 'notes.partial']) await folder.write(name, 'half');
    await removeStalePartials(folder.path);
    expect(await readdir(folder.path)).toHaveLength(5);
    for (const name of await readdir(folder.path)) await utimes(join(folder.path, name), longAgo, longAgo);
    await removeStalePartials(folder.path);
    // What others named is theirs.
    expect((await readdir(folder.path)).sort()).toEqual(['movie.123.partial', 'notes.partial']);
  });

  it('is never of this process, whatever it writes at once', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.txt');
    await Promise.all(Array.from({ length: 20 }, (_, i) => replaceFile(path, `${i}`)));
    expect(await readFile(path, 'utf8')).toMatch(/^\d+$/);
    expect(await readdir(folder.path)).toEqual(['a.txt']);
  });
});

describe('replaceFile', () => {
  it('replaces what a link leads to, and writes to what is no file', async () => {
    await using folder = await temporaryFolder();
    const real = await folder.write('real.txt', 'before');
    const link = join(folder.path, 'link.txt');
    symlinkSync(real, link);
    await replaceFile(link, 'after');
    expect(await readFile(real, 'utf8')).toBe('after');
    expect((await readdir(folder.path)).sort()).toEqual(['link.txt', 'real.txt']);
    if (existsSync('/dev/null')) {
      const device = join(folder.path, 'device');
      symlinkSync('/dev/null', device);
      await replaceFile(device, 'gone');
      expect(await readFile(device, 'utf8')).toBe('');
    }
    await expect(replaceFile(folder.path, 'x')).rejects.toMatchObject({
      code: 'not-found',
      message: `${folder.path} is a folder, a file is needed.`,
    });
  });
});

describe('makeFolder', () => {
  it('makes what is missing and says which was the uppermost', async () => {
    await using folder = await temporaryFolder();
    const deep = join(folder.path, 'a', 'b', 'c');
    expect(await makeFolder(deep)).toBe(join(folder.path, 'a'));
    expect(await makeFolder(deep)).toBeUndefined();
    await Promise.all(Array.from({ length: 10 }, () => makeFolder(join(deep, 'd', 'e'))));
    expect(existsSync(join(deep, 'd', 'e'))).toBe(true);
  });

  it('names the file that is in its way', async () => {
    await using folder = await temporaryFolder();
    const file = await folder.write('file', '');
    await expect(makeFolder(join(file, 'a', 'b'))).rejects.toMatchObject({
      code: 'not-found',
      message: `${file} is a file, a folder is needed.`,
    });
  });
});
