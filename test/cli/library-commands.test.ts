import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

let folder: string;
let library: string;
let captions: string;
let pictures: number;

beforeAll(async () => {
  folder = await scratch();
  library = join(folder, 'library');
  ({ captions, pictures } = await writeShapes(join(folder, 'photos')));
  const indexed = await covista(['index', join(folder, 'photos'), '-c', captions, '-l', library]);
  expect(indexed).toMatchObject({ code: 0 });
  const fitted = await covista(['fit', '-l', library]);
  expect(fitted).toMatchObject({ code: 0 });
  expect(fitted.stdout).toContain(`Placed ${pictures} pictures`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('covista index', () => {
  it('encodes nothing twice, and notices what changed', async () => {
    const again = await covista(['index', join(folder, 'photos'), '-c', captions, '-l', library, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ added: 0, unchanged: pictures, withWords: pictures });
  });

  it('reads the captions in the folder, and says how many rows were read and lost', async () => {
    const photos = join(folder, 'with-list');
    await cp(join(folder, 'photos', 'red-circle0.png'), join(photos, 'a.png'));
    await cp(join(folder, 'photos', 'red-circle0.png'), join(photos, 'b.png'));
    await writeFile(
      join(photos, 'captions.txt'),
      'Bild;Text;Text\na.png;"Red" circle;red thing\nb.png;too;many;cells\n',
    );
    const where = join(folder, 'with-list-library');
    const hinted = await covista(['index', photos, '-l', where]);
    expect(hinted.stdout).toMatch(/hint: .*--captions .*captions\.txt.*--image-column/);
    const named = ['--image-column', 'Bild', '--caption-column', 'Text', '--separator', ';'];
    const read = await covista([
      'index',
      photos,
      '-l',
      where,
      '--captions',
      join(photos, 'captions.txt'),
      ...named,
    ]);
    expect(read.stdout).toContain('1 have words');
    expect(read.stdout).toMatch(/captions\.txt \(csv\), 1 rows read, 1 lost/);
    const again = JSON.parse((await covista(['index', photos, '-l', where, ...named, '--json'])).stdout);
    expect(again.words).toMatchObject([{ format: 'csv', pictures: 1, rows: { read: 1, lost: 1 } }]);
  });

  it('names unreadable pictures and goes on with the others', async () => {
    const photos = join(folder, 'damaged');
    const { captions: words } = await writeShapes(photos);
    await writeFile(join(photos, 'empty.jpg'), '');
    await writeFile(join(photos, 'text.png'), 'not a picture');
    await truncate(join(photos, 'red-circle0.png'), 200);
    const result = await covista([
      'index',
      photos,
      '-c',
      words,
      '-l',
      join(folder, 'damaged-library'),
      '--json',
    ]);
    expect(result.code).toBe(0);
    const { added, failed } = JSON.parse(result.stdout);
    expect(added).toBe(pictures - 1);
    const names = failed.map(({ path }: { path: string }) => basename(path)).sort();
    expect(names).toEqual(['empty.jpg', 'red-circle0.png', 'text.png']);
    for (const name of names) expect(result.stderr).toContain(name);
  });

  it.each([
    ['default', 'search works all the same'],
    ['default,size=256', '--captions'],
  ])('says what pictures without words are good for, encoded by %s', async (encoder, hint) => {
    const photos = join(folder, 'one');
    await cp(join(folder, 'photos', 'red-circle0.png'), join(photos, 'one.png'));
    const where = join(folder, encoder);
    const indexed = await covista(['index', photos, '-e', encoder, '-l', where]);
    expect(indexed.stdout).toContain(hint);
    const found = await covista(['search', 'a circle', '-l', where]);
    expect(found.code === 0).toBe(encoder === 'default');
  });

  it('says what is wrong with a folder that does not exist or holds no pictures', async () => {
    const missing = await covista(['index', join(folder, 'nowhere'), '-l', join(folder, 'x')]);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('nowhere');
    const empty = await covista(['index', join(library, 'tables'), '-l', join(folder, 'x')]);
    expect(empty.code).toBe(3);
    expect(empty.stderr).toContain('no pictures');
  });
});

describe('covista search', () => {
  it('places only pictures that were indexed after the fit', async () => {
    expect((await covista(['search', 'red', '-l', library])).stderr).not.toContain('place pictures');
    const later = join(folder, 'later');
    const photos = join(folder, 'later-photos');
    await cp(library, later, { recursive: true });
    await cp(join(folder, 'photos', 'red-circle0.png'), join(photos, 'new.png'));
    await covista(['index', photos, '-l', later]);
    const found = await covista(['search', 'a red circle', '-l', later, '-n', '100', '--json']);
    expect(found.stderr).toContain('place pictures');
    const { hits } = JSON.parse(found.stdout);
    expect(hits.map(({ path }: { path: string }) => basename(path))).toContain('new.png');
  });

  it.each([
    ['a red circle', /^red-circle/],
    ['yellow triangle', /^yellow-triangle/],
  ])('finds %s first', async (query, expected) => {
    const found = await covista(['search', query, '-l', library, '-n', '3', '--json']);
    const { hits } = JSON.parse(found.stdout);
    expect(hits).toHaveLength(3);
    expect(basename(hits[0].path)).toMatch(expected);
  });

  it('finds a picture by itself', async () => {
    const image = join(folder, 'photos', 'green-square0.png');
    const { hits } = JSON.parse(
      (await covista(['search', '--image', image, '-l', library, '--json'])).stdout,
    );
    expect(hits[0].path).toBe(image);
    expect(hits[0].score).toBeCloseTo(1, 3);
  });

  it('prints a table for people, without colour codes into a pipe', async () => {
    const { stdout } = await covista(['search', 'blue', '-l', library, '-n', '2']);
    expect(stdout).toContain('blue-');
    expect(stdout).not.toContain('\x1b');
  });

  it('explains scores by words that add up to them, and by training captions', async () => {
    const query = ['search', 'a red circle', '-l', library, '-n', '2', '--explain'];
    const { hits } = JSON.parse((await covista([...query, '--json'])).stdout);
    for (const { score, parts, hubness, captions } of hits) {
      const [{ words, constant }] = parts;
      const tags = new Map(words.map(({ word, tag }: { word: string; tag?: number }) => [word, tag]));
      expect(tags.get('red')).toBeGreaterThan(0.1);
      expect(tags.get('circle')).toBeGreaterThan(0.1);
      const total = words.reduce((sum: number, one: { contribution: number }) => sum + one.contribution, 0);
      expect(Math.abs(total + constant + hubness - score)).toBeLessThan(1e-4);
      expect(captions[0].text).toContain('red circle');
    }
    const { stdout } = await covista(query);
    expect(stdout).toMatch(/red-circle[\s\S]*[+-]0\.\d{3} red \(tag 0\.\d\d\)/);
    expect(stdout).toContain('"a red circle on white paper"');
  });

  it('refuses words that it cannot know', async () => {
    const unknown = await covista(['search', 'qqqxzzy', '-l', library]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('qqqxzzy');
  });

  it('asks for words or a picture', async () => {
    expect((await covista(['search', '-l', library])).code).toBe(2);
  });
});

describe('covista tag', () => {
  it('describes pictures in the words of the library', async () => {
    const picture = join(folder, 'photos', 'blue-triangle24.png');
    const { stdout } = await covista(['tag', picture, '-l', library, '-n', '4', '--json']);
    const words = JSON.parse(stdout).pictures[0].tags.map(({ word }: { word: string }) => word);
    expect(words).toContain('blue');
    expect(words).toContain('triangle');
  });
});

describe('covista eval on a library', () => {
  it('shows the test pictures in its report', async () => {
    const report = join(folder, 'report.html');
    const { code, stderr } = await covista(['eval', '-l', library, '--report', report]);
    expect(code, stderr).toBe(0);
    const page = await readFile(report, 'utf8');
    expect(page).toContain('id="figure-1"');
    expect(page).toContain('id="figure-2"');
    expect(page.match(/src="data:image\/jpeg;base64,/g)!.length).toBeGreaterThan(10);
  });
});

describe('covista tag --explain', () => {
  it('names the training captions that voted', async () => {
    const picture = join(folder, 'photos', 'blue-triangle24.png');
    const tag = ['tag', picture, '-l', library, '-n', '2', '--explain'];
    const [{ tags }] = JSON.parse((await covista([...tag, '--json'])).stdout).pictures;
    for (const { word, captions } of tags) expect(captions[0].text).toContain(word);
    expect((await covista(tag)).stdout).toMatch(/of the votes, from \d+ captions/);
  });
});

describe('a library that is not as it should be', () => {
  it('is placed again where an older version stored embeddings without tags', async () => {
    const old = join(folder, 'old-library');
    await cp(library, old, { recursive: true });
    const find = async () =>
      JSON.parse((await covista(['search', 'a red circle', '-l', old, '--json'])).stdout);
    const { hits } = await find();
    const connection = await connect(join(old, 'tables'));
    const table = await connection.openTable('embeddings');
    await table.dropColumns(['tags', 'probabilities']);
    table.close();
    connection.close();
    expect((await find()).hits).toEqual(hits);
  });

  it('is refused when it does not exist', async () => {
    const result = await covista(['search', 'red', '-l', join(folder, 'none')]);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('covista index');
  });

  it('is refused when another version wrote it', async () => {
    const other = join(folder, 'other-version');
    await covista(['index', join(folder, 'photos'), '-l', other]);
    const file = join(other, 'library.json');
    const settings = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...settings, version: 999 }));
    const result = await covista(['fit', '-l', other]);
    expect(result.code).toBe(4);
    expect(result.stderr).toContain('999');
  });

  it('cannot be fitted without words and without a starter', async () => {
    const bare = join(folder, 'bare');
    const photos = join(folder, 'wordless');
    await rm((await writeShapes(photos)).captions);
    await covista(['index', photos, '-l', bare]);
    const fitted = await covista(['fit', '-l', bare, '--starter', 'none']);
    expect(fitted.code).toBe(3);
    expect(fitted.stderr).toContain('words');
    const missing = await covista(['fit', '-l', bare, '--starter', join(folder, 'none.safetensors')]);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('none.safetensors');
  });
});

describe('covista', () => {
  it.each(['index', 'fit', 'search', 'tag', 'teach', 'eval', 'demo'])('explains %s', async (command) => {
    const { code, stdout } = await covista([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: covista ${command}`);
    expect(stdout).toContain('--json');
  });

  it('refuses unknown commands and options', async () => {
    expect((await covista(['fly'])).code).toBe(2);
    expect((await covista(['fit', '--wings'])).code).toBe(2);
  });
});
