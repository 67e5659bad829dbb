import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  decodeSafetensors,
  encodeSafetensors,
  encodeTensorFile,
  jsonText,
  type Tensor,
  TensorFile,
  toFloat16,
  wholeText,
} from '../../src/linalg/index.ts';
import {
  ascending,
  ascendingRows,
  below,
  between,
  descending,
  nonNegative,
  offsetsTo,
  type TensorCheck,
  unitRows,
} from '../../src/linalg/tensor-checks.ts';

const singles = (shape: number[], ...data: number[]): Tensor => ({
  type: 'F32',
  shape,
  data: Float32Array.from(data),
});
const positions = (...data: number[]): Tensor => ({
  type: 'U32',
  shape: [data.length],
  data: Uint32Array.from(data),
});
const tensors = new Map<string, Tensor>([
  ['mean', singles([2], 1, 2)],
  ['weights', singles([2, 3], 1, 2, 3, 4, 5, 6)],
  ['halves', { type: 'F16', shape: [2, 2], data: toFloat16(Float32Array.of(1, 0, 0, -1)) }],
  ['offsets', positions(0, 2, 2, 3)],
  ['indices', positions(1, 3, 0)],
]);
const open = (metadata: Record<string, string> = {}) => new TensorFile(tensors, metadata, 'a.safetensors');
const refused = (message: string | RegExp, code = 'bad-format') =>
  expect.objectContaining({
    code,
    message: typeof message === 'string' ? `a.safetensors${message}` : expect.stringMatching(message),
  });

describe('a file of tensors', () => {
  it('gives what was asked for, sizes by name', () => {
    const file = open();
    expect(file.tensor('mean', 'F32', ['d'])).toEqual(Float32Array.of(1, 2));
    expect(file.tensor('weights', 'F32', ['d', 'k'])).toHaveLength(6);
    expect([file.size('d'), file.size('k')]).toEqual([2, 3]);
    const { rows, columns, data } = file.matrix('halves', ['d', 2]);
    expect({ rows, columns, data }).toEqual({
      rows: 2,
      columns: 2,
      data: Float32Array.of(1, 0, 0, -1),
    });
    expect(file.indexRows('offsets', 'indices', 3, 4)).toEqual({
      offsets: Uint32Array.of(0, 2, 2, 3),
      indices: Uint32Array.of(1, 3, 0),
    });
    expect(() => file.finish()).not.toThrow();
  });

  it('says which tensor is missing, of another type or of another shape', () => {
    const file = open();
    file.tensor('mean', 'F32', ['d']);
    expect(() => file.tensor('sum', 'F32', ['d'])).toThrow(refused(': tensor sum is missing.'));
    expect(() => file.tensor('mean', 'F64', ['d'])).toThrow(
      refused(': tensor mean is of type F32, not F64.'),
    );
    expect(() => file.tensor('weights', 'F32', ['k', 'd'])).toThrow(
      refused(': tensor weights has shape [2,3], not [k = 2, d = 2].'),
    );
    expect(() => file.tensor('weights', 'F32', ['d'])).toThrow(refused(/has shape \[2,3\], not \[d = 2\]/));
  });

  it('says which tensors nobody asked for', () => {
    const file = open();
    file.tensor('mean', 'F32', ['d']);
    expect(() => file.finish()).toThrow(refused(': tensor weights does not belong there.'));
  });

  it('has parts with names and sizes of their own', () => {
    const file = new TensorFile(
      new Map([
        ['k', singles([1], 5)],
        ['one.k', singles([2], 1, 2)],
      ]),
      {},
      'a.safetensors',
    );
    const part = file.part('one.', { count: '3' });
    expect(part.has('k')).toBe(true);
    expect(part.tensor('k', 'F32', ['k'])).toHaveLength(2);
    expect(part.read(z.object({ count: wholeText }))).toEqual({ count: 3 });
    expect(() => part.tensor('x', 'F32', [])).toThrow(refused(': tensor one.x is missing.'));
    expect(() => file.finish()).toThrow(refused(': tensor k does not belong there.'));
    file.tensor('k', 'F32', ['k']);
    expect(() => file.finish()).not.toThrow();
  });

  it('reads metadata by a schema', () => {
    const schema = z.object({ count: wholeText, sizes: jsonText(z.array(z.number())) });
    expect(open({ count: '12', sizes: '[1, 2]' }).read(schema)).toEqual({
      count: 12,
      sizes: [1, 2],
    });
    for (const [count, sizes] of [
      ['-1', '[]'],
      ['1e3', '[]'],
      ['', '[]'],
      ['9'.repeat(16), '[]'],
      ['1', '['],
      ['1', '["a"]'],
      ['1', '['.repeat(1e5)],
    ])
      expect(() => open({ count: count!, sizes: sizes! }).read(schema)).toThrow(
        refused(/^a.safetensors: its metadata/),
      );
    expect(() => open().read(schema)).toThrow(refused(/count/));
    expect(() => open({ count: '1', sizes: '[]', chfcksums: '{}' }).read(schema)).toThrow(
      refused(/an entry "chfcksums", which does not belong there/),
    );
  });

  it('is of the kind and version that was asked for', () => {
    const kind = { entry: ['format', 'thing'], what: 'a thing', version: 2, hint: 'Make it again.' } as const;
    expect(() => open({ format: 'thing', version: '2' }).requireKind(kind)).not.toThrow();
    expect(() => open().requireKind(kind)).toThrow(refused(' is not a thing.'));
    expect(() => open({ format: 'else' }).requireKind(kind)).toThrow(
      refused(/not a thing, but says .* "else"/),
    );
    expect(() => open({ format: 'thing', version: '3' }).requireKind(kind)).toThrow(
      refused(/version 3/, 'version'),
    );
  });
});

