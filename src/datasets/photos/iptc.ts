import { isCameraText } from './camera-text.ts';
import type { PhotoWords } from './xmp.ts';

/** Object name (a title), headline, and caption. */
const captionKinds: ReadonlySet<number> = new Set([2 * 256 + 5, 2 * 256 + 105, 2 * 256 + 120]);

/**
 * Reads title, headline, caption and keywords from IPTC-IIM records (version 4, 1999), bare or within the image resources that
 * Photoshop writes into JPEG files. Text is UTF-8 where it is valid as such, else Latin-1.
 */
export function parseIptc(bytes: Uint8Array): PhotoWords {
  const captions: string[] = [];
  const tags: string[] = [];
  for (const record of iimBlocks(bytes))
    for (let at = 0; at + 5 <= record.length && record[at] === 0x1c; ) {
      const kind = record[at + 1]! * 256 + record[at + 2]!;
      const length = record[at + 3]! * 256 + record[at + 4]!;
      // Lengths above 32767 announce a longer length field, which no caption or keyword needs.
      if (length > 32767 || at + 5 + length > record.length) break;
      const text = () => decode(record.subarray(at + 5, at + 5 + length)).trim();
      if (kind === 2 * 256 + 25 && text() !== '') tags.push(text());
      if (captionKinds.has(kind) && text() !== '' && !isCameraText(text())) captions.push(text());
      at += 5 + length;
    }
  return { captions, tags };
}

/** The IIM data in Photoshop's image resources, or the bytes themselves. */
function iimBlocks(bytes: Uint8Array): Uint8Array[] {
  if (bytes[0] === 0x1c) return [bytes];
  const blocks: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = latin1.decode(bytes.subarray(0, 14)) === 'Photoshop 3.0\0' ? 14 : 0;
  while (at + 12 <= bytes.length && latin1.decode(bytes.subarray(at, at + 4)) === '8BIM') {
    const id = view.getUint16(at + 4);
    // A Pascal string padded to an even size, then the length of the data, itself padded.
    const name = (1 + bytes[at + 6]! + 1) & ~1;
    if (at + 6 + name + 4 > bytes.length) break;
    const size = view.getUint32(at + 6 + name);
    const start = at + 10 + name;
    if (id === 0x0404) blocks.push(bytes.subarray(start, start + size));
    at = start + size + (size % 2);
  }
  return blocks;
}

const latin1 = new TextDecoder('windows-1252');
const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}
