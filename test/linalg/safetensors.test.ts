import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CovistaError } from '../../src/base/errors.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../src/linalg/index.ts';

const tensors = new Map<string, Tensor>([
  ['half', { type: 'F16', shape: [3], data: Uint16Array.of(0x3c00, 0x4000, 0xc000) }],
  ['single', { type: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -2) }],
  ['double', { type: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
  ['whole', { type: 'U32', shape: [1], data: Uint32Array.of(4294967295) }],
  ['long', { type: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) }],
  ['nothing', { type: 'F32', shape: [0, 5], data: new Float32Array(0) }],
]);

/** A file with this header and so many bytes of data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (from: number, to: number, extra = {}) => ({
  dtype: 'F32',
  shape: [(to - from) / 4],
  data_offsets: [from, to],
  ...extra,
});

describe('safetensors', () => {
  it('gives back all types, shapes and metadata', () => {
    const decoded = decodeSafetensors(encodeSafetensors(tensors, { made: 'für Tests' }));
    expect(decoded.metadata).toEqual({ made: 'für Tests' });
    expect(new Map([...decoded.tensors].sort())).toEqual(new Map([...tensors].sort()));
  });

  it('reads from any position within a larger buffer', () => {
    const bytes = encodeSafetensors(tensors);
    for (let offset = 0; offset < 8; offset++) {
      const moved = new Uint8Array(bytes.length + 16);
      moved.set(bytes, offset);
      const some = moved.subarray(offset, offset + bytes.length);
      const decoded = decodeSafetensors(some);
      expect(decoded.tensors.get('double')).toEqual(tensors.get('double'));
      // Of which a slice is no copy.
      const buffer = Buffer.from(some.buffer, some.byteOffset, some.length);
      expect(decodeSafetensors(buffer)).toEqual(decoded);
    }
  });

  it('tells keys from texts that look like some', () => {
    const metadata = { 'a"': '"a": {"a": 1, "a": 2} \\', b: '\\"', c: '{"b":"', '': '\\\\"' };
    expect(decodeSafetensors(encodeSafetensors(tensors, metadata)).metadata).toEqual(metadata);
  });

  it('lays the file out as the format says', () => {
    const data = Float32Array.of(1, 2);
    const bytes = encodeSafetensors(new Map([['a', { type: 'F32', shape: [2], data }]]));
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({ a: entry(0, 8) });
    expect(new Float32Array(bytes.buffer, 8 + length)).toEqual(data);
  });

  it.each<[string, Uint8Array]>([
    ['nothing at all', new Uint8Array(0)],
    ['a cut length', new Uint8Array(7)],
    ['a header longer than the file', file({ a: entry(0, 8) }, 8).subarray(0, 20)],
    ['a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b, 0x7d)],
    ['a header that is not JSON', file('{"a":', 0)],
    ['a header that is not UTF-8', file('\u0000', 0).map((byte, i) => (i >= 8 ? 0xff : byte))],
    ['a header that is an array', file([], 0)],
    ['a header that is null', file('null', 0)],
    ['cut data', file({ a: entry(0, 8) }, 7)],
    ['data behind the last tensor', file({ a: entry(0, 8) }, 12)],
    ['overlapping tensors', file({ a: entry(0, 8), b: entry(4, 12) }, 12)],
    ['a gap', file({ a: entry(0, 4), b: entry(8, 12) }, 12)],
    ['offsets in reverse', file({ a: entry(8, 4) }, 8)],
    ['negative offsets', file({ a: entry(-4, 4) }, 4)],
    ['offsets that are not whole', file({ a: entry(0, 4, { data_offsets: [0, 4.5] }) }, 8)],
    ['a shape that does not fit', file({ a: entry(0, 8, { shape: [3] }) }, 8)],
    ['a shape that overflows', file({ a: entry(0, 8, { shape: [2 ** 52, 2 ** 52, 2 ** 52] }) }, 8)],
    ['a negative shape', file({ a: entry(0, 8, { shape: [-1, -2] }) }, 8)],
    ['an unknown type', file({ a: entry(0, 8, { dtype: 'toString' }) }, 8)],
    ['no type', file({ a: { shape: [2], data_offsets: [0, 8] } }, 8)],
    [
      'a tensor that is named twice',
      file('{"a":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
    ],
    [
      'a field that is named twice',
      file('{"a":{"dtype":"F32","shape":[1,2],"\\u0073hape":[2,1],"data_offsets":[0,8]}}', 8),
    ],
    ['a header nested too deep', file(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 0)],
    ['metadata that are not strings', file({ __metadata__: { a: 1 } }, 0)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(
      expect.objectContaining({ code: 'bad-format', message: expect.stringContaining('x.safetensors') }),
    );
  });

  it('never fails in another way, whatever byte is changed', () => {
    const bytes = encodeSafetensors(tensors, { key: 'value' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (position, value, length) => {
        const changed = bytes.slice(0, length);
        if (position < length) changed[position] = value;
        try {
          decodeSafetensors(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(CovistaError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses to encode data that does not fit its shape', () => {
    const bad = new Map<string, Tensor>([['a', { type: 'F32', shape: [3], data: new Float32Array(2) }]]);
    expect(() => encodeSafetensors(bad)).toThrow(expect.objectContaining({ code: 'bad-values' }));
  });
});
