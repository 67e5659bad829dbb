import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Library } from '../../src/library/index.ts';
import { libraryExperiment } from '../../src/pipeline/index.ts';
import { scratch } from '../cli/covista.ts';

const ENCODER = { spec: 'test', id: 'test', size: 2, blocks: [{ name: 'all', size: 2 }] };

let folder: string;
let library: Library;

beforeEach(async () => {
  folder = await scratch();
  library = await Library.openOrCreate(join(folder, 'library'), ENCODER);
});

afterEach(async () => {
  library.close();
  await rm(folder, { recursive: true, force: true });
});

/** A library of pictures with these captions. */
async function fill(captions: readonly string[]): Promise<void> {
  const paths = captions.map((_, i) => join(folder, `${String(i).padStart(3, '0')}.jpg`));
  await library.putPictures(
    paths.map((path, i) => ({
      path,
      bytes: 1,
      modified: 1,
      width: 8,
      height: 8,
      feature: Float32Array.of(i, 1),
    })),
  );
  await library.putWords(
    captions.map((caption, i) => ({ path: paths[i]!, captions: caption === '' ? [] : [caption], tags: [] })),
  );
}

describe('an experiment on a library', () => {
  it('holds pictures of the same words out together, whatever their order and case', async () => {
    // Each second picture is the twin of the one before it.
    await fill(
      Array.from({ length: 100 }, (_, i) =>
        i % 2 === 0 ? `dog number${i} beach` : `Beach, dog number${i - 1}`,
      ),
    );
    for (const seed of [1, 2, 3]) {
      const { train, test, captions } = await libraryExperiment(library, { share: 0.2, seed });
      const key = (row: number) => captions[row]!.join().match(/number\d+/)![0];
      const learned = new Set(train.map(key));
      expect(test).toHaveLength(20);
      expect(train).toHaveLength(80);
      expect(test.filter((row) => learned.has(key(row)))).toEqual([]);
    }
  });

  it('draws pictures one by one where words are classes, each of which is to be learned', async () => {
    await fill(Array.from({ length: 60 }, (_, i) => ['cat', 'dog', 'boat'][i % 3]!));
    const { train, test, captions } = await libraryExperiment(library, { share: 0.2, seed: 1 });
    expect(test).toHaveLength(12);
    expect(new Set(train.map((row) => captions[row]!.join())).size).toBe(3);
  });

  it('learns from accepted tags, and does not test on them', async () => {
    await fill(Array.from({ length: 30 }, (_, i) => (i < 15 ? `thing${i}` : '')));
    const paths: string[] = [];
    for await (const batch of library.paths()) paths.push(...batch.paths);
    const taught = paths.filter((path) => /0(1[5-9]|2\d)\.jpg$/.test(path));
    await library.putDecisions(taught.map((path) => ({ path, accepted: ['dog'], rejected: [] })));
    const { train, test, captions } = await libraryExperiment(library, { share: 0.5, seed: 1 });
    expect(test.every((row) => captions[row]!.join() !== 'dog')).toBe(true);
    expect(train.some((row) => captions[row]!.join() === 'dog')).toBe(true);
  });
});
