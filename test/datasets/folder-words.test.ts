import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { listPictures, readFolderWords } from '../../src/datasets/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
  .jpeg()
  .toBuffer();

/** The words of each picture in a folder of the given files; pictures are named only. */
async function wordsIn(files: Readonly<Record<string, string>>, pictures: readonly string[], options = {}) {
  await using folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await folder.write(name, content);
  for (const name of pictures) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), jpeg);
  }
  const found = (await listPictures(folder.path)).pictures;
  const { annotations, sources, hints, warnings } = await readFolderWords(folder.path, found, options);
  const words: Record<string, string[]> = {};
  for (const [i, one] of annotations.entries())
    if (one !== undefined) words[found[i]!] = [...one.captions, ...one.tags];
  return {
    words,
    sources: sources.map(({ path, format, pictures }) => [
      path.slice(folder.path.length + 1),
      format,
      pictures,
    ]),
    hints: hints.map((hint) => hint.replaceAll(folder.path, '.')),
    warnings,
  };
}

describe('the words in a folder', () => {
  it.each([
    ['metadata.jsonl', '{"file_name": "a.jpg", "text": "A dog"}\n', 'jsonl'],
    ['metadata.csv', 'file_name,text\na.jpg,A dog\n', 'csv'],
    ['captions.txt', 'image,caption\na.jpg,A dog\n', 'csv'],
    ['Flickr8k.token.txt', 'a.jpg#0\tA dog\n', 'flickr8k'],
    ['list.tsv', 'image\tcaption\na.jpg\tA dog\n', 'tsv'],
    [
      'coco.json',
      '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"id": 1, "image_id": 1, "caption": "A dog"}]}',
      'coco',
    ],
    [
      'dataset.json',
      '{"images": [{"filename": "a.jpg", "split": "train", "sentences": [{"raw": "A dog"}]}]}',
      'karpathy',
    ],
  ])('are read from %s', async (name, content, format) => {
    const { words, sources, hints } = await wordsIn({ [name]: content }, ['a.jpg', 'b.jpg']);
    expect(words).toEqual({ 'a.jpg': ['A dog'] });
    expect(sources).toEqual([[name, format, 1]]);
    expect(hints).toEqual([]);
  });

  it('are joined from all that is there, each once', async () => {
    const { words, sources } = await wordsIn(
      {
        'captions.txt': 'image,caption\na.jpg,A dog\nb.jpg,A cat\n',
        'tags.csv': 'image,tags\na.jpg,dog;beach\n',
        'again.csv': 'image,caption\na.jpg,A dog\n',
        'b.txt': 'Another cat',
      },
      ['a.jpg', 'b.jpg'],
    );
    expect(words).toEqual({ 'a.jpg': ['A dog', 'dog', 'beach'], 'b.jpg': ['A cat', 'Another cat'] });
    expect(sources.map(([path]) => path)).toEqual(['again.csv', 'captions.txt', 'tags.csv', '']);
  });

  it('of a list within a folder are those of the pictures beside it', async () => {
    const { words } = await wordsIn(
      {
        'x/captions.csv': 'image,caption\n1.jpg,A dog\n',
        'y/captions.csv': 'image,caption\n1.jpg,A cat\n',
        'lists/all.csv': 'image,tags\ny/1.jpg,cat\n',
      },
      ['x/1.jpg', 'y/1.jpg'],
    );
    expect(words).toEqual({ 'x/1.jpg': ['A dog'], 'y/1.jpg': ['A cat', 'cat'] });
  });

  it('are those of one file, where it is named', async () => {
    await using other = await temporaryFolder();
    const captions = await other.write('list', 'Datei~Titel\na.jpg~A dog\n');
    const { words, sources } = await wordsIn({ 'captions.txt': 'image,caption\na.jpg,A cat\n' }, ['a.jpg'], {
      captions,
      separator: '~',
      pictureColumn: 'Datei',
      captionColumn: ['Titel'],
    });
    expect(words).toEqual({ 'a.jpg': ['A dog'] });
    expect(sources).toHaveLength(1);
  });

  it('are the names of folders where those are words and there are no others', async () => {
    const classes = ['train/golden_retriever/1.jpg', 'train/cat/1.jpg', 'val/cat/2.jpg'];
    expect((await wordsIn({}, classes)).words).toEqual({
      'train/golden_retriever/1.jpg': ['golden retriever'],
      'train/cat/1.jpg': ['cat'],
      'val/cat/2.jpg': ['cat'],
    });
    expect((await wordsIn({}, ['dog/1.jpg', 'cat/1.jpg'])).sources).toEqual([['', 'class-folders', 2]]);
    for (const dates of [
      ['2023/1.jpg', '2024/1.jpg'],
      ['DCIM/100CANON/1.jpg', 'DCIM/101CANON/1.jpg'],
      ['1.jpg', '2.jpg'],
    ])
      expect(await wordsIn({}, dates)).toMatchObject({ words: {}, hints: [] });
    const mixed = await wordsIn({}, ['2023/Peru/1.jpg', '2024/1.jpg']);
    expect(mixed).toMatchObject({ words: {}, hints: [expect.stringContaining('--format class-folders')] });
    const asked = await wordsIn({}, ['2023/Peru/1.jpg', '2024/1.jpg'], { format: 'class-folders' });
    expect(asked.words).toEqual({ '2023/Peru/1.jpg': ['2023', 'Peru'], '2024/1.jpg': ['2024'] });
    const captioned = await wordsIn({ 'dog/1.txt': 'A dog', 'cat/1.txt': 'A cat' }, [
      'dog/1.jpg',
      'cat/1.jpg',
    ]);
    expect(captioned.words).toEqual({ 'dog/1.jpg': ['A dog'], 'cat/1.jpg': ['A cat'] });
  });

  it('are hinted at where they cannot be told, and other files are passed over', async () => {
    const { words, hints, warnings } = await wordsIn(
      {
        'captions.txt': 'a.jpg: a dog on a beach\n',
        'werte.csv': 'Datei;Titel\na.jpg;Ein Hund\n',
        'captions_train.json': '{"images": [{"id": 1',
        'prices.csv': 'item,price\nbread,2\n',
        'package.json': '{"name": "x"}',
        'README.txt': 'Dear diary, today we went to the sea.\n',
        'a.jpg.json': '{"description": "x"}',
        'other.csv': 'image,caption\nz.jpg,not here\n',
      },
      ['a.jpg'],
    );
    expect(words).toEqual({});
    expect(hints).toHaveLength(3);
    expect(hints.join('\n')).toContain('--captions ./captions.txt');
    expect(hints.join('\n')).toContain('the columns "Datei", "Titel"');
    expect(hints.join('\n')).toContain('captions_train.json is not valid JSON');
    expect(warnings).toEqual([]);
  });
});
