import { readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

let folder: string;
let library: string;
const picture = (name: string) => join(folder, 'photos', name);
const run = (...args: string[]) => covista([...args, '-l', library]);
const tagsOf = async (name: string): Promise<{ word: string; score: number }[]> =>
  JSON.parse((await run('tag', picture(name), '-n', '6', '--json')).stdout).pictures[0].tags;

beforeAll(async () => {
  folder = await scratch();
  library = join(folder, 'library');
  const { captions } = await writeShapes(join(folder, 'photos'));
  expect((await run('index', join(folder, 'photos'), '-c', captions)).code).toBe(0);
  expect((await run('fit', '--starter', 'none')).code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('covista teach', () => {
  it('shows accepted tags first and never a rejected one, at once', async () => {
    const before = await tagsOf('blue-triangle24.png');
    expect(before.map(({ word }) => word)).toContain('triangle');
    const taught = await run(
      'teach',
      picture('blue-triangle24.png'),
      '--accept',
      'Zorp',
      '--reject',
      'triangle',
    );
    expect(taught.code, taught.stderr).toBe(0);
    expect(taught.stdout).toContain('accepted zorp; rejected triangle');
    const after = await tagsOf('blue-triangle24.png');
    expect(after[0]).toEqual({ word: 'zorp', score: 1 });
    expect(after.map(({ word }) => word)).not.toContain('triangle');
    const explained = await run('tag', picture('blue-triangle24.png'), '--explain', '--json');
    expect(
      JSON.parse(explained.stdout).pictures[0].tags.map(({ word }: { word: string }) => word),
    ).not.toContain('triangle');
  });

  it('is learned from by fit: an accepted word is found, and given to pictures that look the same', async () => {
    const taught = ['red-circle0.png', 'red-circle1.png', 'red-circle2.png'].map(picture);
    expect((await run('teach', ...taught, '--accept', 'blorple')).code).toBe(0);
    const fitted = await run('fit', '--starter', 'none', '--json');
    expect(fitted.code, fitted.stderr).toBe(0);
    const found = JSON.parse((await run('search', 'blorple', '-n', '3', '--json')).stdout);
    for (const { path } of found.hits) expect(path).toMatch(/red-circle/);
  });

  it('keeps what was decided when pictures are indexed again, and when a file was away', async () => {
    const file = picture('green-square0.png');
    const bytes = await readFile(file);
    await run('teach', file, '--reject', 'square');
    await unlink(file);
    await run('index', join(folder, 'photos'));
    await writeFile(file, bytes);
    expect((await run('index', join(folder, 'photos'))).code).toBe(0);
    const [decision] = JSON.parse((await run('teach', file, '--list', '--json')).stdout);
    expect(decision).toEqual({ path: file, accepted: [], rejected: ['square'] });
  });

  it('reads back what it lists, forgets, and takes the last word on a tag', async () => {
    const list = join(folder, 'decisions.json');
    const file = picture('blue-circle0.png');
    await run('teach', file, '--accept', 'ball,sky', '--reject', 'moon');
    await writeFile(list, (await run('teach', file, '--list', '--json')).stdout);
    expect((await run('teach', file, '--forget')).stdout).toContain('nothing decided');
    expect((await run('teach', '--from', list)).code).toBe(0);
    await run('teach', file, '--reject', 'ball', '--forget', 'moon');
    const [decision] = JSON.parse((await run('teach', file, '--list', '--json')).stdout);
    expect(decision).toEqual({ path: file, accepted: ['sky'], rejected: ['ball'] });
  });

  it('says what is wrong', async () => {
    const file = picture('blue-circle0.png');
    const outside = await run('teach', join(folder, 'elsewhere.png'), '--accept', 'sky');
    expect(outside.code).toBe(3);
    expect(outside.stderr).toContain('elsewhere.png');
    expect((await run('teach', file)).code).toBe(2);
    expect((await run('teach', file, '--accept', 'sky', '--reject', 'sky')).code).toBe(2);
    const damaged = join(folder, 'damaged.json');
    await writeFile(damaged, '{"path": "a.jpg", "accept": ["b"]}\n{"path": ');
    const read = await run('teach', '--from', damaged);
    expect(read.code).toBe(4);
    expect(read.stderr).toContain('line 2');
  });
});
