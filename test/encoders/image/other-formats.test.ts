import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decodePicture,
  PICTURE_EXTENSIONS,
  type PictureSize,
  thumbnail,
} from '../../../src/encoders/image/index.ts';
import { hasShared, SHARED } from '../../shared.ts';

const fixture = (name: string) => resolve(import.meta.dirname, '../../fixtures/pictures', name);
const size: PictureSize = { width: 32, height: 32, fit: 'fill' };
const RED = [255, 0, 0];
const BLUE = [0, 0, 255];

async function colourAt(picture: string | Uint8Array, x: number, y: number): Promise<number[]> {
  const { pixels } = await decodePicture(picture, size);
  const start = (Math.floor(y * 32) * 32 + Math.floor(x * 32)) * 3;
  return [...pixels.subarray(start, start + 3)];
}

function expectColour(found: readonly number[], wanted: readonly number[], tolerance = 4): void {
  const distance = Math.max(...found.map((value, channel) => Math.abs(value - wanted[channel]!)));
  expect(distance, `${found} instead of ${wanted}`).toBeLessThanOrEqual(tolerance);
}

/** What a bitmap is made of. */
interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly (readonly number[])[];
  readonly compression?: number;
  readonly masks?: readonly number[];
  readonly header?: number;
  readonly topDown?: boolean;
}

