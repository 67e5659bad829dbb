/** What a file is by its first bytes, as far as more than sharp's own judgement is needed. */
export type PictureKind =
  /** Read by decoders of their own, see `readable-picture.ts`. */
  | 'bmp'
  | 'heic'
  | 'jxl'
  /** Not read: what people would call it. */
  | { readonly other: string };

/** Beginnings of files that lie among pictures, or bear the extension of one; in lower case. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'a PDF document': ['%pdf-'],
  'a Photoshop document': ['8bps'],
  'a JPEG 2000 picture': ['\0\0\0\x0cjp  ', '\xff\x4f\xff\x51'],
  'a Windows icon or cursor': ['\0\0\x01\0', '\0\0\x02\0'],
  'a raw file of a camera': ['fujifilmccd-raw', 'iiu\0', 'iiro', 'iirs', '\0mrm', 'ii\x1a\0\0\0heapccdr'],
  'a video': ['\x1ae\xdf\xa3', '\0\0\x01\xba', '\0\0\x01\xb3'],
  'a zip archive': ['pk\x03\x04'],
  'a Git LFS pointer, not the picture itself': ['version https://git-lfs'],
  'a web page': ['<!doctype html', '<html'],
};

/** @returns undefined for what sharp is to judge */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1');
  if (start.startsWith('BM') && [12, 16, 40, 52, 56, 64, 108, 124].includes(start.charCodeAt(14)))
    return 'bmp';
  if (start.startsWith('\xff\x0a') || start.startsWith('\0\0\0\x0cJXL \r\n\x87\n')) return 'jxl';
  if (start.slice(4, 8) === 'ftyp') return mediaKind(start);
  const lower = start.trimStart().toLowerCase();
  const other = Object.keys(OTHERS).find((name) =>
    OTHERS[name]!.some(
      (beginning) => start.toLowerCase().startsWith(beginning) || lower.startsWith(beginning),
    ),
  );
  return other === undefined ? undefined : { other };
}

/** Of an ISO base media file, by its brands: HEIC, AVIF and videos share the container. */
function mediaKind(start: string): PictureKind | undefined {
  const length = Math.min(start.length, (start.charCodeAt(2) << 8) | start.charCodeAt(3));
  const brands = [start.slice(8, 12)];
  for (let at = 16; at + 4 <= length; at += 4) brands.push(start.slice(at, at + 4));
  if (brands[0] === 'crx ') return { other: 'a raw file of a camera' };
  if (brands.some((brand) => /^avi[fs]$/.test(brand))) return undefined;
  if (brands.some((brand) => /^(he[ivm][cxsm]|hei[ms]|hev[ms]|mif[12]|msf1)$/.test(brand))) return 'heic';
  return { other: 'a video' };
}
