import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CovistaError } from '../../src/base/errors.ts';
import { replaceFile } from '../../src/files/replace-file.ts';
import { temporaryFolder } from '../datasets/temporary-folder.ts';

describe('replaceFile', () => {
  it('replaces a file by text, bytes or parts, and leaves nothing else behind', async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write('a.txt', 'before');
    await replaceFile(path, 'näher');
    expect(await readFile(path, 'utf8')).toBe('näher');
    await replaceFile(path, Uint8Array.of(97, 98));
    expect(await readFile(path, 'utf8')).toBe('ab');
    await replaceFile(path, [Uint8Array.of(99), new Uint8Array(0), Uint8Array.of(100, 101)]);
    expect(await readFile(path, 'utf8')).toBe('cde');
    expect(await readdir(folder.path)).toEqual(['a.txt']);
  });

  it('keeps the file as it was when its new content fails half way', async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write('a.txt', 'before');
    function* parts() {
      yield Uint8Array.of(97);
      throw new Error('no more');
    }
    await expect(replaceFile(path, parts())).rejects.toThrow('no more');
    expect(await readFile(path, 'utf8')).toBe('before');
    expect(await readdir(folder.path)).toEqual(['a.txt']);
  });

  it('names the file that cannot be written', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'absent', 'a.txt');
    const error = await replaceFile(path, 'text').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CovistaError);
    expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining(path) });
  });
});
