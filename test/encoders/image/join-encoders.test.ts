import { join } from 'node:path';
import { env } from 'node:process';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  absoluteEncoderName,
  type EncodedPicture,
  encoderNames,
  type ImageEncoder,
  resolveEncoder,
} from '../../../src/encoders/image/index.ts';
import { classifier, folder, noise, save } from './classifier-support.ts';

const before = env.COVISTA_CACHE;
let file = '';
beforeAll(async () => {
  env.COVISTA_CACHE = join(folder, 'joined');
  file = await save('joined.onnx', classifier());
});
afterAll(() => {
  if (before === undefined) delete env.COVISTA_CACHE;
  else env.COVISTA_CACHE = before;
});

async function withEncoder<T>(name: string, work: (encoder: ImageEncoder) => Promise<T>): Promise<T> {
  const encoder = await resolveEncoder(name);
  try {
    return await work(encoder);
  } finally {
    await encoder.close();
  }
}

async function encodeAll(name: string, pictures: readonly (string | Uint8Array)[]) {
  return withEncoder(name, async (encoder) => {
    const results: EncodedPicture[] = [];
    for await (const result of encoder.encode(pictures)) results[result.index] = result;
    return results;
  });
}

const featureOf = (result: EncodedPicture) => ('feature' in result ? [...result.feature] : []);

function pictures(count: number): Promise<Uint8Array[]> {
  return Promise.all(
    noise(12, count).map((pixels) =>
      sharp(pixels, { raw: { width: 12, height: 12, channels: 3 } })
        .png()
        .toBuffer(),
    ),
  );
}

const one = () => `onnx:${file},layer=maps,preprocessing=unit`;
const other = () => `onnx:${file},preprocessing=tensorflow`;

describe('several encoders', () => {
  test('give their features side by side, with the blocks of both', async () => {
    const files = await pictures(70);
    const results = await encodeAll(`${one()} + ${other()}`, files);
    const [first, second] = [await encodeAll(one(), files), await encodeAll(other(), files)];
    expect(results.map(featureOf)).toEqual(first.map((r, i) => [...featureOf(r), ...featureOf(second[i]!)]));
    expect(results[69]).toMatchObject({ index: 69, width: 12, height: 12 });
    await withEncoder(`${one()} + ${other()}`, async ({ id, size, blocks }) => {
      expect(id.split(' + ')).toHaveLength(2);
      expect(size).toBe(featureOf(results[0]!).length);
      expect(blocks.map((block) => block.size)).toEqual([
        featureOf(first[0]!).length,
        featureOf(second[0]!).length,
      ]);
    });
  });

  test('give an error for a picture that is none, and all others', async () => {
    const [a, b] = await pictures(2);
    const results = await encodeAll(`${one()} + ${other()}`, [a!, new Uint8Array([1, 2, 3]), b!]);
    expect(results.map((result) => 'feature' in result)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ index: 1, error: { code: 'bad-picture' } });
  });

  test('report progress over all pictures, and stop when they are told to', async () => {
    const files = await pictures(40);
    await withEncoder(`${one()} + ${other()}`, async (encoder) => {
      const controller = new AbortController();
      const seen: number[] = [];
      const work = (async () => {
        for await (const _ of encoder.encode(files, {
          signal: controller.signal,
          onProgress: ({ done, total }) => {
            expect(total).toBe(40);
            if (seen.push(done) === 32) controller.abort();
          },
        }));
      })();
      await expect(work).rejects.toMatchObject({ code: 'aborted' });
      expect(seen).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
    });
  });

  test.each([
    ['the same one twice', () => `${one()} + ${one()}`, 'named twice'],
    ['one that is unknown', () => `${one()} + resnet9000`, 'resnet9000'],
  ])('%s is refused', async (_, name, message) => {
    await expect(resolveEncoder(name())).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

describe('names of several encoders', () => {
  test.each([
    ['default + vgg16', ['default', 'vgg16']],
    ['default,size=256 + hf:owner/name,views=7', ['default,size=256', 'hf:owner/name,views=7']],
    ['onnx:a.onnx,layer=b+c + clip-vit-b32 + default', ['onnx:a.onnx,layer=b+c', 'clip-vit-b32', 'default']],
    ['onnx:/my + models/a.onnx', ['onnx:/my + models/a.onnx']],
  ])('%s', (name, names) => {
    expect(encoderNames(name)).toEqual(names);
  });

  test('all their paths are made to hold from any folder', () => {
    const here = process.cwd();
    expect(absoluteEncoderName('onnx:a.onnx,views=2 + default + hf:test')).toBe(
      `onnx:${join(here, 'a.onnx')},views=2 + default + hf:${join(here, 'test')}`,
    );
  });
});
