import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSentenceModel } from '../encoders/sentence/sentence-model.ts';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

const WORDS = ['a', 'on', 'white', 'paper', 'red', 'green', 'blue', 'yellow', 'circle', 'square', 'triangle'];

let folder: string;
let library: string;

beforeAll(async () => {
  folder = await scratch();
  library = join(folder, 'library');
  const { captions } = await writeShapes(join(folder, 'photos'));
  const indexed = await covista(['index', join(folder, 'photos'), '-c', captions, '-l', library]);
  expect(indexed).toMatchObject({ code: 0 });
  await writeSentenceModel(join(folder, 'sentences'), WORDS);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const found = (stdout: string): string[] =>
  JSON.parse(stdout).hits.map(({ path }: { path: string }) => basename(path).replace(/-?\d+\.png$/, ''));

describe('a sentence encoder as the text view', () => {
  it.each([
    { view: [], blocks: ['sentence', 'words'] },
    { view: ['--text-view', 'sentence'], blocks: ['sentence'] },
  ])('is stored with the model and searched with: $blocks', async ({ view, blocks }) => {
    const fitted = await covista(
      ['fit', '-l', library, '--text-encoder', 'hf:sentences', ...view, '--json'],
      { cwd: folder },
    );
    expect(fitted).toMatchObject({ code: 0 });
    expect(JSON.parse(fitted.stdout).recipe.text).toEqual(blocks);
    // From another folder, and with another number of words than any caption.
    const hits = await covista(['search', 'red square', '-l', library, '-n', '3', '--json']);
    expect(hits).toMatchObject({ code: 0 });
    expect(new Set(found(hits.stdout))).toEqual(new Set(['red-square']));
    const explained = await covista([
      'search',
      'blue circle',
      '-l',
      library,
      '-n',
      '1',
      '--explain',
      '--json',
    ]);
    const [hit] = JSON.parse(explained.stdout).hits;
    expect(basename(hit.path)).toMatch(/^blue-circle/);
    const [part] = hit.parts;
    const words: { word: string; contribution: number }[] = part.words;
    expect(words.map(({ word }) => word)).toContain('(the whole text)');
    const sum = words.reduce((total, { contribution }) => total + contribution, part.constant + hit.hubness);
    expect(sum).toBeCloseTo(hit.score, 4);
    const tagged = await covista([
      'tag',
      join(folder, 'photos/green-triangle0.png'),
      '-l',
      library,
      '--json',
    ]);
    expect(tagged).toMatchObject({ code: 0 });
    expect(tagged.stdout).toContain('green');
  });

  it('is measured by eval', async () => {
    const args = ['eval', '-l', library, '--text-encoder', `hf:${join(folder, 'sentences')}`, '--json'];
    const result = await covista(args);
    expect(result).toMatchObject({ code: 0 });
    const { textToImage, chance } = JSON.parse(result.stdout);
    expect(textToImage['recall@5']).toBeGreaterThan(chance.textToImage['recall@5']);
  });

  it('says what is missing', async () => {
    const alone = await covista(['fit', '-l', library, '--text-view', 'sentence']);
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain('--text-encoder');
    const unknown = await covista(['fit', '-l', library, '--text-view', 'letters']);
    expect(unknown.stderr).toContain('vectors, words, sentence');
    const absent = await covista(['fit', '-l', library, '--text-encoder', `hf:${join(folder, 'photos')}`]);
    expect(absent.code).toBe(3);
    expect(absent.stderr).toContain('tokenizer.json');
    const starter = await covista(
      ['fit', '-l', library, '--text-encoder', 'hf:sentences', '--save-starter', join(folder, 's')],
      { cwd: folder },
    );
    expect(starter.code).toBe(2);
  });
});
