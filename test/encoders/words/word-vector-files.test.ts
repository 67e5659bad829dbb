import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { convertWordVectors, openWordVectors } from '../../../src/encoders/index.ts';
import { hasShared, SHARED } from '../../shared.ts';
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
    ['commas between numbers', lines.replaceAll(/(?<=\d) /g, ', ')],
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
    ['decimal-commas.txt', 'dog 0,5 0,25\ncat 0,1 0,2\n'],
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
