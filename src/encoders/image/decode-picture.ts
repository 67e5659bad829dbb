import { readFile, stat } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { CovistaError } from '../../base/errors.ts';
import { fileError } from '../../files/system-error.ts';
import type { Preprocessing } from './preprocessing.ts';
import { LARGEST_OTHER, readablePicture } from './readable-picture.ts';

/** Most pixels that a picture may have: what the largest camera sensors give, decoded within about a gigabyte. */
const largestPicture = 210_000_000;

/** Largest file that is read, in bytes. */
const largestFile = 2 ** 30;

/** A picture scaled for a network, and the size that it had. */
export interface DecodedPicture {
  /** Height x width x 3 bytes, RGB, of the preprocessing's size. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Size of the picture itself in pixels, after its orientation tag is applied. */
  readonly width: number;
  readonly height: number;
}

/** The part of a {@link Preprocessing} that decides which pixels a network sees. */
export type PictureSize = Pick<Preprocessing, 'width' | 'height' | 'fit' | 'cropFraction' | 'resampling'>;

/**
 * Decodes a picture of any format that sharp reads, HEIC, JPEG XL or BMP into 8-bit sRGB of a given size. The EXIF orientation is
 * applied, transparency is laid on white, an animation gives its first frame, CMYK, greyscale and 16-bit pictures
 * are converted. The format is recognised from the content, so a wrong extension does no harm.
 * @param picture path of a file, or the bytes of one
 * @param size the size wanted and how the picture is fitted into it
 * @param name what to call the picture in an error; its path when left out
 * @throws CovistaError `bad-picture` when it cannot be decoded, is cut short, or is larger than 210 megapixels (100
 *   for HEIC and JPEG XL)
 */
export async function decodePicture(
  picture: string | Uint8Array,
  size: PictureSize,
  name = typeof picture === 'string' ? picture : 'The picture',
): Promise<DecodedPicture> {
  const file = typeof picture === 'string' ? await readPicture(picture) : picture;
  if (file.byteLength === 0) {
    throw new CovistaError('bad-picture', `${name} is empty (0 bytes).`, { hint: 'Copy it again.' });
  }
  try {
    const bytes = await readablePicture(file, name, largestPicture);
    const options = { failOn: 'error', limitInputPixels: largestPicture, sequentialRead: true } as const;
    const metadata = await sharp(bytes, options).metadata();
    const { width, height } = metadata.autoOrient;
    const density = metadata.format === 'svg' ? svgDensity(metadata, size) : undefined;
    const source = sharp(bytes, density === undefined ? options : { ...options, density });
    const { data, info } = await fitPicture(source.autoOrient(), size, width, height)
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.width !== size.width || info.height !== size.height || info.channels !== 3) {
      throw new Error(`decoded to ${info.width} x ${info.height} x ${info.channels}`);
    }
    // A copy: memory that native code owns cannot be handed over to a worker.
    return { pixels: new Uint8Array(data), width, height };
  } catch (cause) {
    throw badPicture(name, cause);
  }
}

/**
 * The bytes of a picture as sharp reads them, its kind judged by its content.
 * @param picture path of a file, or the bytes of one
 * @throws CovistaError `bad-picture` as {@link decodePicture} does
 */
export async function openPicture(picture: string | Uint8Array): Promise<Uint8Array> {
  const name = typeof picture === 'string' ? picture : 'The picture';
  const file = typeof picture === 'string' ? await readPicture(picture) : picture;
  try {
    return await readablePicture(file, name, largestPicture);
  } catch (cause) {
    throw badPicture(name, cause);
  }
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new CovistaError('bad-picture', `${path} is not a file.`);
    if (info.size > largestFile) {
      throw new CovistaError(
        'bad-picture',
        `${path} has ${info.size} bytes; a picture may have ${largestFile}.`,
      );
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof CovistaError) throw cause;
    const { message, hint } = fileError(path, cause);
    throw new CovistaError('bad-picture', message, { hint, cause });
  }
}

function fitPicture(source: Sharp, size: PictureSize, width: number, height: number): Sharp {
  const { fit, cropFraction = 1, resampling: kernel = 'lanczos3' } = size;
  if (fit === 'contain' || cropFraction === 1)
    return source.resize(size.width, size.height, { fit, kernel, background: '#ffffff' });
  const [x, y] = [size.width / width, size.height / height];
  const cover = Math.max(x, y);
  const scaledWidth = Math.round((width * (fit === 'cover' ? cover : x)) / cropFraction);
  const scaledHeight = Math.round((height * (fit === 'cover' ? cover : y)) / cropFraction);
  const [left, top] = [
    Math.max(0, scaledWidth - size.width) >> 1,
    Math.max(0, scaledHeight - size.height) >> 1,
  ];
  return source
    .resize(Math.max(size.width, scaledWidth), Math.max(size.height, scaledHeight), { fit: 'fill', kernel })
    .extract({ left, top, width: size.width, height: size.height });
}

/** Dots per inch at which a drawing is rendered no smaller than it is needed, so that it stays sharp. */
function svgDensity(metadata: Metadata, size: PictureSize): number {
  const factor =
    Math.max(size.width / metadata.width, size.height / metadata.height) / (size.cropFraction ?? 1);
  return Math.min(Math.max((metadata.density ?? 72) * factor, 1), 100_000);
}

function badPicture(name: string, cause: unknown): CovistaError {
  if (cause instanceof CovistaError) return cause;
  const reason = cause instanceof Error ? cause.message.trim().split('\n')[0]! : String(cause);
  if (/pixel limit/i.test(reason)) {
    return new CovistaError('bad-picture', `${name} has more pixels than are read.`, {
      hint: `Scale it down to ${largestPicture / 1e6} megapixels, HEIC and JPEG XL to ${LARGEST_OTHER / 1e6}.`,
      cause,
    });
  }
  if (/unsupported image format/i.test(reason)) {
    return new CovistaError('bad-picture', `${name} is not a picture in a format that is supported.`, {
      hint: 'JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, JPEG XL, BMP and SVG can be read; convert others.',
      cause,
    });
  }
  return new CovistaError('bad-picture', `${name} cannot be decoded: ${reason}.`, {
    hint: 'It may be cut short or damaged; copy or export it again.',
    cause,
  });
}
