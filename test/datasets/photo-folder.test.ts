import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPictures, matchAnnotations, readAnnotations, readSidecars } from '../../src/datasets/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const annotation = (picture: string) => ({ picture, captions: [picture], tags: [] });

describe('listPictures', () => {
  it('finds pictures in all folders, in one order, without hidden ones and other files', async () => {
    await using folder = await temporaryFolder();
    for (const name of [
      'b.JPG',
      'a/z.png',
      'a/notes.txt',
      '.hidden/x.jpg',
      'a/.y.jpg',
      'B.webp',
      'jpg',
      'c.heic',
    ])
      await folder.write(name, 'x');
    expect((await listPictures(folder.path)).pictures).toEqual(['B.webp', 'a/z.png', 'b.JPG', 'c.heic']);
    expect((await listPictures(folder.path, { extensions: ['.TXT'] })).pictures).toEqual(['a/notes.txt']);
  });

  it('survives links that loop or lead nowhere, and visits each folder once', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await folder.write('sub/deep/p.jpg', 'x');
    await other.write('q.jpg', 'x');
    await symlink(folder.path, join(folder.path, 'sub/loop'));
    await symlink(join(folder.path, 'sub'), join(folder.path, 'again'));
    await symlink(other.path, join(folder.path, 'other'));
    await symlink('/nowhere/x.jpg', join(folder.path, 'broken.jpg'));
    const { pictures, warnings } = await listPictures(folder.path);
    expect(pictures).toEqual(['other/q.jpg', 'sub/deep/p.jpg']);
    expect(warnings).toEqual([expect.stringContaining('broken.jpg')]);
  });

  it.skipIf(process.getuid?.() === 0)('warns of a folder that may not be read', async () => {
    await using folder = await temporaryFolder();
    await folder.write('locked/p.jpg', 'x');
    await folder.write('q.jpg', 'x');
    await chmod(join(folder.path, 'locked'), 0);
    const { pictures, warnings } = await listPictures(folder.path);
    await chmod(join(folder.path, 'locked'), 0o700);
    expect(pictures).toEqual(['q.jpg']);
    expect(warnings).toEqual([expect.stringContaining('locked')]);
  });

  it('needs a folder, and stops on request', async () => {
    await using folder = await temporaryFolder();
    const file = await folder.write('a.jpg', 'x');
    await expect(listPictures(file)).rejects.toMatchObject({ code: 'not-found' });
    await expect(listPictures(join(folder.path, 'none'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(listPictures(folder.path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('matchAnnotations', () => {
  it('prefers the whole path, then the file name, then the name without extension', () => {
    const files = ['a/1.jpg', 'b/1.jpg', 'b/2.jpg', 'c/3.webp', 'd/4.jpg'];
    const { annotations, missing, warnings } = matchAnnotations(
      files,
      ['b/1.jpg', '2.jpg', 'photos/3.jpg', './a\\1.jpg', '9.jpg'].map(annotation),
    );
    expect(annotations.map((one) => one?.picture)).toEqual([
      './a\\1.jpg',
      'b/1.jpg',
      '2.jpg',
      'photos/3.jpg',
      undefined,
    ]);
    expect(missing).toEqual(['9.jpg']);
    expect(warnings).toEqual([expect.stringContaining('9.jpg')]);
  });

  it('leaves out names that could mean two files, and files that two names could mean', () => {
    const two = matchAnnotations(['a/1.jpg', 'b/1.jpg'], [annotation('1.jpg')]);
    expect(two.annotations).toEqual([undefined, undefined]);
    expect(two.warnings).toEqual(['1.jpg could be a/1.jpg or b/1.jpg; left out.']);
    const one = matchAnnotations(['a/1.jpg'], [annotation('x/1.jpg'), annotation('y/1.jpg')]);
    expect(one.annotations).toEqual([undefined]);
    expect(one.warnings).toHaveLength(2);
  });

  it('compares accented letters however they are composed', () => {
    const { missing } = matchAnnotations(
      ['Käfer.jpg'.normalize('NFD')],
      [annotation('Käfer.jpg'.normalize('NFC'))],
    );
    expect(missing).toEqual([]);
  });
});

describe('text files beside the pictures', () => {
  it('hold a caption a line', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a.jpg', 'sub/b.png', 'c.jpg', 'd.jpg']) await folder.write(name, 'x');
    await folder.write('a.txt', 'A dog .\n\nA beach .\n');
    await folder.write('sub/b.png.txt', 'A cat');
    await folder.write('d.txt', '\n');
    const { format, pictures, warnings } = await readSidecars(folder.path);
    expect(format).toBe('txt');
    expect(pictures).toEqual([
      { picture: 'a.jpg', captions: ['A dog .', 'A beach .'], tags: [] },
      { picture: 'c.jpg', captions: [], tags: [] },
      { picture: 'd.jpg', captions: [], tags: [] },
      { picture: 'sub/b.png', captions: ['A cat'], tags: [] },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/d\.txt is empty/)]);
    expect((await readAnnotations(folder.path)).pictures).toEqual(pictures);
  });
});