/** Writes a Windows bitmap; rows come in the order of the file, already padded. */
function bitmap({
  width,
  height,
  bits,
  rows,
  palette = [],
  compression = 0,
  masks = [],
  header = 40,
  topDown,
}: Bitmap) {
  const outside = header === 40 ? masks : [];
  const start = 14 + header + 4 * outside.length + 4 * palette.length;
  const file = Buffer.alloc(start);
  file.write('BM');
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(header, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(topDown ? -height : height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(bits, 28);
  file.writeUInt32LE(compression, 30);
  file.writeUInt32LE(palette.length, 46);
  for (const [i, mask] of masks.entries()) file.writeUInt32LE(mask >>> 0, 54 + 4 * i);
  for (const [i, [red, green, blue]] of palette.entries())
    file.set([blue!, green!, red!, 0], 14 + header + 4 * outside.length + 4 * i);
  return Buffer.concat([file, Buffer.from(rows.flat())]);
}

const words = (...values: number[]) => values.flatMap((value) => [value & 255, value >> 8]);
const two = [RED, BLUE];
const same = <T>(row: T): T[] => [row, row];
/** Left half red, right half blue, 4 x 2 pixels. */
const bitmaps: Record<string, Bitmap> = {
  '1 bit': { width: 4, height: 2, bits: 1, palette: two, rows: same([0b00110000, 0, 0, 0]) },
  '4 bits': { width: 4, height: 2, bits: 4, palette: two, rows: same([0x00, 0x11, 0, 0]) },
  '8 bits': { width: 4, height: 2, bits: 8, palette: two, rows: same([0, 0, 1, 1]) },
  '16 bits': { width: 4, height: 2, bits: 16, rows: same(words(0x7c00, 0x7c00, 0x1f, 0x1f)) },
  '16 bits of which green has 6': {
    ...{ width: 4, height: 2, bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f] },
    rows: same(words(0xf800, 0xf800, 0x1f, 0x1f)),
  },
  '24 bits': { width: 4, height: 2, bits: 24, rows: same([0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 0, 0]) },
  '32 bits': {
    ...{ width: 4, height: 2, bits: 32 },
    rows: same([0, 0, 255, 0, 0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0, 0]),
  },
  '32 bits with opacity': {
    ...{ width: 4, height: 2, bits: 32, compression: 3, header: 124 },
    masks: [0xff0000, 0xff00, 0xff, 0xff000000],
    rows: same([0, 0, 255, 255, 0, 0, 255, 255, 255, 0, 0, 255, 255, 0, 0, 255]),
  },
  'runs of 8 bits': {
    ...{ width: 4, height: 2, bits: 8, compression: 1, palette: two },
    rows: [
      [2, 0, 2, 1, 0, 0],
      [0, 4, 0, 0, 1, 1, 0, 1],
    ],
  },
  'runs of 4 bits': {
    ...{ width: 4, height: 2, bits: 4, compression: 2, palette: two },
    rows: [
      [2, 0, 2, 0x11, 0, 0],
      [0, 4, 0x00, 0x11, 0, 1],
    ],
  },
};

describe('bitmaps', () => {
  test.each(Object.entries(bitmaps))('of %s', async (_, shape) => {
    const file = bitmap(shape);
    const { width, height } = await decodePicture(file, size);
    expect([width, height]).toEqual([4, 2]);
    for (const y of [0.1, 0.9]) {
      expectColour(await colourAt(file, 0.05, y), RED);
      expectColour(await colourAt(file, 0.95, y), BLUE);
    }
  });

  test('upside down and not', async () => {
    const [red, blue] = [
      [0, 0, 255, 0],
      [255, 0, 0, 0],
    ];
    const shape = { width: 1, height: 2, bits: 24, rows: [red, blue] };
    expectColour(await colourAt(bitmap(shape), 0.5, 0.02), BLUE);
    expectColour(await colourAt(bitmap({ ...shape, topDown: true }), 0.5, 0.02), RED);
  });

  test('transparent parts lie on white', async () => {
    const shape = bitmaps['32 bits with opacity']!;
    const file = bitmap({
      ...shape,
      rows: shape.rows.map((row) => row.map((value, i) => (i % 4 === 3 ? 0 : value))),
    });
    expectColour(await colourAt(file, 0.05, 0.5), [255, 255, 255]);
  });

  test('of old headers, as sharp reads the same pixels', async () => {
    const file = Buffer.alloc(26 + 8);
    file.write('BM');
    file.writeUInt32LE(26, 10);
    file.writeUInt32LE(12, 14);
    file.writeUInt16LE(2, 18);
    file.writeUInt16LE(1, 20);
    file.writeUInt16LE(24, 24);
    file.set([0, 0, 255, 255, 0, 0], 26);
    expectColour(await colourAt(file, 0.02, 0.5), RED);
    expectColour(await colourAt(file, 0.98, 0.5), BLUE);
  });

  test('that are damaged give pictures or errors that name them, and never take long', async () => {
    const shapes = Object.values(bitmaps);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(shapes.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        async (which, changes, length) => {
          const whole = bitmap(shapes[which]!);
          for (const [at, value] of changes) whole[2 + (at % (whole.length - 2))] = value;
          const file = length % 3 === 0 ? whole.subarray(0, 2 + (length % whole.length)) : whole;
          try {
            await decodePicture(file, size, 'a.bmp');
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-picture', message: expect.stringContaining('a.bmp') });
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('of more pixels than memory should hold are refused', async () => {
    const file = bitmap({ ...bitmaps['runs of 8 bits']!, width: 60_000, height: 60_000 });
    await expect(decodePicture(file, size)).rejects.toThrow(/more pixels/);
  });
});

describe('HEIC', () => {
  test('is turned as the file says', async () => {
    const { width, height } = await decodePicture(fixture('red-blue-turned.heic'), size);
    expect([width, height]).toEqual([32, 64]);
    expectColour(await colourAt(fixture('red-blue-turned.heic'), 0.5, 0.1), RED);
    expectColour(await colourAt(fixture('red-blue-turned.heic'), 0.5, 0.9), BLUE);
  });

  test('in the wider colours of phones becomes sRGB', async () => {
    expectColour(await colourAt(fixture('red-blue-display-p3.heic'), 0.1, 0.5), RED);
    expectColour(await colourAt(fixture('red-blue-display-p3.heic'), 0.9, 0.5), BLUE);
  });

  test.skipIf(!hasShared)('of a camera, whatever its name ends in (needs ../shared)', async () => {
    const photo = resolve(SHARED, 'data/faults/photo.heic');
    const { width, height } = await decodePicture(photo, size);
    expect([width, height]).toEqual([320, 211]);
    const copy = join(folder, 'really-heic.jpg');
    await cp(photo, copy);
    expect((await decodePicture(copy, size)).pixels).toEqual((await decodePicture(photo, size)).pixels);
    const small = await sharp(await thumbnail(photo, 100)).metadata();
    expect([small.format, small.width, small.height]).toEqual(['jpeg', 100, 66]);
  });
});

describe('JPEG XL', () => {
  test('is read, and turned as the file says', async () => {
    expectColour(await colourAt(fixture('red-blue.jxl'), 0.1, 0.5), RED);
    expectColour(await colourAt(fixture('red-blue.jxl'), 0.9, 0.5), BLUE);
    const { width, height } = await decodePicture(fixture('red-blue-turned.jxl'), size);
    expect([width, height]).toEqual([32, 64]);
    expectColour(await colourAt(fixture('red-blue-turned.jxl'), 0.5, 0.1), RED);
  });
});

describe('what cannot be read', () => {
  test.each(['red-blue-turned.heic', 'red-blue-turned.jxl'])('%s cut short or damaged', async (name) => {
    const whole = await readFile(fixture(name));
    for (const wrong of [
      whole.subarray(0, whole.length - 60),
      whole.subarray(0, 40),
      whole.map((v, i) => (i > 30 && i % 7 === 0 ? v ^ 0x55 : v)),
    ])
      await expect(decodePicture(wrong, size, name)).rejects.toMatchObject({
        code: 'bad-picture',
        message: expect.stringContaining(name),
      });
  });

  test.each([
    ['%PDF-1.7\n', /a PDF document/],
    ['<!DOCTYPE html><html>', /a web page/],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0', /a Git LFS pointer/],
    ['\0\0\0\x18ftypmp42\0\0\0\0mp42isom', /a video/],
    ['8BPS\0\x01', /a Photoshop document/],
    ['\0\0\0\x0cjP  \r\n\x87\n', /a JPEG 2000 picture/],
  ])('%j, by what it is', async (content, what) => {
    const file = join(folder, 'photo.jpg');
    await writeFile(file, content, 'latin1');
    await expect(decodePicture(file, size)).rejects.toMatchObject({
      code: 'bad-picture',
      message: expect.stringMatching(what),
    });
  });

  test('for want of a decoder, and how to get it', async () => {
    // The sources beside a sharp, and nothing else.
    const place = join(folder, 'without');
    for (const folder of ['base', 'encoders/image', 'datasets/photos', 'files'])
      await cp(resolve(import.meta.dirname, '../../../src', folder), join(place, 'src', folder), {
        recursive: true,
      });
    await mkdir(join(place, 'node_modules'));
    const installed = dirname(dirname(fileURLToPath(import.meta.resolve('sharp'))));
    await symlink(installed, join(place, 'node_modules/sharp'), 'junction');
    await writeFile(join(place, 'package.json'), '{"type":"module"}');
    const code = `
      const { decodePicture } = await import(${JSON.stringify(pathToFileURL(join(place, 'src/encoders/image/decode-picture.ts')).href)});
      for (const file of ${JSON.stringify([fixture('red-blue-turned.heic'), fixture('red-blue.jxl')])})
        await decodePicture(file, ${JSON.stringify(size)}).catch((e) => console.log(e.code, e.message, e.hint));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
    expect(stdout).toMatch(/bad-picture .*red-blue-turned.heic is a HEIC picture.*npm install libheif-js/);
    expect(stdout).toMatch(/bad-picture .*red-blue.jxl is a JPEG XL picture.*npm install jxl-oxide-wasm/);
  });
});

test('everything that is listed as readable is read', async () => {
  const red = sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } });
  const made: Record<string, Uint8Array | string> = {
    '.bmp': bitmap({ width: 1, height: 1, bits: 24, rows: [[0, 0, 255, 0]] }),
    '.svg': Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path fill="red" d="M0 0h8v8H0z"/></svg>',
    ),
    '.jxl': fixture('red-blue.jxl'),
    ...Object.fromEntries(
      ['.heic', '.heif', '.hif'].map((name) => [name, fixture('red-blue-display-p3.heic')]),
    ),
    ...Object.fromEntries(['.tif', '.tiff'].map((name) => [name, ''])),
  };
  for (const extension of PICTURE_EXTENSIONS) {
    const format = /^\.j(pg|peg|pe|fif)$/.test(extension)
      ? 'jpeg'
      : /^\.tiff?$/.test(extension)
        ? 'tiff'
        : extension.slice(1);
    const picture =
      made[extension] ||
      (await red
        .clone()
        .toFormat(format as 'jpeg')
        .toBuffer());
    expectColour(await colourAt(picture, 0.02, 0.5), RED, 8);
  }
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'covista-formats-'));
});
afterAll(() => rm(folder, { recursive: true }));
