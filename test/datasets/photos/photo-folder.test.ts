import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  listPictures,
  matchAnnotations,
  readAnnotations,
  readSidecars,
} from '../../../src/datasets/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

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

  const matchedBy = (files: readonly string[], names: readonly string[], root?: string) =>
    matchAnnotations(files, names.map(annotation), root).annotations.map((one) => one?.picture);

  it('takes the file whose path has the longest end in common', () => {
    const files = ['2023/IMG_1.jpg', '2024/IMG_1.jpg', 'x/2023/IMG_2.jpg', 'y/2024/IMG_2.jpg'];
    for (const write of [
      (file: string) => file,
      (file: string) => `/home/me/photos/${file}`,
      (file: string) => `C:\\Photos\\${file.replaceAll('/', '\\')}`,
      (file: string) => `file:///home/me/photos/${file}`,
      (file: string) => `https://example.com/photos/${file}?width=300#top`,
      (file: string) => `../photos/${file}`,
      (file: string) => file.toLowerCase(),
      (file: string) => file.replace('.jpg', '.PNG'),
      (file: string) => file.replace('.jpg', ''),
    ])
      expect(matchedBy(files, files.map(write))).toEqual(files.map(write));
    expect(matchedBy(files, ['old/2024/IMG_2.jpg', '2023/IMG_2.jpg'])).toEqual([
      undefined,
      undefined,
      '2023/IMG_2.jpg',
      'old/2024/IMG_2.jpg',
    ]);
  });

  it('tells a file above from those in folders, by the root and by the whole path', () => {
    const files = ['IMG_1.jpg', '2023/IMG_1.jpg', 'photos/IMG_1.jpg'];
    expect(matchedBy(files, ['IMG_1.jpg'])).toEqual(['IMG_1.jpg', undefined, undefined]);
    expect(matchedBy(files, ['/home/me/photos/IMG_1.jpg'], '/home/me/photos')[0]).toBe(
      '/home/me/photos/IMG_1.jpg',
    );
    expect(matchedBy(files, ['photos/IMG_1.jpg'], '/home/me/photos')[2]).toBe('photos/IMG_1.jpg');
    expect(matchedBy(files, ['/old/disk/IMG_1.jpg'])).toEqual(['/old/disk/IMG_1.jpg', undefined, undefined]);
  });

  it('gives no file to a name in another folder, where the name is a common one', () => {
    const files = ['2023/IMG_1.jpg', '2024/IMG_1.jpg', '2026/IMG_1.jpg'];
    const { annotations, warnings } = matchAnnotations(
      files,
      ['2023/IMG_1.jpg', '2024/IMG_1.jpg', '2025/IMG_1.jpg'].map(annotation),
    );
    expect(annotations[2]).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('2025/IMG_1.jpg')]);
    const all = matchAnnotations(files.slice(0, 2), [...files].map(annotation));
    expect(all.missing).toEqual(['2026/IMG_1.jpg']);
  });

  it('decodes addresses, and prefers exact names, then case, then another extension', () => {
    expect(matchedBy(['my photo.jpg', '100%.jpg'], ['my%20photo.jpg', '100%.jpg'])).toEqual([
      'my%20photo.jpg',
      '100%.jpg',
    ]);
    expect(matchedBy(['a.jpg', 'A.jpg', 'b.JPG', 'c.webp'], ['A.jpg', 'a.jpg', 'B.jpg', 'c.png'])).toEqual([
      'a.jpg',
      'A.jpg',
      'B.jpg',
      'c.png',
    ]);
    const two = matchAnnotations(['a.jpg', 'a.webp'], [annotation('a.png')]);
    expect(two.warnings).toEqual(['a.png could be a.jpg or a.webp; left out.']);
    expect(matchedBy(['a.jpg', 'a.webp'], ['a.webp', 'a.jpg'])).toEqual(['a.jpg', 'a.webp']);
    expect(matchedBy(['2024/img_1.jpg', '2023/IMG_1.JPG'], ['2024/IMG_1.JPG'])[0]).toBe('2024/IMG_1.JPG');
  });

  it('matches every file of a tree by whatever end of its path that no other file has', () => {
    const name = fc.constantFrom('a', 'b', 'c.jpg');
    const path = fc.array(name, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.uniqueArray(path, { selector: String, maxLength: 12 }), (paths) => {
        const files = paths.map((one) => one.join('/'));
        for (const [i, file] of files.entries()) {
          expect(matchedBy(files, [file])[i]).toBe(file);
          const abroad = `/mnt/${file}`;
          expect(matchedBy(files, [abroad], '/mnt')[i]).toBe(abroad);
          const ends = paths[i]!.map((_, from) => paths[i]!.slice(from).join('/'));
          for (const end of ends)
            if (files.filter((other) => other === end || other.endsWith(`/${end}`)).length === 1)
              expect(matchedBy(files, [end])[i]).toBe(end);
        }
      }),
    );
  });

  it('copes with twenty thousand files of the same name', () => {
    const files = Array.from({ length: 20_000 }, (_, i) => `${i}/image.jpg`);
    const { annotations, missing } = matchAnnotations(
      files,
      files.map((file) => annotation(`/data/${file}`)),
    );
    expect(missing).toEqual([]);
    expect(annotations[19_999]!.picture).toBe('/data/19999/image.jpg');
    const none = matchAnnotations(
      files,
      files.map((file) => annotation(`/x${file}`)),
    );
    expect(none.annotations.every((one) => one === undefined)).toBe(true);
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

  it('belong to pictures in any case, and hold tags too', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['IMG_1.jpg', 'IMG_2.JPG', 'a.jpg', 'A.jpg']) await folder.write(name, 'x');
    await folder.write('IMG_1.TXT', 'dog, beach, blue sky\nA dog on a beach, running .\n');
    await folder.write('img_2.JPG.Txt', 'A cat\n');
    await folder.write('a.txt', 'small a');
    await folder.write('A.txt', 'capital A');
    expect((await readSidecars(folder.path)).pictures).toEqual([
      { picture: 'A.jpg', captions: ['capital A'], tags: [] },
      { picture: 'IMG_1.jpg', captions: ['A dog on a beach, running .'], tags: ['dog', 'beach', 'blue sky'] },
      { picture: 'IMG_2.JPG', captions: ['A cat'], tags: [] },
      { picture: 'a.jpg', captions: ['small a'], tags: [] },
    ]);
  });
});
