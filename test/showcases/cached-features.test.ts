import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cachedFeatures, featureCacheFile } from '../../src/showcases/cached-features.ts';
import { scratch } from '../cli/covista.ts';

let folder: string;

beforeEach(async () => {
  folder = await scratch();
  vi.stubEnv('COVISTA_CACHE', folder);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it('features are encoded once, and again where what was kept is damaged', async () => {
  const pictures = ['a', 'bc', 'def'].map((name) => ({ name, file: name }));
  let encoded = 0;
  const encoder = {
    id: 'lengths',
    size: 2,
    async *encode(inputs: readonly (string | Uint8Array)[]) {
      for (const [index, { length }] of inputs.entries()) {
        encoded++;
        yield { index, feature: Float32Array.of(length, -length), width: 1, height: 1 };
      }
    },
  };
  const features = () => cachedFeatures('set', pictures, encoder, {});
  const right = { rows: 3, columns: 2, data: Float32Array.of(1, -1, 2, -2, 3, -3) };
  expect(await features()).toEqual(right);
  expect(await features()).toEqual(right);
  expect(encoded).toBe(3);

  const file = featureCacheFile('set', 'lengths');
  const bytes = await readFile(file);
  for (const damaged of [bytes.subarray(0, -1), bytes.with(bytes.length - 2, 7), Buffer.from('nothing')]) {
    await writeFile(file, damaged);
    encoded = 0;
    expect(await features()).toEqual(right);
    expect(encoded).toBe(3);
  }
});
