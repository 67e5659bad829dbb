import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readFeatures, readNamedFeatures } from '../../../src/datasets/index.ts';
import { encodeSafetensors } from '../../../src/linalg/safetensors.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { matCompressed, matPlain, npz } from './feature-samples.ts';

async function read(name: string, content: Uint8Array, key?: string) {
  await using folder = await temporaryFolder();
  return await readFeatures(await folder.write(name, content), { key });
}

describe('readFeatures', () => {
  it('reads NumPy archives', async () => {
    expect(await read('f.npz', npz)).toEqual({
      rows: 2,
      columns: 2,
      data: Float32Array.of(1, 2, 3, 4.25),
    });
    await expect(read('f.npz', npz, 'ids')).rejects.toMatchObject({ code: 'bad-values' });
    await expect(read('f.npz', npz, 'other')).rejects.toThrow(/no array other, but features, ids/);
    await expect(read('f.npz', npz.subarray(0, 200))).rejects.toMatchObject({ code: 'bad-format' });
  });

  it('reads MATLAB files, compressed or not, in row-major order', async () => {
    expect(await read('f.mat', matCompressed)).toEqual({
      rows: 2,
      columns: 3,
      data: Float32Array.of(1.5, 2, 3, 4, 5, 6),
    });
    expect(await read('f.mat', matCompressed, 'label')).toEqual({
      rows: 2,
      columns: 1,
      data: Float32Array.of(1, 7),
    });
    expect((await read('f.mat', matPlain)).data).toEqual(Float32Array.of(1, 2, 3, 4.25));
  });

  it('refuses MATLAB files that are damaged or of version 7.3', async () => {
    for (let length = 7; length < matPlain.length; length += 16)
      await expect(read('f.mat', matPlain.subarray(0, length))).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:bad-format|usage)$/),
      });
    await expect(read('f.mat', matCompressed.slice().fill(0xff, 140, 160))).rejects.toMatchObject({
      code: 'bad-format',
    });
    const newer = new TextEncoder().encode('MATLAB 7.3 MAT-file, Platform: GLNXA64'.padEnd(512));
    await expect(read('f.mat', newer)).rejects.toMatchObject({
      code: 'bad-format',
      hint: expect.stringContaining('-v7'),
    });
  });

  it('reads safetensors, half precision too', async () => {
    const file = encodeSafetensors(
      new Map([
        ['embeddings', { type: 'F16', shape: [2, 1], data: Uint16Array.of(0x3c00, 0xc100) }],
        ['other', { type: 'F32', shape: [1], data: Float32Array.of(9) }],
      ]),
    );
    expect(await read('f.safetensors', file)).toEqual({
      rows: 2,
      columns: 1,
      data: Float32Array.of(1, -2.5),
    });
  });

  it('reads a Parquet column of lists, with the names beside it', async () => {
    await using folder = await temporaryFolder();
    const rows = [
      { image_path: 'a.jpg', embedding: [1, 2] },
      { image_path: 'b.jpg', embedding: [3, 4.25] },
    ];
    const table = (embeddings: unknown[]) =>
      new Uint8Array(
        parquetWriteBuffer({
          schema: [
            { name: 'root', num_children: 2 },
            { name: 'image_path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
            { name: 'embedding', num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
            { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
            { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
          ],
          columnData: [
            { name: 'image_path', data: rows.map((row) => row.image_path) },
            { name: 'embedding', data: embeddings },
          ],
        }),
      );
    const path = await folder.write('f.parquet', table(rows.map((row) => row.embedding)));
    expect(await readNamedFeatures(path)).toEqual({
      features: { rows: 2, columns: 2, data: Float32Array.of(1, 2, 3, 4.25) },
      names: ['a.jpg', 'b.jpg'],
    });
    await folder.write('f.parquet', table([[1, 2], [3]]));
    await expect(readFeatures(path)).rejects.toThrow(/row 1: "embedding" is not a list of 2 numbers/);
  });

  it('refuses what it does not know, and features without names', async () => {
    await expect(read('f.bin', new Uint8Array(300))).rejects.toMatchObject({ code: 'bad-format' });
    await using folder = await temporaryFolder();
    await expect(readNamedFeatures(await folder.write('f.npz', npz))).rejects.toMatchObject({
      code: 'usage',
    });
  });
});
