import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, type TestContext, test, vi } from 'vitest';
import {
  type DefaultEncoderOptions,
  defaultImageEncoder,
  type EncodedPicture,
  type ImageEncoder,
  resolveEncoder,
} from '../../../src/encoders/image/index.ts';
import { hasShared, SHARED } from '../../shared.ts';

/** Runs work with the default encoder, or skips the test where its weights cannot be fetched. */
async function withDefaultEncoder(
  { skip }: TestContext,
  options: DefaultEncoderOptions,
  work: (encoder: ImageEncoder) => Promise<void>,
): Promise<void> {
  const encoder = await defaultImageEncoder(options).catch((error: { code?: string }) => {
    if (error.code === 'network') return undefined;
    throw error;
  });
  if (!encoder) return skip('the weights are not in the cache and cannot be fetched');
  try {
    await work(encoder);
  } finally {
    await encoder.close();
  }
}

async function encodeAll(encoder: ImageEncoder, pictures: (string | Uint8Array)[]): Promise<Float32Array[]> {
  const results: EncodedPicture[] = [];
  for await (const result of encoder.encode(pictures)) results.push(result);
  return results.map((result) => {
    if ('error' in result) throw result.error;
    return result.feature;
  });
}

/** A picture of 512 x 512 pixels that any program can make again. */
function pattern(): Promise<Buffer> {
  const pixels = new Uint8Array(512 * 512 * 3);
  for (let y = 0, index = 0; y < 512; y++) {
    for (let x = 0; x < 512; x++) {
      pixels[index++] = (x * 3 + y) & 255;
      pixels[index++] = (x ^ y) & 255;
      pixels[index++] = ((x * y) >> 6) & 255;
    }
  }
  return sharp(pixels, { raw: { width: 512, height: 512, channels: 3 } })
    .png()
    .toBuffer();
}

/**
 * The same picture in the original graph, run by @tensorflow/tfjs-converter 4.22 on its CPU backend at 512 pixels,
 * the only size that it takes: means over the picture of the tensors that the blocks are named after.
 */
const golden = [
  { first: [-0.1018788, 0.4824836, 0.3693628, 0.02413528], norm: 12.6884, sum: 2.1680794 },
  { first: [-0.09401485, -0.2919597, -0.1255366, -0.1515299], norm: 6.5308795, sum: -33.836694 },
  { first: [-0.1554195, 0.2849376, 0.07033315, 0.08780648], norm: 6.7090362, sum: 25.658451 },
  { first: [0.6709161, 0.6389843, 0.007270692, 0.0718581], norm: 5.2034019, sum: 40.086636 },
];

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the default encoder', () => {
  test.for(['cpu', 'wasm'])(
    'gives what TensorFlow.js gives from the original graph, on %s',
    (provider, context) => {
      vi.stubEnv('COVISTA_ONNX', `provider=${provider}`);
      return withDefaultEncoder(context, { imageSize: 512 }, async (encoder) => {
        const [feature] = await encodeAll(encoder, [await pattern()]);
        expect(encoder.blocks).toHaveLength(golden.length);
        let start = 0;
        for (const [index, { first, norm, sum }] of golden.entries()) {
          const block = feature!.subarray(start, start + encoder.blocks[index]!.size);
          for (const [channel, value] of first.entries()) expect(block[channel]).toBeCloseTo(value, 5);
          expect(Math.hypot(...block)).toBeCloseTo(norm, 4);
          expect(block.reduce((total, value) => total + value)).toBeCloseTo(sum, 3);
          start += block.length;
        }
        expect(start).toBe(feature!.length);
      });
    },
  );

  test('names size and layers in its id, and fits the limit of 2,048 numbers', (context) =>
    withDefaultEncoder(context, {}, async (encoder) => {
      expect(encoder.blocks.reduce((sum, { size }) => sum + size, 0)).toBe(encoder.size);
      expect(encoder.size).toBeLessThanOrEqual(2048);
      await withDefaultEncoder(context, { imageSize: 256 }, async (smaller) => {
        expect(smaller.id).not.toBe(encoder.id);
        expect(smaller.size).toBe(encoder.size);
        const named = await resolveEncoder('default,size=256');
        expect(named.id).toBe(smaller.id);
        await named.close();
      });
    }));

  test.skipIf(!hasShared)('finds a photo again after it was mirrored and scaled down', (context) =>
    withDefaultEncoder(context, { imageSize: 256 }, async (encoder) => {
      const folder = join(SHARED, 'data/coco-mini/val2017');
      const files = (await readdir(folder)).slice(0, 16).map((name) => join(folder, name));
      const changed = await Promise.all(
        files.map((file) => sharp(file).resize({ width: 300 }).flop().jpeg({ quality: 70 }).toBuffer()),
      );
      const features = await encodeAll(encoder, [...files, ...changed]);
      const found = changed.map((_, query) => {
        const similarities = files.map((_, row) => cosine(features[files.length + query]!, features[row]!));
        return similarities.indexOf(Math.max(...similarities));
      });
      expect(found).toEqual(files.map((_, row) => row));
    }),
  );

  test('takes views, of which two are the picture and its mirror image', (context) =>
    withDefaultEncoder(context, { imageSize: 256 }, async (once) => {
      await withDefaultEncoder(context, { imageSize: 256, views: 2 }, async (twice) => {
        expect(twice.id).toBe(`${once.id} 2 views`);
        const picture = await pattern();
        const mirrored = await sharp(picture).flop().png().toBuffer();
        const [a, b] = await encodeAll(once, [picture, mirrored]);
        const [both] = await encodeAll(twice, [picture]);
        expect(cosine(a!, b!)).toBeLessThan(0.999);
        expect(
          cosine(
            both!,
            a!.map((value, i) => value + b![i]!),
          ),
        ).toBeGreaterThan(0.9999);
      });
    }));

  test.each([0, 100, 383.5, -32, 4096, Number.NaN])('does not take a size of %d', async (imageSize) => {
    await expect(defaultImageEncoder({ imageSize })).rejects.toMatchObject({ code: 'usage' });
  });
});

function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  for (let index = 0; index < a.length; index++) product += a[index]! * b[index]!;
  return product / (Math.hypot(...a) * Math.hypot(...b));
}
