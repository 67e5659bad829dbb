import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CovistaError } from '../../src/base/errors.ts';
import { DATASETS, readAnnotations, readFeatures } from '../../src/datasets/index.ts';
import type { Matrix32 } from '../../src/linalg/index.ts';
import { encodeSafetensors } from '../../src/linalg/index.ts';
import { DAMAGED_FILES, damagedBytes, damagedTensors, SEED } from '../damage.ts';
import { matCompressed, matPlain, npz } from './arrays/feature-samples.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Text made of the marks that the formats are built from. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '\n',
          '\r\n',
          '\t',
          ',',
          ';',
          '|',
          '"',
          "'",
          '#0\t',
          '{',
          '}',
          '[',
          ']',
          ':',
          '\\',
          '\0',
          '\ufeff',
        ],
        ...[
          'image',
          'caption',
          'tags',
          '"images":',
          '"annotations":',
          '"id"',
          '"file_name"',
          'a.jpg',
          'http://a',
        ],
        ...['<img src="', '<td>', '</td>', 'PAR1', '\x93NUMPY', 'é'],
      ),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

// Formats of folders are left out: they read these same files.
const files = DATASETS.map(({ name }) => name).filter((name) =>
  /^(?:karpathy|coco|flickr8k|parquet|webdataset|pascal-sentences|jsonl|conceptual-captions|tsv|csv)$/.test(
    name,
  ),
);

const tensors = encodeSafetensors(
  new Map([['features', { type: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]),
  { made: 'for a test' },
);

describe('whatever is in a file, readers return or say what is wrong', () => {
  it.each(files)('%s', async (format) => {
    await using folder = await temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, fc.uint8Array({ maxLength: 300 })), async (content) => {
        const path = await folder.write('x', content);
        const result = await readAnnotations(path, { format }).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(CovistaError);
        else expect(result).toMatchObject({ format });
      }),
      { numRuns: 60 },
    );
  });

  it('feature files', async () => {
    await using folder = await temporaryFolder();
    const starts = ['', '\x93NUMPY\x01\0', 'PK\x03\x04', 'PAR1', 'MATLAB 5.0', '\x10\0\0\0\0\0\0\0{'].map(
      (start) => Buffer.from(start, 'latin1'),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), async (start, rest) => {
        const path = await folder.write('x', Buffer.concat([start, rest]));
        await expect(readFeatures(path)).rejects.toBeInstanceOf(CovistaError);
      }),
      { numRuns: 150 },
    );
  });

  it.each<[string, Uint8Array]>([
    ['f.npz', npz],
    ['f.mat', matCompressed],
    ['f.mat', matPlain],
    ['f.safetensors', tensors],
  ])('damaged feature files, %s', async (name, content) => {
    await using folder = await temporaryFolder();
    const damaged = name.endsWith('safetensors')
      ? fc.oneof(damagedBytes(content), damagedTensors(content, { checksums: true }))
      : damagedBytes(content);
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        const path = await folder.write(name, bytes);
        const features = await readFeatures(path).catch((error: unknown) => error);
        if (features instanceof Error) {
          expect(features).toBeInstanceOf(CovistaError);
          expect(features.message).toContain(path);
        } else expect((features as Matrix32).data.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: DAMAGED_FILES, seed: SEED },
    );
  });

  it('a damaged NumPy archive, whose checksums tell, never gives other features', async () => {
    await using folder = await temporaryFolder();
    const right = await readFeatures(await folder.write('f.npz', npz));
    for (let position = 0; position < npz.length; position++) {
      const bytes = npz.slice();
      bytes[position]! ^= 0x10;
      const features = await readFeatures(await folder.write('f.npz', bytes)).catch(
        (error: unknown) => error,
      );
      if (features instanceof Error) expect(features).toBeInstanceOf(CovistaError);
      else expect(features).toEqual(right);
    }
  });
});