describe('numbers of a tensor', () => {
  const read = (tensor: Tensor, ...checks: TensorCheck[]) => {
    const file = new TensorFile(new Map([['t', tensor]]), {}, 'a.safetensors');
    if (tensor.type === 'F16') return file.halves('t', ['n'], ...checks);
    return file.tensor('t', tensor.type, ['n'], ...checks);
  };

  it.each([Number.NaN, Infinity, -Infinity])('are never %d', (value) => {
    const message = refused(`: tensor t holds ${value} at position 1.`);
    expect(() => read(singles([2], 1, value))).toThrow(message);
    expect(() => read({ type: 'F64', shape: [2], data: Float64Array.of(1, value) })).toThrow(message);
    expect(() => read({ type: 'F16', shape: [2], data: toFloat16(Float32Array.of(1, value)) })).toThrow(
      message,
    );
  });

  it.each<[string, TensorCheck, number[], number[], RegExp]>([
    [
      'between',
      between(-1, 1, 0.125),
      [-1.125, 0, 1],
      [0, 1.25],
      /holds 1.25 at position 1, which is not within -1 to 1/,
    ],
    ['nonNegative', nonNegative, [0, 5], [0, -1], /holds -1 at position 1/],
    ['below', below(3), [0, 2], [2, 3], /holds 3 at position 1, but only 3/],
    ['ascending', ascending, [1, 3, 4], [1, 3, 3], /3 comes before 3 at position 2/],
    ['descending', descending, [3, 3, 1], [3, 2, 2.5], /2 comes before 2.5 at position 2/],
    ['offsetsTo', offsetsTo(4), [0, 2, 2, 4], [0, 3, 2, 4], /falls from 3 to 2 at position 2/],
    ['offsetsTo, from the start', offsetsTo(4), [0, 4], [1, 4], /begins with 1/],
    ['offsetsTo, to the end', offsetsTo(4), [0, 4], [0, 5], /ends with 5 in place of 4/],
    ['offsetsTo, of nothing', offsetsTo(0), [0], [], /begins with undefined/],
    [
      'ascendingRows',
      ascendingRows([0, 2, 2, 4]),
      [5, 6, 1, 2],
      [1, 2, 4, 4],
      /within row 2: 4 comes before 4/,
    ],
    ['unitRows', unitRows(2), [0.6, 0.8, 0, 0], [1, 0, 1, 1], /row 1 of length 1.41/],
  ])('%s', (_, check, right, wrong, message) => {
    expect([...(read(singles([right.length], ...right), check) as Float32Array)]).toEqual([
      ...Float32Array.from(right),
    ]);
    expect(() => read(singles([wrong.length], ...wrong), check)).toThrow(refused(message));
  });
});

it.each<[string, Tensor]>([
  ['single', singles([2], 1, Number.NaN)],
  ['double', { type: 'F64', shape: [1], data: Float64Array.of(-Infinity) }],
  ['half', { type: 'F16', shape: [1], data: toFloat16(Float32Array.of(70000)) }],
])('a file of %s precision is not written with numbers that no reader takes', (_, tensor) => {
  expect(() => encodeTensorFile(new Map([['t', tensor]]), {})).toThrow(
    expect.objectContaining({ code: 'bad-values', message: expect.stringContaining('Tensor t') }),
  );
});

describe('checksums', () => {
  const bytes = encodeTensorFile(tensors, { a: '1', b: '2' });
  const decode = (some: Uint8Array) => TensorFile.decode(some, 'a.safetensors');

  it('hold whatever the order of tensors and metadata is', () => {
    const { metadata } = decodeSafetensors(bytes);
    const { checksums = '', a = '', b = '' } = metadata;
    const other = encodeSafetensors(new Map([...tensors].reverse()), { b, checksums, a });
    expect(other).not.toEqual(bytes);
    expect(decode(other).metadata).toEqual(metadata);
  });

  it('find any byte that is not what it was, or nothing has changed', () => {
    const right = decodeSafetensors(bytes);
    for (let position = 0; position < bytes.length; position++) {
      const changed = bytes.slice();
      changed[position]! ^= 1;
      try {
        decode(changed);
      } catch (error) {
        expect(error).toEqual(refused(/^a\.safetensors/));
        continue;
      }
      const { checksums, ...metadata } = decodeSafetensors(changed).metadata;
      expect(metadata).toMatchObject({ a: '1', b: '2' });
      expect(decodeSafetensors(changed).tensors).toEqual(right.tensors);
    }
  });

  it('find what was left out or added', () => {
    const { metadata } = decodeSafetensors(bytes);
    const fewer = new Map([...tensors].slice(1));
    expect(() => decode(encodeSafetensors(fewer, metadata))).toThrow(
      refused(/tensor mean is not what was written/),
    );
    const more = new Map([...tensors, ['more', singles([1], 1)] as const]);
    expect(() => decode(encodeSafetensors(more, metadata))).toThrow(
      refused(/tensor more is not what was written/),
    );
    expect(() => decode(encodeSafetensors(tensors, { ...metadata, c: '3' }))).toThrow(
      refused(': its metadata are not what was written: the checksum differs.'),
    );
    expect(() => decode(encodeSafetensors(tensors, { ...metadata, checksums: '[' }))).toThrow(
      refused(/checksums/),
    );
  });

  it('may be missing: other programs write files too', () => {
    expect(decode(encodeSafetensors(tensors, { a: '1' })).metadata).toEqual({ a: '1' });
  });
});
