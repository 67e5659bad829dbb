import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NpyFile, readFeatures, readNamedFeatures, readNpy, writeNpy } from '../../../src/datasets/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

// Written by NumPy 2.4.6.
const numpyFiles = {
  float16:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIApmLgDB/3sBAFU1AHw=',
  fortran:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADwPwAAAAAAABBAAAAAAAAAAEAAAAAAAAAUQAAAAAAAAAhAAAAAAAAAGEA=',
  int64Version2:
    'k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoDAAAAAAAAAP//////////AAAAAAABAAA=',
  uint8:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr6AQAH',
};

function npyWithHeader(header: string, elements: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(10 + header.length + elements.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(elements, 10 + header.length);
  return bytes;
}

describe('readNpy', () => {
  it.each([
    ['float16', [2, 3], [0.0999755859375, -2.5, 65504, 2 ** -24, 0.333251953125, Infinity]],
    ['fortran', [2, 3], [1, 2, 3, 4, 5, 6]],
    ['int64Version2', [3], [3, -1, 2 ** 40]],
    ['uint8', [2, 2], [250, 1, 0, 7]],
  ] as const)('reads what NumPy wrote: %s', async (name, shape, values) => {
    await using folder = await temporaryFolder();
    const path = await folder.write('a.npy', Buffer.from(numpyFiles[name], 'base64'));
    const array = await readNpy(path);
    expect(array.shape).toEqual(shape);
    expect([...array.data]).toEqual(values);
  });

  it('reads back what writeNpy wrote, float32 and float64, any shape', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.npy');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { maxLength: 3 }),
        fc.boolean(),
        fc.infiniteStream(fc.double()),
        async (shape, single, numbers) => {
          const n = shape.reduce((product, size) => product * size, 1);
          const values = [...numbers.take(n)];
          const data = single ? Float32Array.from(values) : Float64Array.from(values);
          await writeNpy(path, { shape, data });
          const back = await readNpy(path);
          expect(back.shape).toEqual(shape);
          expect(back.data).toEqual(data);
        },
      ),
      { numRuns: 50 },
    );
    expect(await readdir(folder.path)).toEqual(['a.npy']);
  });

  it.each([
    ['big-endian', "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", /big-endian/],
    ['text', "{'descr': '<U8', 'fortran_order': False, 'shape': (1,), }", /element type '<U8'/],
    ['an object', "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", /element type '\|O'/],
    ['records', "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", /element type/],
    ['no shape', "{'descr': '<f4', 'fortran_order': False}", /shape/],
    ['a negative axis', "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", /shape/],
    [
      'a huge shape',
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
      /impossible/,
    ],
    ['a large shape', "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999, 9999), }", /truncated/],
    ['code', "__import__('os').system('true')", /no dictionary/],
    ['other sizes', "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", /truncated/],
  ])('refuses a header with %s, naming the file', async (_, header, message) => {
    await using folder = await temporaryFolder();
    const path = await folder.write('hostile.npy', npyWithHeader(header));
    const error = await readNpy(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'bad-format', message: expect.stringMatching(message) });
    expect((error as Error).message).toContain(path);
  });

  it('refuses every truncation and any appended byte', async () => {
    await using folder = await temporaryFolder();
    const whole = Buffer.from(numpyFiles.uint8, 'base64');
    for (const length of [0, 5, 9, 40, 127, whole.length - 1]) {
      const path = await folder.write('cut.npy', whole.subarray(0, length));
      await expect(readNpy(path)).rejects.toMatchObject({ code: 'bad-format' });
    }
    const path = await folder.write('long.npy', Buffer.concat([whole, new Uint8Array(1)]));
    await expect(readNpy(path)).rejects.toThrow(/too long/);
  });

  it('says when there is no such file', async () => {
    await expect(readNpy('/nowhere/f.npy')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('NpyFile', () => {
  it.each(['float16', 'fortran', 'uint8'] as const)('reads rows like the whole: %s', async (name) => {
    await using folder = await temporaryFolder();
    const path = await folder.write('a.npy', Buffer.from(numpyFiles[name], 'base64'));
    const whole = await readNpy(path);
    await using file = await NpyFile.open(path);
    const second = await file.read(1, 2);
    expect([second.rows, second.columns]).toEqual([1, file.columns]);
    expect([...second.data]).toEqual([...whole.data.subarray(file.columns)]);
    expect((await file.read(0, 0)).data).toHaveLength(0);
    await expect(file.read(1, 3)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('readFeatures', () => {
  it('names row and column of the first number that is not finite', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'f.npy');
    const data = new Float32Array(12).fill(1);
    data[7] = Number.NaN;
    await writeNpy(path, { shape: [4, 3], data });
    await expect(readFeatures(path)).rejects.toMatchObject({
      code: 'bad-values',
      message: `${path} holds NaN in row 2, column 1 (counted from 0).`,
    });
  });

  it('lays out the axes after the first, and refuses what has no rows and columns', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'f.npy');
    await writeNpy(path, { shape: [2, 3, 1, 1], data: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(await readFeatures(path)).toEqual({
      rows: 2,
      columns: 3,
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
    await writeNpy(path, { shape: [3], data: new Float32Array(3) });
    await expect(readFeatures(path)).rejects.toMatchObject({ code: 'bad-values' });
    await writeNpy(path, { shape: [0, 5], data: new Float32Array(0) });
    await expect(readFeatures(path)).rejects.toMatchObject({ code: 'no-data' });
    await writeNpy(path, { shape: [1, 1], data: Float64Array.of(1e300) });
    await expect(readFeatures(path)).rejects.toMatchObject({ code: 'bad-values' });
  });

  it('compares the number of names with the number of rows', async () => {
    await using folder = await temporaryFolder();
    const features = await folder.write('f.npy', Buffer.from(numpyFiles.uint8, 'base64'));
    const names = await folder.write('names.txt', 'a.jpg\nb.jpg\n\n');
    expect((await readNamedFeatures(features, names)).names).toEqual(['a.jpg', 'b.jpg']);
    await folder.write('names.txt', 'a.jpg\n');
    await expect(readNamedFeatures(features, names)).rejects.toThrow(/2 rows.*1 names/);
    await folder.write('names.txt', 'a.jpg\na.jpg\n');
    await expect(readNamedFeatures(features, names)).rejects.toThrow(/a\.jpg twice, in lines 1 and 2/);
    await folder.write('names.txt', 'a.jpg\n\nb.jpg');
    await expect(readNamedFeatures(features, names)).rejects.toThrow(/line 2 is empty/);
    expect(await readFile(features)).toHaveLength(132);
  });
});
