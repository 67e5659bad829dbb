import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture, isPicturePath, type PictureSize } from '../../../src/encoders/image/index.ts';

const size: PictureSize = { width: 32, height: 32, fit: 'fill' };

/** Left half of one colour, right half of another. */
function halves(left: string, right: string, width = 64, height = 32): Sharp {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="${width / 2}" height="${height}" fill="${left}"/>
    <rect x="${width / 2}" width="${width / 2}" height="${height}" fill="${right}"/></svg>`;
  return sharp(Buffer.from(svg));
}

/** Colour at a place of the decoded picture, from 0 to 1 in both directions. */
async function colourAt(
  picture: string | Uint8Array,
  x: number,
  y: number,
  wanted = size,
): Promise<number[]> {
  const { pixels } = await decodePicture(picture, wanted);
  const column = Math.floor(x * wanted.width);
  const start = (Math.floor(y * wanted.height) * wanted.width + column) * 3;
  return [...pixels.subarray(start, start + 3)];
}

function expectColour(found: readonly number[], wanted: readonly number[], tolerance = 3): void {
  const distance = Math.max(...found.map((value, channel) => Math.abs(value - wanted[channel]!)));
  expect(distance, `${found} instead of ${wanted}`).toBeLessThanOrEqual(tolerance);
}

function pngChunk(type: string, data: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

describe('what a network is shown', () => {
  test('every channel of every pixel, row by row', async () => {
    const { pixels, width, height } = await decodePicture(
      await halves('#ff0000', '#0000ff').png().toBuffer(),
      size,
    );
    expect([width, height, pixels.length]).toEqual([64, 32, 32 * 32 * 3]);
    expect([...pixels.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect([...pixels.subarray(31 * 3, 33 * 3)]).toEqual([0, 0, 255, 255, 0, 0]);
  });

  test('the EXIF orientation is applied, to the size as well', async () => {
    const turned = await halves('#ff0000', '#0000ff').withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { width, height } = await decodePicture(turned, size);
    expect([width, height]).toEqual([32, 64]);
    expectColour(await colourAt(turned, 0.5, 0.1), [254, 0, 0]);
    expectColour(await colourAt(turned, 0.5, 0.9), [0, 0, 254]);
  });

  test('transparency lies on white', async () => {
    const half = await halves('rgba(0,0,0,0)', 'rgba(0,0,0,0.5)').png().toBuffer();
    expectColour(await colourAt(half, 0.1, 0.5), [255, 255, 255]);
    expectColour(await colourAt(half, 0.9, 0.5), [127, 127, 127]);
  });

  test('an animation shows its first frame', async () => {
    const frames = await Promise.all(
      ['#00ff00', '#ff00ff'].map((colour) => halves(colour, colour).raw().ensureAlpha().toBuffer()),
    );
    const raw = { width: 64, height: 64, channels: 4, pageHeight: 32 } as const;
    const gif = await sharp(Buffer.concat(frames), { raw })
      .gif({ loop: 0, delay: [100, 100] })
      .toBuffer();
    expect((await sharp(gif).metadata()).pages).toBe(2);
    expect((await decodePicture(gif, size)).height).toBe(32);
    expectColour(await colourAt(gif, 0.5, 0.5), [0, 255, 0]);
  });

  test('CMYK, greyscale and 16-bit pictures become 8-bit RGB', async () => {
    const picture = halves('#d02020', '#f0f0f0');
    const cmyk = await picture.clone().removeAlpha().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const [red, green, blue] = await colourAt(cmyk, 0.2, 0.5);
    expect(red).toBeGreaterThan(150);
    expect(Math.max(green!, blue!)).toBeLessThan(90);
    expectColour(await colourAt(cmyk, 0.9, 0.5), [240, 240, 240], 8);

    const grey = await picture.clone().greyscale().toColourspace('b-w').png().toBuffer();
    expect((await sharp(grey).metadata()).channels).toBeLessThan(3);
    expectColour(await colourAt(grey, 0.9, 0.5), [240, 240, 240]);

    const wide = await picture.clone().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(wide).metadata()).depth).toBe('ushort');
    expectColour(await colourAt(wide, 0.2, 0.5), [0xd0, 0x20, 0x20]);
    const wideGrey = await picture.clone().greyscale().toColourspace('grey16').png().toBuffer();
    expectColour(await colourAt(wideGrey, 0.9, 0.5), [240, 240, 240]);
  });

  test.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('%s is read', async (format) => {
    const bytes = await halves('#ff0000', '#0000ff').removeAlpha().toFormat(format).toBuffer();
    expectColour(await colourAt(bytes, 0.2, 0.5), [255, 0, 0], 8);
    expectColour(await colourAt(bytes, 0.8, 0.5), [0, 0, 255], 8);
  });

  test('a small drawing is rendered at the size that is needed', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h4v8H0z"/></svg>';
    const { pixels, width } = await decodePicture(Buffer.from(svg), { width: 256, height: 256, fit: 'fill' });
    expect(width).toBe(8);
    const row = Array.from({ length: 256 }, (_, column) => pixels[column * 3]!);
    expect(row.filter((value) => value > 20 && value < 235).length).toBeLessThanOrEqual(2);
  });
});

describe('fitting', () => {
  const wide = () => halves('#ff0000', '#0000ff', 96, 32).png().toBuffer();
  const square = { width: 32, height: 32 };

  test('contain adds white borders', async () => {
    expectColour(await colourAt(await wide(), 0.2, 0.05, { ...square, fit: 'contain' }), [255, 255, 255]);
    expectColour(await colourAt(await wide(), 0.2, 0.5, { ...square, fit: 'contain' }), [255, 0, 0]);
  });

  test('cover cuts the sides off', async () => {
    const bar =
      '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="32"><path d="M32 0h32v32h-32z"/></svg>';
    for (const x of [0, 0.5, 0.99]) {
      expectColour(await colourAt(Buffer.from(bar), x, 0.5, { ...square, fit: 'cover' }), [0, 0, 0]);
    }
  });

  test('a crop fraction keeps the middle', async () => {
    const frame =
      '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><path d="M32 32h64v64h-64z"/></svg>';
    const wanted = { ...square, fit: 'cover', cropFraction: 0.5 } as const;
    for (const place of [0.02, 0.5, 0.98]) {
      expectColour(await colourAt(Buffer.from(frame), place, place, wanted), [0, 0, 0]);
    }
    expectColour(
      await colourAt(Buffer.from(frame), 0.02, 0.02, { ...wanted, cropFraction: 1 }),
      [255, 255, 255],
    );
  });
});

describe('pictures that cannot be read', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'covista-pictures-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const file = async (name: string, bytes: Uint8Array | string): Promise<string> => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const expectBad = async (picture: string, message: RegExp) => {
    const failure = expect(decodePicture(picture, size)).rejects;
    await failure.toMatchObject({ code: 'bad-picture', message: expect.stringContaining(picture) });
    await expect(decodePicture(picture, size)).rejects.toThrow(message);
  };

  test('an empty file', async () => {
    await expectBad(await file('empty.jpg', ''), /empty/);
  });

  test('a text with the extension of a picture', async () => {
    await expectBad(await file('text.jpg', 'This is not a picture.'.repeat(50)), /format/);
  });

  test.each(['jpeg', 'png', 'webp', 'gif', 'tiff'] as const)('a %s that is cut short', async (format) => {
    const noise = { width: 200, height: 200, channels: 3 as const, background: '#888' };
    const whole = await sharp({ create: { ...noise, noise: { type: 'gaussian', mean: 128, sigma: 60 } } })
      .toFormat(format)
      .toBuffer();
    await decodePicture(whole, size);
    await expectBad(await file(`cut.${format}`, whole.subarray(0, whole.length / 2)), /decoded|format/);
  });

  test('more pixels than memory should hold', async () => {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(65_000, 0);
    header.writeUInt32BE(65_000, 4);
    header.set([8, 2], 8);
    const chunks = [
      pngChunk('IHDR', header),
      pngChunk('IDAT', deflateSync(Buffer.alloc(100))),
      pngChunk('IEND'),
    ];
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks]);
    await expectBad(await file('huge.png', png), /more pixels/);
  });

  test('a file that does not exist, and a folder', async () => {
    await expectBad(join(folder, 'absent.png'), /does not exist/);
    await expectBad(folder, /not a file/);
  });

  test('a wrong extension alone does no harm', async () => {
    const png = await halves('#ff0000', '#0000ff').png().toBuffer();
    expectColour(await colourAt(await file('really-a-png.jpg', png), 0.2, 0.5), [255, 0, 0]);
  });
});

test('pictures are recognised by their extension', () => {
  expect(['a.JPG', 'b.jpeg', 'c/d.webp', 'e.HEIC'].every(isPicturePath)).toBe(true);
  expect(['a.txt', 'jpg', 'b.jpg.json'].some(isPicturePath)).toBe(false);
});
