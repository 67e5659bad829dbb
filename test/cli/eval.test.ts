import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../../src/datasets/index.ts';
import { createRandom, encodeSafetensors } from '../../src/linalg/index.ts';
import { hasShared, SHARED } from '../shared.ts';
import { covista, scratch } from './covista.ts';

const THINGS = ['dog', 'cat', 'boat', 'tree', 'bicycle', 'horse'];
const COLOURS = ['red', 'blue', 'green'];
const SIZE = 12;

let folder: string;
const at = (name: string) => join(folder, name);

/** Features in which each thing and each colour has a direction of its own, with a little noise. */
async function writeExperiment(): Promise<void> {
  const random = createRandom(7);
  const names: string[] = [];
  const captions: string[] = [];
  const data: number[] = [];
  for (let i = 0; i < 240; i++) {
    const thing = i % THINGS.length;
    const colour = Math.floor(i / THINGS.length) % COLOURS.length;
    const name = `picture-${i}.jpg`;
    names.push(name);
    for (let c = 0; c < 2; c++)
      captions.push(`${name}#${c}\tA ${COLOURS[colour]} ${THINGS[thing]} stands there .`);
    for (let j = 0; j < SIZE; j++)
      data.push((j === thing ? 1 : 0) + (j === 6 + colour ? 1 : 0) + 0.05 * random.normal());
  }
  await writeNpy(at('features.npy'), { shape: [240, SIZE], data: Float32Array.from(data) });
  await writeFile(at('names.txt'), names.join('\n'));
  await writeFile(at('all.token.txt'), captions.join('\n'));
  await writeFile(at('train.txt'), names.slice(0, 180).join('\n'));
  await writeFile(at('validation.txt'), names.slice(180, 204).join('\n'));
  await writeFile(at('test.txt'), names.slice(204).join('\n'));
}

const files = (change: Record<string, string> = {}) =>
  Object.entries({
    'image-features': 'features.npy',
    'image-names': 'names.txt',
    captions: 'all.token.txt',
    train: 'train.txt',
    validation: 'validation.txt',
    test: 'test.txt',
    ...change,
  }).flatMap(([option, name]) => [`--${option}`, at(name)]);

