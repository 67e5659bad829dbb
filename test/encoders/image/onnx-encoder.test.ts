import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import {
  createOnnxEncoder,
  type EncodedPicture,
  type ImageEncoder,
  type OnnxEncoderSettings,
  type Preprocessing,
} from '../../../src/encoders/image/index.ts';
import { encodeOnnxModel, onnxModel, onnxNode, valueInfo } from '../../../src/encoders/index.ts';

/** A network whose output is the input itself, of 2 x 2 pixels, so that features show what it was fed. */
function echoNetwork(shape: readonly (number | string)[]): Uint8Array {
  return encodeOnnxModel(
    onnxModel({
      node: [onnxNode('Flatten', ['image'], ['all'], { axis: 1 }), onnxNode('Neg', ['all'], ['negated'])],
      input: [valueInfo('image', shape)],
      output: [valueInfo('all', ['batch', 12]), valueInfo('negated', ['batch', 12])],
    }),
  );
}

const plain: Preprocessing = {
  width: 2,
  height: 2,
  fit: 'fill',
  mean: [0, 0, 0],
  scale: [1, 1, 1],
  channelOrder: 'rgb',
  layout: 'nchw',
};

function withoutClosing(settings: Partial<OnnxEncoderSettings>): Promise<ImageEncoder> {
  const { layout } = settings.preprocessing ?? plain;
  return createOnnxEncoder({
    id: 'echo',
    model: echoNetwork(layout === 'nchw' ? ['batch', 3, 2, 2] : ['batch', 2, 2, 3]),
    input: 'image',
    outputs: ['all'],
    preprocessing: plain,
    blocks: [{ name: 'all', size: 12 }],
    ...settings,
  });
}

async function withEncoder<T>(
  settings: Partial<OnnxEncoderSettings>,
  work: (encoder: ImageEncoder) => Promise<T>,
): Promise<T> {
  const encoder = await withoutClosing(settings);
  try {
    return await work(encoder);
  } finally {
    await encoder.close();
  }
}

