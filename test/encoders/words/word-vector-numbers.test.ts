import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binary, convert, expectVectors, GLOVE, readLines, target } from './word-vector-support.ts';

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
