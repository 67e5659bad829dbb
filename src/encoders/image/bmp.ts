import type { Pixels } from './tiff.ts';

/** How a bitmap's pixels are stored. */
const [PLAIN, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS] = [0, 1, 2, 3, 6];

/**
 * Decodes a Windows bitmap of any version: 1 to 32 bits a pixel, palettes, bit fields, run lengths, either direction.
 * Opacity counts only where a bit field is set aside for it, since others leave that byte 0. See Microsoft's "Bitmap
 * Storage" for the format.
 * @param largest most pixels
 * @throws Error saying what is wrong with the file
 */
export function decodeBmp(bytes: Uint8Array, largest: number): Pixels {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = file.getUint32(14, true);
  const old = headerSize === 12;
  const width = old ? file.getUint16(18, true) : file.getInt32(18, true);
  const signedHeight = old ? file.getInt16(20, true) : file.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const bits = file.getUint16(old ? 24 : 28, true);
  const compression = old ? PLAIN! : file.getUint32(30, true);
  if (width < 1 || height < 1) throw new Error(`its size is ${width} x ${height}`);
  if (width * height > largest) throw new Error('pixel limit');
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`it has ${bits} bits a pixel`);
  if (![PLAIN, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS].includes(compression))
    throw new Error(`its compression ${compression} is none of a picture`);
  const start = file.getUint32(10, true);
  const data = new Uint8Array(width * height * (bits === 32 ? 4 : 3));
  const channels = bits === 32 ? 4 : 3;
  const place = (x: number, y: number) =>
    (signedHeight < 0 ? y : height - 1 - y) * width * channels + x * channels;

  if (bits > 8) {
    const masks = masksOf(file, headerSize, bits, compression);
    const stride = Math.ceil((width * bits) / 32) * 4;
    if (start + stride * height > bytes.length) throw new Error('it is cut short');
    const scales = masks.map((mask) => 255 / (mask >>> shiftOf(mask)));
    const shifts = masks.map(shiftOf);
    for (let y = 0; y < height; y++)
      for (
        let x = 0, from = start + y * stride, to = place(0, y);
        x < width;
        x++, from += bits >> 3, to += channels
      ) {
        const value =
          bits === 16
            ? file.getUint16(from, true)
            : bits === 24
              ? bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16)
              : file.getUint32(from, true);
        for (let channel = 0; channel < channels; channel++) {
          const mask = masks[channel]!;
          data[to + channel] =
            mask === 0
              ? channel === 3
                ? 255
                : 0
              : Math.round(((value & mask) >>> shifts[channel]!) * scales[channel]!);
        }
      }
    return { width, height, channels, data };
  }

  const palette = paletteOf(file, headerSize, old, bits, start);
  const paint = (x: number, y: number, index: number) => {
    if (x >= width || y >= height) return;
    const to = place(x, y);
    for (let channel = 0; channel < 3; channel++) data[to + channel] = palette[3 * index + channel] ?? 0;
  };
  if (compression === RLE8 || compression === RLE4) {
    // What runs skip has the first colour.
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) paint(x, y, 0);
    readRuns(bytes, start, compression === RLE4, height, paint);
  } else {
    const stride = Math.ceil((width * bits) / 32) * 4;
    if (start + stride * height > bytes.length) throw new Error('it is cut short');
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const bit = x * bits;
        const byte = bytes[start + y * stride + (bit >> 3)]!;
        paint(x, y, (byte >> (8 - bits - (bit & 7))) & ((1 << bits) - 1));
      }
  }
  return { width, height, channels: 3, data };
}

/** The bits of red, green, blue and opacity. */
function masksOf(file: DataView, headerSize: number, bits: number, compression: number): readonly number[] {
  if (compression === BITFIELDS || compression === ALPHA_BITFIELDS) {
    const withAlpha = compression === ALPHA_BITFIELDS || headerSize >= 56;
    return [0, 4, 8, 12].map((at) => (at < 12 || withAlpha ? file.getUint32(54 + at, true) : 0));
  }
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

function shiftOf(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
}

/** RGB of each colour, from blue, green, red and often a byte of nothing. */
function paletteOf(
  file: DataView,
  headerSize: number,
  old: boolean,
  bits: number,
  start: number,
): Uint8Array {
  const size = old ? 3 : 4;
  const from = 14 + headerSize;
  const stated = old ? 0 : file.getUint32(46, true);
  const fits = Math.max(0, Math.floor((Math.min(start, file.byteLength) - from) / size));
  const count = Math.min(stated || 1 << bits, 1 << bits, fits);
  const palette = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++)
    for (let channel = 0; channel < 3; channel++)
      palette[3 * i + channel] = file.getUint8(from + i * size + 2 - channel);
  return palette;
}

/** Run lengths: a count and a colour (or two of 4 bits), or 0 and what else is meant. */
function readRuns(
  bytes: Uint8Array,
  start: number,
  half: boolean,
  height: number,
  paint: (x: number, y: number, index: number) => void,
): void {
  let [x, y] = [0, 0];
  for (let p = start; y < height; ) {
    if (p + 1 >= bytes.length) throw new Error('it is cut short');
    const count = bytes[p++]!;
    const value = bytes[p++]!;
    if (count > 0) {
      for (let i = 0; i < count; i++) paint(x++, y, half ? (i % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return;
    } else if (value === 2) {
      x += bytes[p++] ?? 0;
      y += bytes[p++] ?? 0;
    } else {
      for (let i = 0; i < value; i++) {
        const byte = bytes[half ? p + (i >> 1) : p + i] ?? 0;
        paint(x++, y, half ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      const used = half ? Math.ceil(value / 2) : value;
      p += used + (used % 2);
    }
  }
}
