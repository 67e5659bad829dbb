import { isCameraText } from './camera-text.ts';
import type { PhotoWords } from './xmp.ts';

/** Tags of the Exif standard (CIPA DC-008), and those that Windows writes (XP...). */
const tag = {
  imageDescription: 0x010e,
  make: 0x010f,
  model: 0x0110,
  exifFolder: 0x8769,
  userComment: 0x9286,
  title: 0x9c9b,
  comment: 0x9c9c,
  keywords: 0x9c9e,
  subject: 0x9c9f,
} as const;

/** Bytes an element takes, by type: bytes, ASCII, undefined and UTF-8 are what words are in. */
const textTypes: ReadonlySet<number> = new Set([1, 2, 7, 129]);
const longTypes: ReadonlySet<number> = new Set([4, 13]);

/** More entries than any camera writes are a damaged file. */
const mostEntries = 1000;

/**
 * Reads captions and keywords from Exif: ImageDescription, UserComment, and Windows' XPTitle, XPSubject, XPComment and
 * XPKeywords (UTF-16, separated by semicolons). What the camera writes by itself is left out.
 * @param bytes the TIFF structure, with or without `Exif\0\0` in front; damaged ones give what can be read
 */
export function parseExif(bytes: Uint8Array): PhotoWords {
  const start = latin1.decode(bytes.subarray(0, 6)) === 'Exif\0\0' ? 6 : 0;
  const tiff = bytes.subarray(start);
  const order = latin1.decode(tiff.subarray(0, 2));
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return { captions: [], tags: [] };
  const little = order === 'II';
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const main = entriesAt(view.getUint32(4, little));
  const folder = main.get(tag.exifFolder);
  const exif = folder?.offset === undefined ? new Map() : entriesAt(folder.offset);

  const camera = [text(main, tag.make), text(main, tag.model)];
  const captions = [
    text(main, tag.imageDescription),
    utf16(main, tag.title),
    utf16(main, tag.subject),
    utf16(main, tag.comment),
    userComment(exif.get(tag.userComment)?.bytes ?? main.get(tag.userComment)?.bytes),
  ].filter((caption) => caption !== '' && !camera.includes(caption) && !isCameraText(caption));
  const tags = utf16(main, tag.keywords)
    .split(/[;,]/)
    .map((one) => one.trim());
  return { captions, tags: tags.filter((one) => one !== '') };

  /** The entries of a directory, by tag. */
  function entriesAt(at: number): Map<number, { bytes: Uint8Array | undefined; offset: number | undefined }> {
    const entries = new Map<number, { bytes: Uint8Array | undefined; offset: number | undefined }>();
    if (at + 2 > view.byteLength) return entries;
    const count = Math.min(view.getUint16(at, little), mostEntries);
    for (let i = 0; i < count; i++) {
      const entry = at + 2 + 12 * i;
      if (entry + 12 > view.byteLength) break;
      const type = view.getUint16(entry + 2, little);
      const length = view.getUint32(entry + 4, little);
      const offset = view.getUint32(entry + 8, little);
      // Up to four bytes stand in the entry itself.
      const from = length <= 4 ? entry + 8 : offset;
      const isText = textTypes.has(type) && from + length <= view.byteLength;
      entries.set(view.getUint16(entry, little), {
        bytes: isText ? tiff.subarray(from, from + length) : undefined,
        offset: longTypes.has(type) ? offset : undefined,
      });
    }
    return entries;
  }

  function text(entries: ReturnType<typeof entriesAt>, name: number): string {
    return readable(decode(entries.get(name)?.bytes ?? new Uint8Array()));
  }

  function utf16(entries: ReturnType<typeof entriesAt>, name: number): string {
    return readable(utf16le.decode(entries.get(name)?.bytes ?? new Uint8Array()));
  }

  /** Its first eight bytes name the encoding. */
  function userComment(comment: Uint8Array | undefined): string {
    if (comment === undefined || comment.length <= 8) return '';
    const encoding = latin1.decode(comment.subarray(0, 8)).replace(/\0+$/, '');
    const rest = comment.subarray(8);
    if (encoding === 'UNICODE') return readable(unicode(rest));
    return encoding === 'ASCII' || encoding.trim() === '' ? readable(decode(rest)) : '';
  }

  /** In the byte order of the file by the standard; many programs write the other one, which zeros in ASCII tell. */
  function unicode(bytes: Uint8Array): string {
    let even = 0;
    let odd = 0;
    for (let i = 0; i + 1 < bytes.length; i += 2) {
      if (bytes[i] === 0) even++;
      if (bytes[i + 1] === 0) odd++;
    }
    const isLittle = even === odd ? little : odd > even;
    return (isLittle ? utf16le : utf16be).decode(bytes);
  }
}

const latin1 = new TextDecoder('windows-1252');
const utf8 = new TextDecoder('utf-8', { fatal: true });
const utf16le = new TextDecoder('utf-16le');
const utf16be = new TextDecoder('utf-16be');

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

/** The text before its closing zero; none where it is not one that people read. */
function readable(text: string): string {
  const trimmed = text.split('\0', 1)[0]!.trim();
  return /[\p{Cc}\p{Co}\ufffd]/u.test(trimmed.replace(/[\t\r\n]/g, ' ')) ? '' : trimmed;
}
