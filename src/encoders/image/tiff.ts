/** Pixels of 8 bits a channel, row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGB, or RGB and opacity. */
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

/**
 * Pixels as an uncompressed TIFF, which sharp reads like any other picture, with the colour space that they are in.
 * TIFF 6.0, sections 2 and 6; the tag of ICC profiles is of ISO 15076-1, annex B.4.
 * @param profile an ICC profile; sRGB when left out
 */
export function tiffOf({ width, height, channels, data }: Pixels, profile?: Uint8Array): Buffer {
  const [SHORT, LONG, UNDEFINED] = [3, 4, 7];
  const samples = 8;
  const strip = samples + 8;
  const colours = strip + data.length;
  const directory = colours + (profile?.length ?? 0) + ((data.length + (profile?.length ?? 0)) % 2);
  const entries: (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, channels, samples],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, 2],
    [273, LONG, 1, strip],
    [277, SHORT, 1, channels],
    [278, LONG, 1, height],
    [279, LONG, 1, data.length],
  ];
  // Opacity that colours were not multiplied by.
  if (channels === 4) entries.push([338, SHORT, 1, 2]);
  if (profile) entries.push([34675, UNDEFINED, profile.length, colours]);

  const file = Buffer.alloc(directory + 2 + 12 * entries.length + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directory, 4);
  for (let channel = 0; channel < channels; channel++) file.writeUInt16LE(8, samples + 2 * channel);
  file.set(data, strip);
  if (profile) file.set(profile, colours);
  file.writeUInt16LE(entries.length, directory);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = directory + 2 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  return file;
}