beforeAll(async () => {
  folder = await scratch();
  await writeExperiment();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('covista eval on precomputed features', () => {
  it('reads them from other formats too, and names from the table that holds both', async () => {
    const [numpy, names] = [await readNpy(at('features.npy')), await readFile(at('names.txt'), 'utf8')];
    const values = Float32Array.from(numpy.data as Float32Array);
    const tensor = { type: 'F32', shape: [240, SIZE], data: values } as const;
    await writeFile(at('f.safetensors'), encodeSafetensors(new Map([['features', tensor]])));
    const rows = Array.from({ length: 240 }, (_, i) => [...values.subarray(i * SIZE, (i + 1) * SIZE)]);
    const table = parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'image', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
        { name: 'embedding', num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
        { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
        { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
      ],
      columnData: [
        { name: 'image', data: names.split('\n') },
        { name: 'embedding', data: rows },
      ],
    });
    await writeFile(at('f.parquet'), new Uint8Array(table));
    const results: unknown[] = [];
    for (const args of [
      files(),
      files({ 'image-features': 'f.safetensors' }),
      files({ 'image-features': 'f.parquet' }).filter((_, i) => i < 2 || i > 3),
    ]) {
      const { code, stdout, stderr } = await covista(['eval', ...args, '--json']);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      results.push(JSON.parse(stdout).textToImage);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    const nameless = await covista(['eval', ...files().filter((_, i) => i < 2 || i > 3)]);
    expect(nameless.code).toBe(2);
    expect(nameless.stderr).toContain('one picture name a line');
  });

  it('writes what was measured, with the numbers of pictures of each split', async () => {
    const result = await covista(['eval', ...files(), '--json', at('out.json')]);
    expect(result.code).toBe(0);
    const out = JSON.parse(await readFile(at('out.json'), 'utf8'));
    expect(out).toMatchObject({ recipe: 'default', n: { train: 180, validation: 24, test: 36 } });
    // 18 kinds of picture, two of each in the test: of two that are alike, either may come first.
    expect(out.textToImage['recall@5']).toBeGreaterThan(95);
    expect(out.imageToText['recall@5']).toBeGreaterThan(95);
    expect(out.imageToTag.vocabulary).toBeGreaterThanOrEqual(THINGS.length + COLOURS.length);
    expect(out.imageToTag.map).toBeGreaterThan(95);
    expect(out.seconds.total).toBeGreaterThanOrEqual(out.seconds.fit);
    expect(result.stdout).toContain('text to image');
    expect(result.stdout).toContain('tag to image');
  });

  it('searches by every tag, or by the categories of a file', async () => {
    const { tagToImage, chance } = JSON.parse((await covista(['eval', ...files(), '--json'])).stdout);
    // The 36 test pictures hold each thing six times, and each colour twelve times; all of them stand.
    expect(tagToImage.words).toBe(THINGS.length + COLOURS.length + 1);
    expect(tagToImage.map).toBeGreaterThan(90);
    expect(tagToImage['precision@10']).toBeGreaterThan(90);
    expect(chance.tagToImage['precision@10']).toBeCloseTo((3 * (100 / 3) + 100) / 4, 9);

    const names = (await readFile(at('names.txt'), 'utf8')).split('\n');
    const animals = new Set(['dog', 'cat', 'horse']);
    const rows = names.map((name, i) => `${name},${animals.has(THINGS[i % THINGS.length]!) ? 'horse' : ''}`);
    await writeFile(at('categories.csv'), ['image,tags', ...rows].join('\n'));
    const { code, stdout, stderr } = await covista([
      'eval',
      ...files(),
      '--categories',
      at('categories.csv'),
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    const out = JSON.parse(stdout);
    expect(out.tagToImage.words).toBe(1);
    // Horses are found first, and then what has to be guessed: dogs and cats are no nearer than boats.
    expect(out.tagToImage.map).toBeGreaterThan(out.chance.tagToImage.map);
    expect(out.tagToImage.map).toBeLessThan(99);
    expect(out.chance.tagToImage['precision@10']).toBeCloseTo(50, 9);
    expect(out.imageToTag.map).toBeGreaterThan(95);

    await writeFile(at('none.csv'), 'image,tags\nother.jpg,dog\n');
    const none = await covista(['eval', ...files(), '--categories', at('none.csv')]);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain('none.csv has no category or tag of any of the pictures');
  });

  it('gives intervals, measures by word and the reliability of tags', async () => {
    const { stdout } = await covista(['eval', ...files(), '--json']);
    const out = JSON.parse(stdout);
    const { intervals, wordMetrics, calibration } = out;
    for (const direction of ['imageToText', 'textToImage', 'imageToTag', 'tagToImage'])
      for (const [name, { estimate, low, high }] of Object.entries<Record<string, number>>(
        intervals[direction],
      )) {
        expect(estimate).toBeCloseTo(out[direction][name], 9);
        expect(low).toBeLessThanOrEqual(estimate!);
        expect(high).toBeGreaterThanOrEqual(estimate!);
      }
    expect(intervals.textToImage).toHaveProperty('medianRank');
    expect(wordMetrics.nPlus).toBeGreaterThan(0);
    expect(wordMetrics.nPlus).toBeLessThanOrEqual(wordMetrics.words);
    expect(calibration.expectedCalibrationError).toBeLessThan(1);
    const given = calibration.bins.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
    expect(given).toBe(36 * 5);
  });

  it('compares recipes on the same pictures, and writes a report that requests nothing', async () => {
    const compared = ['eval', ...files(), '--compare', 'article,default', '--report', at('report.html')];
    const { stdout, stderr, code } = await covista([...compared, '--json']);
    expect(code, stderr).toBe(0);
    const { recipes } = JSON.parse(stdout);
    expect(recipes.map(({ recipe }: { recipe: string }) => recipe)).toEqual(['article', 'default']);
    const [article, ours] = recipes;
    expect(article.tests).toBeUndefined();
    for (const direction of ['imageToText', 'textToImage', 'imageToTag', 'tagToImage'])
      for (const [name, { difference, pValue }] of Object.entries<{
        difference: Record<string, number>;
        pValue: number;
      }>(ours.tests[direction])) {
        expect(difference.estimate).toBeCloseTo(ours[direction][name] - article[direction][name], 9);
        expect(pValue).toBeGreaterThan(0);
        expect(pValue).toBeLessThanOrEqual(1);
      }
    const page = await readFile(at('report.html'), 'utf8');
    expect(page).toContain('default minus article');
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    expect((await covista(compared)).stdout).toMatch(/image to tag, minus article/);
  });

  it('refuses to compare a recipe with itself, or one that it does not know', async () => {
    expect((await covista(['eval', ...files(), '--compare', 'default,default'])).code).toBe(2);
    expect((await covista(['eval', ...files(), '--compare', 'default,nonsense'])).code).toBe(2);
  });

  it('does no better than chance where captions belong to other pictures', async () => {
    const lines = (await readFile(at('all.token.txt'), 'utf8')).split('\n');
    const random = createRandom(3);
    const texts = lines.map((line) => line.split('\t')[1]!);
    for (let i = texts.length - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [texts[i], texts[j]] = [texts[j]!, texts[i]!];
    }
    const shuffled = lines.map((line, i) => `${line.split('\t')[0]}\t${texts[i]}`);
    await writeFile(at('shuffled.token.txt'), shuffled.join('\n'));
    const { stdout } = await covista(['eval', ...files({ captions: 'shuffled.token.txt' }), '--json']);
    const { textToImage, chance } = JSON.parse(stdout);
    expect(Math.abs(textToImage['recall@10'] - chance.textToImage['recall@10'])).toBeLessThan(20);
  });

  it.each([
    [
      'features that are not finite',
      async () => {
        const data = new Float32Array(240 * SIZE).fill(1);
        data[5 * SIZE + 3] = Number.NaN;
        await writeNpy(at('nan.npy'), { shape: [240, SIZE], data });
        return files({ 'image-features': 'nan.npy' });
      },
      /row 5, column 3/,
    ],
    [
      'row counts that differ',
      async () => {
        await writeNpy(at('short.npy'), { shape: [10, SIZE], data: new Float32Array(10 * SIZE) });
        return files({ 'image-features': 'short.npy' });
      },
      /10 rows.*240 names/s,
    ],
    [
      'names listed twice',
      async () => {
        const names = (await readFile(at('names.txt'), 'utf8')).split('\n');
        names[7] = names[2]!;
        await writeFile(at('twice.txt'), names.join('\n'));
        return files({ 'image-names': 'twice.txt' });
      },
      /picture-2\.jpg twice/,
    ],
    ['splits that overlap', async () => files({ test: 'train.txt' }), /picture-0\.jpg is in both/],
    [
      'an empty training set',
      async () => {
        await writeFile(at('none.txt'), '\n');
        return files({ train: 'none.txt' });
      },
      /no picture names/,
    ],
    ['files that do not exist', async () => files({ captions: 'nowhere.txt' }), /nowhere\.txt/],
  ])('names what is wrong with %s', async (_, prepare, message) => {
    const result = await covista(['eval', ...(await prepare()), '--json', at('never.json')]);
    expect(result.code).toBeGreaterThanOrEqual(2);
    expect(result.stderr).toMatch(message);
    expect(existsSync(at('never.json'))).toBe(false);
  });
});

describe.skipIf(!hasShared)('covista eval on Flickr8k', () => {
  const data = join(SHARED, 'data/flickr8k');
  const run = async (recipe: string) => {
    const { code, stdout, stderr } = await covista([
      'eval', '--recipe', recipe, '--json',
      '--image-features', join(data, 'mobilenet_v2_pool1280.npy'),
      '--image-names', join(data, 'mobilenet_v2_pool1280.names.txt'),
      '--captions', join(data, 'Flickr8k.token.txt'),
      '--train', join(data, 'Flickr_8k.trainImages.txt'),
      '--test', join(data, 'Flickr_8k.devImages.txt'),
    ]); // biome-ignore format: one option a line
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };

  it('reproduces the plain recipe: R@1/5/10 5.6/15.3/22.8 and 4.6/11.4/16.4, P@5 5.5', async () => {
    const { imageToText, textToImage, imageToTag } = await run('article');
    const recalls = [imageToText, textToImage].flatMap((m) => [m['recall@1'], m['recall@5'], m['recall@10']]);
    [5.6, 15.3, 22.8, 4.6, 11.4, 16.4].forEach((expected, i) => {
      expect(Math.abs(recalls[i] - expected)).toBeLessThan(3);
    });
    expect(Math.abs(imageToTag['precision@5'] - 5.5)).toBeLessThan(3);
  });

  it('reaches R@10 58.7 and 58.1 and P@5 37.7 by default, within 1.5 points', async () => {
    const { imageToText, textToImage, imageToTag } = await run('default');
    expect(imageToText['recall@10']).toBeGreaterThan(57.2);
    expect(textToImage['recall@10']).toBeGreaterThan(56.6);
    expect(imageToTag['precision@5']).toBeGreaterThan(36.2);
  });
});
