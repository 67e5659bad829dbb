import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCameraText } from '../../../src/datasets/photos/camera-text.ts';
import { parseExif } from '../../../src/datasets/photos/exif.ts';
import { tagsOf } from '../../../src/datasets/photos/tag-list.ts';

type Entry = readonly [tag: number, type: number, bytes: Buffer];

/** A TIFF structure with one directory, and one of Exif behind it. */
function tiff(little: boolean, entries: readonly Entry[], exif: readonly Entry[] = []): Buffer {
  const u16 = (value: number) => Buffer.from(little ? [value & 255, value >> 8] : [value >> 8, value & 255]);
  const u32 = (value: number) =>
    little
      ? Buffer.concat([u16(value & 0xffff), u16(value >>> 16)])
      : Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
  const directory = (list: readonly Entry[], at: number, pointer?: number) => {
    const count = list.length + (pointer === undefined ? 0 : 1);
    let data = at + 2 + 12 * count + 4;
    const parts = [u16(count)];
    const values: Buffer[] = [];
    for (const [tag, type, bytes] of list) {
      const short = bytes.length <= 4;
      const value = short ? Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]) : u32(data);
      parts.push(u16(tag), u16(type), u32(bytes.length), value);
      if (!short) {
        values.push(bytes);
        data += bytes.length;
      }
    }
    if (pointer !== undefined) parts.push(u16(0x8769), u16(4), u32(1), u32(pointer));
    return Buffer.concat([...parts, u32(0), ...values]);
  };
  const start = Buffer.concat([Buffer.from(little ? 'II' : 'MM'), u16(42), u32(8)]);
  const size = directory(entries, 8, 0).length;
  return Buffer.concat([start, directory(entries, 8, 8 + size), directory(exif, 8 + size)]);
}

const utf16 = (text: string) => Buffer.from(`${text}\0`, 'utf16le');

describe('Exif', () => {
  it.each([true, false])('holds captions and the keywords of Windows (little-endian: %s)', (little) => {
    const comment = Buffer.from('ein Käfer', 'utf16le');
    const bytes = tiff(
      little,
      [
        [0x010e, 2, Buffer.from('Two dögs\0')],
        [0x010f, 2, Buffer.from('Acme\0')],
        [0x9c9b, 1, utf16('Ein Bär')],
        [0x9c9c, 1, utf16('Seen by the lake')],
        [0x9c9e, 1, utf16('Bär; See;wet sand')],
        [0x9c9f, 1, utf16('A trip')],
      ],
      [
        [
          0x9286,
          7,
          Buffer.concat([Buffer.from('UNICODE\0'), little ? comment : Buffer.from(comment).swap16()]),
        ],
      ],
    );
    const expected = {
      captions: ['Two dögs', 'Ein Bär', 'A trip', 'Seen by the lake', 'ein Käfer'],
      tags: ['Bär', 'See', 'wet sand'],
    };
    expect(parseExif(bytes)).toEqual(expected);
    expect(parseExif(Buffer.concat([Buffer.from('Exif\0\0'), bytes]))).toEqual(expected);
  });

  it('reads comments in each encoding, and no bytes that are not text', () => {
    const comment = (bytes: Buffer) => parseExif(tiff(true, [], [[0x9286, 7, bytes]])).captions;
    expect(comment(Buffer.from('ASCII\0\0\0A dog'))).toEqual(['A dog']);
    expect(comment(Buffer.from('\0\0\0\0\0\0\0\0A dog\0\0'))).toEqual(['A dog']);
    expect(comment(Buffer.from('ASCII\0\0\0        '))).toEqual([]);
    expect(comment(Buffer.from('\0\0\0\0\0\0\0\0\x01\x02\x9fabc', 'latin1'))).toEqual([]);
    const wrongOrder = Buffer.concat([Buffer.from('UNICODE\0'), Buffer.from('A dog', 'utf16le').swap16()]);
    expect(comment(wrongOrder)).toEqual(['A dog']);
  });

  it('survives whatever is damaged', () => {
    const whole = tiff(
      true,
      [[0x010e, 2, Buffer.from('A dog on a beach\0')]],
      [[0x9286, 7, Buffer.from('ASCII\0\0\0x y z')]],
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          expect(parseExif(bytes.subarray(0, length))).toMatchObject({ captions: expect.any(Array) });
        },
      ),
    );
  });

  it.each([
    'OLYMPUS DIGITAL CAMERA',
    'SONY DSC',
    'SAMSUNG CAMERA PICTURES',
    'KONICA MINOLTA DIGITAL CAMERA',
    'Digital StillCamera',
    'Exif_JPEG_PICTURE',
    'DSC_0042',
    'dav',
    'oznorCOF',
    'Created with GIMP',
    'filter: 0; fileterIntensity: 0.0; filterMask: 0;',
    '{"sensor_type":"rear","mirror":false}',
  ])('%s is no caption', (text) => expect(isCameraText(text)).toBe(true));

  it.each([
    'A camera on a table',
    'Camera',
    'Made by grandma',
    'party2',
    'Nora',
    'IMG of a dog',
    'Dog: a portrait',
  ])('%s is one', (text) => expect(isCameraText(text)).toBe(false));
});

describe('a line of text', () => {
  it.each([
    ['dog, beach, blue sky', ['dog', 'beach', 'blue sky']],
    ['dog,beach', ['dog', 'beach']],
    ['Dog; Beach; New York', ['Dog', 'Beach', 'New York']],
    ['1girl, solo, long hair, looking at viewer', ['1girl', 'solo', 'long hair', 'looking at viewer']],
    ['Las Vegas, night', ['Las Vegas', 'night']],
    ['father, son, die', ['father', 'son', 'die']],
    ['#dog #beach', ['dog', 'beach']],
  ])('%s is a list of tags', (line, tags) => expect(tagsOf(line)).toEqual(tags));

  it.each([
    'Two dogs run, playing',
    'Two dogs run on a beach, and a man throws a ball',
    'A dog, a cat',
    'dogs, cats and birds.',
    'Red car, parked',
    'Ein Hund, ein Ball',
    'a dog on a beach',
    'dog',
    'Hello!',
    '',
  ])('%s is a caption', (line) => expect(tagsOf(line)).toBeUndefined());
});
