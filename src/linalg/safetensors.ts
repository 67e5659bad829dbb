import { CovistaError } from '../base/errors.ts';
import { parseJson, repeatedKey } from './json.ts';

/** The element types that Covista reads and writes; F16 is kept as bits, see float16.ts. */
export type Tensor =
  | { readonly type: 'F16'; readonly shape: readonly number[]; readonly data: Uint16Array }
  | { readonly type: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'F64'; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly type: 'U32'; readonly shape: readonly number[]; readonly data: Uint32Array }
  | { readonly type: 'I64'; readonly shape: readonly number[]; readonly data: BigInt64Array };

/** Named tensors and free text about them. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const elementBytes = { F16: 2, F32: 4, F64: 8, U32: 4, I64: 8 } as const;
const metadataKey = '__metadata__';
const largestHeader = 100_000_000;
/** The header holds tensors, which hold shapes. */
const DEEPEST = 3;

/**
 * Encodes tensors in the safetensors format (https://github.com/huggingface/safetensors): eight bytes with the
 * header's length, a JSON header, then the elements, little-endian. Tensors with larger elements come first,
 * which keeps all of them aligned.
 * @throws CovistaError `bad-values` when a tensor's data does not fit its shape
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header[metadataKey] = metadata;
  const ordered = [...tensors].sort(([, a], [, b]) => elementBytes[b.type] - elementBytes[a.type]);
  let end = 0;
  for (const [name, { type, shape, data }] of ordered) {
    if (name === metadataKey || data.length !== elementCount(shape))
      throw new CovistaError(
        'bad-values',
        `Tensor ${name} of shape [${shape}] cannot hold ${data.length} elements under this name.`,
      );
    header[name] = { dtype: type, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(json, 8);
  let position = 8 + padded;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file. Tensors are views into `bytes` where their alignment allows it, else copies.
 * @param name what the bytes are, for messages: a file name
 * @throws CovistaError `bad-format` when the file is cut short, its header is not valid or names something twice,
 *   tensors overlap, leave gaps or end outside the file, or an element type is none of {@link Tensor}
 */
export function decodeSafetensors(bytes: Uint8Array, name = 'safetensors data'): Safetensors {
  const fail = (why: string): never => {
    throw new CovistaError('bad-format', `${name} is not a valid safetensors file: ${why}.`);
  };
  if (bytes.length < 8) return fail(`it has ${bytes.length} bytes`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (headerLength > BigInt(Math.min(largestHeader, bytes.length - 8)))
    return fail(`its header of ${headerLength} bytes does not fit ${bytes.length} bytes`);
  const start = 8 + Number(headerLength);
  let json: string;
  let header: unknown;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
    header = parseJson(json, DEEPEST);
  } catch {
    return fail('its header is not JSON');
  }
  if (!isRecord(header)) return fail('its header is not an object');
  const twice = repeatedKey(json);
  if (twice !== undefined) return fail(`its header names ${twice} twice`);

  const metadata: Record<string, string> = Object.create(null);
  const entries: Entry[] = [];
  for (const [key, value] of Object.entries(header)) {
    if (key === metadataKey) {
      if (!isRecord(value) || !Object.values(value).every((text) => typeof text === 'string'))
        return fail('its metadata are not strings');
      Object.assign(metadata, value);
    } else {
      entries.push(readEntry(key, value) ?? fail(`tensor ${key} has a wrong type, shape or position`));
    }
  }
  entries.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const entry of entries) {
    if (entry.from !== end) return fail(`tensor ${entry.name} overlaps another one or leaves a gap`);
    end = entry.to;
  }
  if (end !== bytes.length - start)
    return fail(`its tensors need ${end} bytes, but ${bytes.length - start} are there`);
  return {
    tensors: new Map(entries.map((entry) => [entry.name, view(entry, bytes, start + entry.from)])),
    metadata,
  };
}

interface Entry {
  readonly name: string;
  readonly type: Tensor['type'];
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readEntry(name: string, value: unknown): Entry | undefined {
  if (!isRecord(value)) return undefined;
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) return undefined;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) return undefined;
  const type = dtype as Tensor['type'];
  const [from, to] = offsets as [number, number];
  if (elementCount(shape) * elementBytes[type] !== to - from) return undefined;
  return { name, type, shape, from, to };
}

function view(entry: Entry, bytes: Uint8Array, start: number): Tensor {
  const { type, shape } = entry;
  const length = elementCount(shape);
  let position = bytes.byteOffset + start;
  let buffer = bytes.buffer;
  if (position % elementBytes[type] !== 0) {
    // Not `slice`, which copies nothing of a Node Buffer.
    buffer = Uint8Array.from(bytes.subarray(start, start + length * elementBytes[type])).buffer;
    position = 0;
  }
  switch (type) {
    case 'F16':
      return { type, shape, data: new Uint16Array(buffer, position, length) };
    case 'F32':
      return { type, shape, data: new Float32Array(buffer, position, length) };
    case 'F64':
      return { type, shape, data: new Float64Array(buffer, position, length) };
    case 'U32':
      return { type, shape, data: new Uint32Array(buffer, position, length) };
    case 'I64':
      return { type, shape, data: new BigInt64Array(buffer, position, length) };
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