/** A 2 x 2 PNG: bytes count up from `first`. */
function counting(first: number): Promise<Buffer> {
  const bytes = Uint8Array.from({ length: 12 }, (_, index) => first + index);
  return sharp(bytes, { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer();
}

async function collect(results: AsyncIterable<EncodedPicture>): Promise<EncodedPicture[]> {
  const all: EncodedPicture[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const features = (results: readonly EncodedPicture[]) =>
  results.map((result) => ('feature' in result ? [...result.feature] : result.error));

describe('what reaches the network', () => {
  test('channel after channel', async () => {
    const results = await withEncoder({}, async ({ encode }) => collect(encode([await counting(10)])));
    expect(features(results)).toEqual([[10, 13, 16, 19, 11, 14, 17, 20, 12, 15, 18, 21]]);
  });

  test('pixel after pixel, blue first, normalised', async () => {
    const preprocessing: Preprocessing = {
      ...plain,
      layout: 'nhwc',
      channelOrder: 'bgr',
      mean: [2, 1, 0],
      scale: [1, 2, -0.5],
    };
    const results = await withEncoder({ preprocessing }, async ({ encode }) =>
      collect(encode([await counting(0)])),
    );
    expect(features(results)).toEqual([[0, 0, -0, 3, 6, -1.5, 6, 12, -3, 9, 18, -4.5]]);
  });

  test('several outputs are joined in their order', async () => {
    const settings = { outputs: ['negated', 'all'], blocks: [{ name: 'both', size: 24 }], run: { batch: 2 } };
    const pictures = [await counting(1), await counting(2), await counting(3)];
    const results = await withEncoder(settings, ({ encode }) => collect(encode(pictures)));
    expect(
      features(results).map((row) => (row as number[]).filter((_, column) => column % 12 === 0)),
    ).toEqual([
      [-1, 1],
      [-2, 2],
      [-3, 3],
    ]);
  });
});

describe('views', () => {
  /** Four quarters of one colour each, large enough for edges between them not to matter. */
  async function quarters(reds: readonly [number, number, number, number]): Promise<Buffer> {
    const bytes = new Uint8Array(64 * 64 * 3);
    for (let y = 0; y < 64; y++)
      for (let x = 0; x < 64; x++) bytes[(y * 64 + x) * 3] = reds[(y < 32 ? 0 : 2) + (x < 32 ? 0 : 1)]!;
    return sharp(bytes, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
  }
  const corners = { ...plain, width: 32, height: 32 };
  const settings = (views: number) => ({
    views,
    preprocessing: corners,
    model: encodeOnnxModel(
      onnxModel({
        node: [onnxNode('Flatten', ['image'], ['all'], { axis: 1 })],
        input: [valueInfo('image', ['batch', 3, 32, 32])],
        output: [valueInfo('all', ['batch', 3072])],
      }),
    ),
    blocks: [{ name: 'all', size: 3072 }],
  });
  /** The red of the corners of the feature, as it were a picture. */
  const seen = async (views: number, picture: Buffer, batch = 1) => {
    const results = await withEncoder({ ...settings(views), run: { batch } }, ({ encode }) =>
      collect(encode([picture, picture])),
    );
    const [first, second] = features(results) as number[][];
    expect(second).toEqual(first);
    return [0, 31, 31 * 32, 31 * 32 + 31].map((at) => first![at]!);
  };

  test('2 are the picture as it is and mirrored', async () => {
    const picture = await quarters([200, 0, 100, 40]);
    for (const [i, value] of (await seen(2, picture)).entries())
      expect(Math.abs(value - [100, 100, 70, 70][i]!)).toBeLessThan(2);
  });

  test('11 are the whole, large parts and quarters, a third each', async () => {
    const picture = await quarters([200, 0, 100, 40]);
    // Every part begins within a quarter of its own; the whole shows each quarter and its mirror image.
    const whole = [100, 100, 70, 70];
    // Of the five large parts, two are mirrored; each has the four quarters in its corners.
    const large = [(3 * 200) / 5, (2 * 200) / 5, (3 * 100 + 2 * 40) / 5, (3 * 40 + 2 * 100) / 5];
    const quarter = (200 + 0 + 100 + 40) / 4;
    for (const batch of [1, 4]) {
      const found = await seen(11, picture, batch);
      for (const [i, value] of found.entries())
        expect(Math.abs(value - (whole[i]! + large[i]! + quarter) / 3)).toBeLessThan(3);
    }
  });

  test('there are only so many', async () => {
    await expect(withoutClosing({ views: 3 })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('many pictures', () => {
  test('each comes back once with its own feature, whatever the batch size, among bad ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.integer({ min: 0, max: 240 })), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (firsts, batch) => {
          const pictures = await Promise.all(
            firsts.map((first) =>
              first === null ? Promise.resolve(new Uint8Array([1, 2, 3])) : counting(first),
            ),
          );
          const results = await withEncoder({ run: { batch } }, ({ encode }) => collect(encode(pictures)));
          results.sort((a, b) => a.index - b.index);
          expect(results.map(({ index }) => index)).toEqual(firsts.map((_, index) => index));
          for (const [index, result] of results.entries()) {
            if (firsts[index] === null) expect(result).toMatchObject({ error: { code: 'bad-picture' } });
            else
              expect(result).toMatchObject({
                feature: { 0: firsts[index], 11: firsts[index]! + 11 },
                width: 2,
              });
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  test('a network with a fixed batch of four takes any number', async () => {
    const model = echoNetwork([4, 3, 2, 2]);
    const pictures = await Promise.all([5, 6, 7, 8, 9, 10].map(counting));
    const results = await withEncoder({ model }, ({ encode }) => collect(encode(pictures)));
    expect(features(results).map((row) => (row as number[])[0])).toEqual([5, 6, 7, 8, 9, 10]);
  });

  test('two callers share an encoder', async () => {
    const pictures = await Promise.all([1, 2, 3, 4, 5].map(counting));
    await withEncoder({ run: { batch: 2 } }, async ({ encode }) => {
      const [first, second] = await Promise.all([
        collect(encode(pictures)),
        collect(encode([...pictures].reverse())),
      ]);
      expect(features(first)).toEqual(features(second).reverse());
    });
  });

  test('pictures are taken from the source only as results are taken', async () => {
    let taken = 0;
    let closed = false;
    async function* source() {
      try {
        for (; taken < 1000; taken++) yield await counting(taken % 200);
      } finally {
        closed = true;
      }
    }
    await withEncoder({ run: { batch: 2 } }, async ({ encode }) => {
      for await (const { index } of encode(source())) if (index === 9) break;
    });
    expect(taken).toBeLessThan(100);
    expect(closed).toBe(true);
  });

  test('closing waits for what is running', async () => {
    const pictures = await Promise.all([1, 2, 3, 4, 5].map(counting));
    const encoder = await withoutClosing({ run: { batch: 1 } });
    const results = encoder.encode(pictures)[Symbol.asyncIterator]();
    await results.next();
    const closed = encoder.close();
    expect((await results.next()).value).toMatchObject({ index: 1, feature: { 0: 2 } });
    await closed;
    await expect(results.next()).rejects.toMatchObject({ code: 'usage' });
  });

  test('progress counts up to the total', async () => {
    const pictures = await Promise.all([1, 2, 3, 4, 5].map(counting));
    const seen: (number | undefined)[][] = [];
    await withEncoder({ run: { batch: 2 } }, ({ encode }) =>
      collect(encode(pictures, { onProgress: ({ done, total }) => seen.push([done, total]) })),
    );
    expect(seen).toEqual([
      [2, 5],
      [4, 5],
      [5, 5],
    ]);
  });
});

describe('what can go wrong', () => {
  test('the caller stops', async () => {
    const controller = new AbortController();
    const pictures = await Promise.all(Array.from({ length: 30 }, (_, index) => counting(index)));
    await withEncoder({ run: { batch: 2 } }, async (encoder) => {
      const run = async () => {
        for await (const { index } of encoder.encode(pictures, { signal: controller.signal })) {
          if (index === 5) controller.abort();
        }
      };
      await expect(run()).rejects.toMatchObject({ code: 'aborted' });
      expect(await collect(encoder.encode(pictures.slice(0, 3)))).toHaveLength(3);
    });
  });

  test('the source of pictures fails', async () => {
    async function* source() {
      yield await counting(1);
      throw new Error('the folder is gone');
    }
    const run = withEncoder({}, ({ encode }) => collect(encode(source())));
    await expect(run).rejects.toThrow('the folder is gone');
  });

  test('a file that is no network', async () => {
    const run = withEncoder({ model: import.meta.filename }, async () => undefined);
    await expect(run).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('cannot be run'),
    });
  });

  test('an input, an output or a size that the network does not have', async () => {
    for (const settings of [
      { input: 'picture' },
      { outputs: ['last'] },
      { preprocessing: { ...plain, width: 3 } },
    ]) {
      await expect(withEncoder(settings, async () => undefined)).rejects.toMatchObject({
        code: 'bad-format',
      });
    }
  });

  test('blocks that do not add up to the output', async () => {
    const run = withEncoder({ blocks: [{ name: 'all', size: 11 }] }, async () => undefined);
    await expect(run).rejects.toMatchObject({ code: 'bad-values', message: expect.stringContaining('12') });
  });

  test('an encoder that is used after it was closed', async () => {
    const closed = await withEncoder({}, async (encoder) => encoder);
    await closed.close();
    const run = collect(closed.encode([await counting(1)]));
    await expect(run).rejects.toMatchObject({ code: 'usage' });
  });
});
