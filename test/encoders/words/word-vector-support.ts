import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { convertWordVectors, openWordVectors } from '../../../src/encoders/index.ts';
import type { WordVectors } from '../../../src/text/index.ts';

export const FIXTURES = resolve(import.meta.dirname, '../../fixtures/word-vectors');
export const GLOVE = join(FIXTURES, 'glove-50.txt');
/** Half precision keeps 11 bits. */
const HALF = 2 ** -11;

/** A folder and a file in it of each test's own, removed at its end. */
export let folder = '';
export let target = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'covista-test-'));
  target = join(folder, 'vectors.safetensors');
  vi.stubEnv('COVISTA_CACHE', join(folder, 'cache'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A text of word vectors as it stands in the file. */
export async function readLines(path: string): Promise<[string, number[]][]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const [word, ...numbers] = line.trim().split(' ');
    return [word!, numbers.map(Number)];
  });
}

export function expectVectors(vectors: WordVectors, expected: [string, number[]][]): void {
  expect([...vectors.words()]).toEqual(expected.map(([word]) => word));
  for (const [word, numbers] of expected) expectClose(vectors.vector(word), numbers);
}

/** Numbers keep the bits of half precision, however large or small their row is. */
export function expectClose(actual: Float32Array | undefined, expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  const largest = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual![i]! - expected[i]!)).toBeLessThanOrEqual(
      HALF * Math.abs(expected[i]!) + 2 ** -39 * largest + 2 ** -149,
    );
}

/** Writes a file, converts it, and opens the result. */
export async function convert(
  content: string | Uint8Array,
  name = 'vectors.txt',
  options: Parameters<typeof convertWordVectors>[2] = {},
) {
  const file = join(folder, name);
  await writeFile(file, content);
  const converted = await convertWordVectors(file, target, options);
  return { converted, vectors: await openWordVectors(target) };
}

/** word2vec's binary format. */
export function binary(entries: [string, number[]][], announced = entries.length): Uint8Array {
  const parts = entries.map(([word, numbers]) =>
    Buffer.concat([
      Buffer.from(`${word} `),
      Buffer.from(Float32Array.from(numbers).buffer),
      Buffer.from('\n'),
    ]),
  );
  return Buffer.concat([Buffer.from(`${announced} ${entries[0]![1].length}\n`), ...parts]);
}
