import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, SHARED } from '../shared.ts';
import { covista, type Finished, scratch } from './covista.ts';

let folder: string;

beforeAll(async () => {
  folder = await scratch();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!hasShared)('covista coco on 159 photos of MS COCO', () => {
  const root = join(SHARED, 'data/coco-mini');
  let first: Finished;
  let report: string;
  let library: string;
  const run = () =>
    covista([
      'coco', '--root', root, '--library', library, '--report', report, '--encoder', 'default,size=256', '--json',
    ]); // biome-ignore format: one line

  beforeAll(async () => {
    library = join(folder, 'library');
    report = join(folder, 'report.html');
    first = await run();
  });

  it('learns from train and tests on all of val, better than the plain recipe and chance', () => {
    expect(first.code, first.stderr).toBe(0);
    const out = JSON.parse(first.stdout);
    expect(out.indexed.train).toMatchObject({ added: 80, withWords: 80 });
    expect(out.indexed.validation).toMatchObject({ added: 79, withWords: 79 });
    expect(out.validationPictures).toBe(79);
    expect(out.default.trained).toMatchObject({ pictures: 80 });
    expect(out.default.all.tested).toEqual({ pictures: 79, captions: 395 });
    // There are fewer than 1,000 photos, so that there is no fold of the field's protocol.
    expect(out.default).not.toHaveProperty('thousand');
    const { textToImage, imageToText, chance } = out.default.all;
    expect(textToImage['recall@10']).toBeGreaterThan(4 * chance.textToImage['recall@10']);
    expect(imageToText['recall@10']).toBeGreaterThan(3 * chance.imageToText['recall@10']);
    expect(textToImage['recall@10']).toBeGreaterThan(out.article.all.textToImage['recall@10']);
  });

  it('answers the two queries with photos of val, and tags some', () => {
    const { queries, taggings } = JSON.parse(first.stdout);
    expect(queries.map(({ words }: { words: string }) => words)).toEqual([
      'a man playing tennis',
      'a man jumping in the air on a skateboard',
    ]);
    for (const { results } of queries) {
      expect(results).toHaveLength(8);
      for (const { path } of results) expect(path).toContain('val2017');
    }
    expect(taggings).toHaveLength(12);
  });

  it('writes both figures into the report, and says that the protocol asks for more photos', async () => {
    const html = await readFile(report, 'utf8');
    expect(html).toContain('a man jumping in the air on a skateboard');
    expect(html.match(/data:image\/jpeg/g)).toHaveLength(2 * 8 + 12);
    expect(html).toContain('The protocol asks for 5,000');
  });

  it('searches by the categories of objects where their file is there', async () => {
    const copy = join(folder, 'with-objects');
    await mkdir(join(copy, 'annotations'), { recursive: true });
    for (const half of ['train2017', 'val2017']) {
      await symlink(join(root, half), join(copy, half));
      const captions = `annotations/captions_${half}.json`;
      await copyFile(join(root, captions), join(copy, captions));
    }
    const { images } = JSON.parse(await readFile(join(root, 'annotations/captions_val2017.json'), 'utf8'));
    const categories = [{ id: 1, name: 'elephant' }, { id: 18, name: 'dog' }]; // biome-ignore format: one line
    const annotations = images.map(({ id }: { id: number }, i: number) => ({
      id: i,
      image_id: id,
      category_id: i % 3 === 0 ? 1 : 18,
    }));
    await writeFile(
      join(copy, 'annotations/instances_val2017.json'),
      JSON.stringify({ images, categories, annotations }),
    );
    const { code, stdout, stderr } = await covista([
      'coco', '--root', copy, '--library', join(folder, 'with-objects-library'), '--encoder', 'default,size=128', '--json',
    ]); // biome-ignore format: one line
    expect(code, stderr).toBe(0);
    const { tagToImage, chance } = JSON.parse(stdout).default.all;
    expect(tagToImage.words).toBe(2);
    // A third of the photos has the one category, the others the other, whatever they show.
    expect(chance.tagToImage['precision@10']).toBeCloseTo(50, 9);
    expect(JSON.parse(first.stdout).default.all.tagToImage.words).toBeGreaterThan(50);
  });

  it('encodes nothing twice, and leaves a library that can be searched', async () => {
    const out = JSON.parse((await run()).stdout);
    expect(out.indexed).toMatchObject({ train: { added: 0 }, validation: { added: 0 } });
    expect(out.default.all).toEqual(JSON.parse(first.stdout).default.all);
    const found = await covista(['search', 'a man playing tennis', '-l', library, '-n', '3', '--json']);
    expect(found.code, found.stderr).toBe(0);
    expect(JSON.parse(found.stdout).hits).toHaveLength(3);
  });
});

describe('covista coco without the official folders', () => {
  it('names what is missing and where it comes from', async () => {
    const half = join(folder, 'half');
    await mkdir(join(half, 'train2014'), { recursive: true });
    const result = await covista(['coco', '--root', half]);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('val2014');
    expect(result.stderr).toContain('captions_train2014.json');
    expect(result.stderr).not.toContain('2017 is missing');
    expect(result.stderr).toContain('cocodataset.org');
  });

  it('knows the years of MS COCO', async () => {
    const result = await covista(['coco', '--root', folder, '--year', '2015']);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('2014 or 2017');
  });
});
