import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { CovistaError } from '../../base/errors.ts';
import { decodeBmp } from './bmp.ts';
import { pictureKind } from './picture-kind.ts';
import { type Pixels, tiffOf } from './tiff.ts';

/** What the worker gets. */
export interface OtherPicture {
  readonly kind: 'heic' | 'jxl';
  readonly bytes: Uint8Array;
  /** Most pixels. */
  readonly largest: number;
}

/** What it answers: one of these. */
export interface DecodedOther {
  readonly pixels?: Pixels;
  readonly encoded?: Uint8Array;
  /** The package that decodes it is not installed. */
  readonly missing?: boolean;
  /** Why it cannot be decoded. */
  readonly reason?: string;
}

/** Most pixels of a HEIC or JPEG XL picture: its decoder runs in WebAssembly, and has 4 GB. */
export const LARGEST_OTHER = 100_000_000;

/** No picture of that size takes so many seconds, on the slowest machine. */
const TIME_LIMIT = 300;

const decoders = {
  heic: { name: 'HEIC', package: 'libheif-js' },
  jxl: { name: 'JPEG XL', package: 'jxl-oxide-wasm' },
};

/**
 * Turns what sharp does not read (HEIC, JPEG XL, BMP) into what it does; other files are handed back as they are. The
 * kind is judged by the content.
 * @param bytes of the file
 * @param name what to call it in an error
 * @param largest most pixels
 * @throws CovistaError `bad-picture` for a file that is none of a picture, cannot be decoded, or needs a package that
 *   is not installed; an error about a "pixel limit" for one that is too large
 */
export async function readablePicture(bytes: Uint8Array, name: string, largest: number): Promise<Uint8Array> {
  const kind = pictureKind(bytes);
  if (typeof kind === 'object')
    throw new CovistaError('bad-picture', `${name} is ${kind.other}.`, {
      hint: 'Put the picture itself there, or convert it to JPEG or PNG.',
    });
  if (kind === undefined || isReadBySharp(kind)) return bytes;
  if (kind === 'bmp') return tiffOf(bmp(bytes, largest));
  const { pixels, encoded, missing, reason } = await decodeApart({
    kind,
    bytes,
    largest: Math.min(largest, LARGEST_OTHER),
  });
  if (missing)
    throw new CovistaError(
      'bad-picture',
      `${name} is a ${decoders[kind].name} picture, whose decoder is not installed.`,
      {
        hint: `Run npm install ${decoders[kind].package}, or convert the picture to JPEG.`,
      },
    );
  if (pixels) return tiffOf(pixels, await colourProfile(bytes));
  if (encoded) return encoded;
  throw new Error(reason);
}

/** Whether sharp was built with a decoder for it, as it is over a libvips of the machine. */
function isReadBySharp(kind: 'bmp' | 'heic' | 'jxl'): boolean {
  if (kind === 'heic') return sharp.format.heif.input.fileSuffix?.includes('.heic') ?? false;
  return kind === 'jxl' && sharp.format.jxl.input.buffer;
}

function bmp(bytes: Uint8Array, largest: number): Pixels {
  try {
    return decodeBmp(bytes, largest);
  } catch (cause) {
    if (cause instanceof RangeError) throw new Error('it is cut short', { cause });
    throw cause;
  }
}

/** Phones save in wider colours than sRGB, and say so in a profile. */
async function colourProfile(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  return (await sharp(bytes).metadata()).icc;
}

function decodeApart(picture: OtherPicture): Promise<DecodedOther> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const worker = new Worker(new URL(`./other-decoder.worker${extension}`, import.meta.url), {
    workerData: picture,
    // Decoders write what they think of a file to the terminal.
    stdout: true,
    stderr: true,
    execArgv: [],
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ reason: `it took more than ${TIME_LIMIT} s` });
      void worker.terminate();
    }, 1000 * TIME_LIMIT);
    const settle = (answer: DecodedOther) => {
      clearTimeout(timer);
      resolve(answer);
    };
    worker.once('message', settle);
    worker.once('error', (error) => settle({ reason: error.message }));
    worker.once('exit', () => settle({ reason: 'its decoder crashed' }));
  });
}
