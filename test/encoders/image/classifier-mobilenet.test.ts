import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openClassifier } from '../../../src/encoders/image/index.ts';
import { fromFloat16 } from '../../../src/linalg/index.ts';
import { hasShared, SHARED } from '../../shared.ts';
import { folder } from './classifier-support.ts';

const flickr = join(SHARED, 'data/flickr8k');
const size = 1280;

/** One row of the published float16 features, behind the header of the .npy file. */
async function publishedFeatures(): Promise<(row: number) => Float32Array> {
  const bytes = await readFile(join(flickr, 'mobilenet_v2_pool1280.npy'));
  const start = 10 + bytes.readUInt16LE(8);
  expect(bytes.subarray(10, start).toString()).toMatch(/'<f2'.*False.*\(7000, 1280\)/);
  return (row) => {
    const from = start + 2 * row * size;
    return fromFloat16(new Uint16Array(Uint8Array.from(bytes.subarray(from, from + 2 * size)).buffer));
  };
}

describe.skipIf(!hasShared)('MobileNetV2 of ImageNet on Flickr8k', () => {
  test('features agree with the published ones to half precision', async () => {
    const names = (await readFile(join(flickr, 'mobilenet_v2_pool1280.names.txt'), 'utf8'))
      .trim()
      .split('\n');
    const published = await publishedFeatures();
    const rows = [0, 1, 500, 3333, 5999, 6000, 6999];
    const encoder = await openClassifier(join(SHARED, 'models/mobilenet_v2_imagenet.onnx'), {
      cache: join(folder, 'mobilenet'),
    });
    try {
      expect(encoder.size).toBe(size);
      expect(encoder.id).toMatch(/^onnx:mobilenet_v2_imagenet-[0-9a-f]{12}#pooled tensorflow 224x224$/);
      for await (const result of encoder.encode(rows.map((row) => join(flickr, 'photos', names[row]!)))) {
        if ('error' in result) throw result.error;
        const expected = published(rows[result.index]!);
        expect(Math.max(...expected)).toBeGreaterThan(1);
        // Half precision has 11 bits: a relative error of 2^-11, and as much again for the order of summation.
        const wrong = [...result.feature].filter(
          (value, i) => Math.abs(value - expected[i]!) > 2 ** -10 * Math.abs(expected[i]!) + 2e-4,
        );
        expect(wrong).toEqual([]);
      }
    } finally {
      await encoder.close();
    }
  });
});
