import { readFile, stat } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { CovistaError } from '../../base/errors.ts';
import type { Floats } from '../../linalg/matrix.ts';
import type { NamedArrays } from './named-arrays.ts';
import { type NpyArray, transpose } from './npy.ts';

const largestFile = 2 ** 31 - 1;
const largestVariable = 2 ** 32 - 1;

/** One tagged piece of a file: its data type, its bytes, and where the next one begins. */
interface Element {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly next: number;
}

/** The data types that hold elements, by their number in the format. */
const storage: Readonly<Record<number, { size: number; read: (view: DataView, at: number) => number }>> = {
  1: { size: 1, read: (view, at) => view.getInt8(at) },
  2: { size: 1, read: (view, at) => view.getUint8(at) },
  3: { size: 2, read: (view, at) => view.getInt16(at, true) },
  4: { size: 2, read: (view, at) => view.getUint16(at, true) },
  5: { size: 4, read: (view, at) => view.getInt32(at, true) },
  6: { size: 4, read: (view, at) => view.getUint32(at, true) },
  7: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  9: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  12: { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  13: { size: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};

/**
 * The full, real, numeric matrices of a MATLAB version 5 to 7 file (MAT-File Format, MathWorks), compressed or not.
 * Cells, structures, text, sparse and complex matrices are not among its keys.
 * @throws CovistaError `bad-format` for version 7.3 (which is HDF5), big-endian and damaged files
 */
export async function openMat(path: string): Promise<NamedArrays> {
  const bad = (why: string, hint?: string) =>
    new CovistaError('bad-format', `${path} ${why}`, hint === undefined ? {} : { hint });
  if ((await stat(path)).size > largestFile) throw bad('is larger than 2 GiB.', 'Save the features as .npy.');
  const bytes: Uint8Array = await readFile(path);
  const header = new TextDecoder('latin1').decode(bytes.subarray(0, 128));
  if (header.startsWith('MATLAB 7.3'))
    throw bad('is a MATLAB 7.3 file, which is not read.', "Save it with save(..., '-v7').");
  if (bytes.length < 128) throw bad('ends within its header.');
  if (header.slice(126) !== 'IM') throw bad('is big-endian or no MATLAB version 5 file.');

  const variables = new Map<string, () => NpyArray>();
  for (let at = 128; at < bytes.length; ) {
    const element = elementAt(bytes, at, bad);
    at = element.next;
    const inner = element.type === 15 ? elementAt(inflate(element.bytes), 0, bad) : element;
    if (inner.type === 14) addMatrix(inner.bytes);
  }
  return {
    keys: [...variables.keys()],
    async read(key) {
      const read = variables.get(key);
      if (read === undefined) throw new CovistaError('usage', `${path} holds no numeric matrix ${key}.`);
      return read();
    },
  };

  function inflate(compressed: Uint8Array): Uint8Array {
    try {
      return inflateSync(compressed, { maxOutputLength: largestVariable });
    } catch (error) {
      throw bad(`holds damaged compressed data: ${(error as Error).message}.`);
    }
  }

  /** Flags, sizes, name and values follow each other. */
  function addMatrix(matrix: Uint8Array): void {
    const flags = elementAt(matrix, 0, bad);
    const kind = flags.bytes[0] ?? 0;
    const complex = ((flags.bytes[1] ?? 0) & 8) !== 0;
    if (kind < 6 || kind > 15 || complex) return;
    const sizes = elementAt(matrix, flags.next, bad);
    const name = elementAt(matrix, sizes.next, bad);
    const values = elementAt(matrix, name.next, bad);
    const shape = numbers(sizes);
    const single = kind === 7 || (kind >= 8 && kind <= 11);
    if (shape.length !== 2) return;
    variables.set(new TextDecoder('latin1').decode(name.bytes), () => {
      const n = shape[0]! * shape[1]!;
      const columnMajor: Floats = single ? new Float32Array(n) : new Float64Array(n);
      numbers(values, columnMajor);
      return { shape, data: transpose(columnMajor, shape) };
    });
  }

  function numbers(element: Element, target?: Floats): number[] {
    const type = storage[element.type];
    if (type === undefined) throw bad(`holds values of the unknown type ${element.type}.`);
    const { size, read } = type;
    const n = element.bytes.length / size;
    if (target !== undefined && n !== target.length)
      throw bad(`holds ${n} values for ${target.length} elements.`);
    const view = new DataView(element.bytes.buffer, element.bytes.byteOffset, element.bytes.length);
    if (target === undefined) return Array.from({ length: n }, (_, i) => read(view, i * size));
    for (let i = 0; i < n; i++) target[i] = read(view, i * size);
    return [];
  }
}

/** The element that begins at `at`; short ones keep their bytes within the tag. */
function elementAt(bytes: Uint8Array, at: number, bad: (why: string) => CovistaError): Element {
  if (at + 8 > bytes.length) throw bad('is truncated.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = view.getUint32(at, true);
  const short = first >>> 16;
  if (short > 0) {
    if (short > 4) throw bad('holds an impossible tag.');
    return { type: first & 0xffff, bytes: bytes.subarray(at + 4, at + 4 + short), next: at + 8 };
  }
  const length = view.getUint32(at + 4, true);
  const start = at + 8;
  if (start + length > bytes.length) throw bad('is truncated.');
  // All but compressed elements are padded to eight bytes.
  const next = first === 15 ? start + length : start + Math.ceil(length / 8) * 8;
  return { type: first, bytes: bytes.subarray(start, start + length), next };
}
