import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { DecodedOther, OtherPicture } from './readable-picture.ts';
import type { Pixels } from './tiff.ts';

/*
 * Decodes one picture in WebAssembly and ends: a decoder holds all the memory that it ever took, and some files make
 * one crash or never end.
 */

const { kind, bytes, largest } = workerData as OtherPicture;
let answer: DecodedOther;
try {
  answer = kind === 'heic' ? { pixels: await decodeHeic() } : { encoded: await decodeJxl() };
} catch (error) {
  const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
  answer = missing ? { missing } : { reason: error instanceof Error ? error.message : String(error) };
}
parentPort!.postMessage(answer);

/** The main picture, turned as the file says, RGB and opacity. */
async function decodeHeic(): Promise<Pixels> {
  const { default: libheif } = await import('libheif-js/wasm-bundle.js');
  const images = new libheif.HeifDecoder().decode(bytes);
  const image = images.find((one) => one.is_primary()) ?? images[0];
  if (!image) throw new Error('it holds no picture, or is cut short');
  const [width, height] = [image.get_width(), image.get_height()];
  requireSize(width, height);
  const data = await new Promise<Uint8ClampedArray>((resolve, reject) => {
    image.display({ data: new Uint8ClampedArray(width * height * 4), width, height }, (filled) =>
      filled ? resolve(filled.data) : reject(new Error('its data are damaged or cut short')),
    );
  });
  return { width, height, channels: 4, data: new Uint8Array(data.buffer) };
}

/** The first frame as a PNG of sRGB, turned as the file says. */
async function decodeJxl(): Promise<Uint8Array> {
  const { initSync, JxlImage } = await import('jxl-oxide-wasm');
  initSync({ module: readFileSync(fileURLToPath(import.meta.resolve('jxl-oxide-wasm/module.wasm'))) });
  const image = new JxlImage();
  image.forceSrgb = true;
  // The size stands near the beginning, and is checked before anything is decoded.
  const first = 2 ** 16;
  for (let start = 0; start < bytes.length; start += first) {
    image.feedBytes(bytes.subarray(start, start + first));
    if (image.tryInit()) requireSize(image.width ?? 0, image.height ?? 0);
  }
  if (!image.tryInit() || image.numLoadedKeyframes === 0) throw new Error('it is cut short');
  return image.render(0).encodeToPng();
}

function requireSize(width: number, height: number): void {
  if (width * height > largest) throw new Error('pixel limit');
}
