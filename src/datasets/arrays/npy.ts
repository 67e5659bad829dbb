import type { FileHandle } from 'node:fs/promises';
import { CovistaError } from '../../base/errors.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { fromFloat16 } from '../../linalg/float16.ts';
import { type Floats, type Matrix, matrix } from '../../linalg/matrix.ts';
import { openForReading, readFully } from '../open-file.ts';

/** Element types of a `.npy` file that are read, by NumPy's name without the byte order. */
type NpyType = 'f2' | 'f4' | 'f8' | 'i1' | 'u1' | 'i2' | 'u2' | 'i4' | 'u4' | 'i8' | 'u8';

/** What the header of a `.npy` file says. */
interface NpyHeader {
  readonly type: NpyType;
  /** Sizes of the array's axes; empty for a single number. */
  readonly shape: readonly number[];
  /** Whether the first axis varies fastest (column-major order). */
  readonly fortran: boolean;
  /** Where the elements begin, in bytes. */
  readonly offset: number;
}

/**
 * An array in row-major order. Elements are float32 where that holds the stored type exactly (float16, float32,
 * 8- and 16-bit integers), and float64 otherwise.
 */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Floats;
}

/** More than any real header: those of plain arrays take 128 bytes. */
const longestHeader = 65536;
const blockBytes = 16 * 1024 * 1024;

/**
 * Reads the header at the beginning of a `.npy` file (format versions 1 to 3, NumPy enhancement proposal 1).
 * @param bytes the beginning of the file
 * @param name the file, for messages
 * @throws CovistaError `bad-format` for anything but a little-endian array of plain numbers; Fortran order is read for matrices
 */
function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const bad = (why: string, hint?: string) =>
    new CovistaError('bad-format', `${name} ${why}`, hint === undefined ? {} : { hint });
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (magic.some((byte, i) => bytes[i] !== byte)) throw bad('is not a .npy file: its first bytes differ.');
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw bad(`has the unknown .npy version ${version}.`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw bad('ends within its .npy header.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader)
    throw bad(`has a .npy header of ${length} bytes, at most ${longestHeader} are read.`);
  if (start + length > bytes.length) throw bad('ends within its .npy header.');
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, start + length)).trim();
  if (!text.startsWith('{') || !text.endsWith('}')) throw bad('has a .npy header that is no dictionary.');

  const description = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const axes = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(text)?.[1];
  if (description === undefined)
    throw bad(
      'has no plain element type in its .npy header.',
      'Records and objects are not read: save plain numbers.',
    );
  if (fortran === undefined || axes === undefined) throw bad('has a .npy header without order or shape.');
  if (description.startsWith('>'))
    throw bad('is big-endian.', `Save it with array.astype('<${description.slice(1)}').`);
  const type = /^(?:[<|]([iu]1)|<(f[248]|[iu][248]))$/.exec(description);
  if (type === null) throw bad(`has the element type '${description}'.`, 'Save it as float32.');
  const shape = axes.split(',').flatMap((axis) => (axis.trim() === '' ? [] : [Number.parseInt(axis, 10)]));
  if (shape.some((size) => !Number.isSafeInteger(size)) || !Number.isSafeInteger(8 * count(shape)))
    throw bad(`has the impossible shape (${axes}).`);
  if (fortran === 'True' && shape.length > 2)
    throw bad(
      `is in Fortran order and has ${shape.length} axes.`,
      'Save it with numpy.ascontiguousarray(array).',
    );
  return {
    type: (type[1] ?? type[2]) as NpyType,
    shape,
    fortran: fortran === 'True' && shape.length === 2,
    offset: start + length,
  };
}

/** The elements of a whole `.npy` file that is in memory already. */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const header = parseNpyHeader(bytes, name);
  const n = count(header.shape);
  requireSize(name, header, bytes.length);
  const data = newElements(header.type, n);
  // A copy, since elements must begin at a multiple of their size.
  decodeElements(header.type, new Uint8Array(bytes.subarray(header.offset)), data, name);
  return { shape: header.shape, data: header.fortran ? transpose(data, header.shape) : data };
}

/** Reads a whole `.npy` file. */
export async function readNpy(path: string): Promise<NpyArray> {
  await using file = await NpyFile.open(path);
  return { shape: file.shape, data: (await file.read(0, file.rows)).data };
}

/**
 * A `.npy` file open for reading by rows, so that a file larger than memory can be worked through.
 * Axes after the first are laid out one after another: an n x 1 x 1 x 2048 array has 2048 columns.
 */
export class NpyFile implements AsyncDisposable {
  readonly path: string;
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly #header: NpyHeader;
  readonly #file: FileHandle;

  private constructor(path: string, header: NpyHeader, file: FileHandle) {
    this.path = path;
    this.shape = header.shape;
    this.rows = header.shape[0] ?? 1;
    this.columns = count(header.shape.slice(1));
    this.#header = header;
    this.#file = file;
  }

  /**
   * @throws CovistaError `not-found` when there is no such file, `bad-format` when it is not one that is read
   *   or has another size than its header says
   */
  static async open(path: string): Promise<NpyFile> {
    const file = await openForReading(path);
    try {
      const { size } = await file.stat();
      const beginning = new Uint8Array(Math.min(size, longestHeader + 12));
      await readFully(file, beginning, 0, path);
      const header = parseNpyHeader(beginning, path);
      requireSize(path, header, size);
      return new NpyFile(path, header, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Rows `start` to before `end`, in a matrix of their own. */
  async read(start: number, end: number): Promise<Matrix> {
    if (start < 0 || end > this.rows || start > end)
      throw new CovistaError(
        'usage',
        `${this.path} has ${this.rows} rows, not those from ${start} to ${end}.`,
      );
    const { type, fortran } = this.#header;
    const data = newElements(type, (end - start) * this.columns);
    if (fortran) {
      const column = newElements(type, end - start);
      for (let j = 0; j < this.columns; j++) {
        await this.#readElements(j * this.rows + start, column);
        for (let i = 0; i < column.length; i++) data[i * this.columns + j] = column[i]!;
      }
    } else await this.#readElements(start * this.columns, data);
    return matrix(end - start, this.columns, data);
  }

  /** Fills `target` with the elements from number `first` on, in the file's order. */
  async #readElements(first: number, target: Floats): Promise<void> {
    const { type, offset } = this.#header;
    const size = bytesOf(type);
    if (type === 'f4' || type === 'f8') {
      const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
      await readFully(this.#file, bytes, offset + first * size, this.path);
      return;
    }
    const block = new Uint8Array(Math.min(blockBytes, target.length * size));
    for (let done = 0; done < target.length; done += block.length / size) {
      const n = Math.min(block.length / size, target.length - done);
      const bytes = block.subarray(0, n * size);
      await readFully(this.#file, bytes, offset + (first + done) * size, this.path);
      decodeElements(type, bytes, target.subarray(done, done + n), this.path);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * A `.npy` file as bytes: little-endian float32 or float64, row-major.
 * @throws CovistaError `bad-values` when the data does not fill the shape
 */
function encodeNpyHeader(array: NpyArray): Uint8Array {
  if (count(array.shape) !== array.data.length)
    throw new CovistaError(
      'bad-values',
      `An array of shape (${array.shape.join(', ')}) has not ${array.data.length} elements.`,
    );
  const type = array.data instanceof Float32Array ? '<f4' : '<f8';
  const shape = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(', ')})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`;
  // The elements begin at a multiple of 64 bytes, as NumPy aligns them for memory mapping.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new Uint8Array(length).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(header.buffer).setUint16(8, length - 10, true);
  header.set(new TextEncoder().encode(text), 10);
  header[length - 1] = 0x0a;
  return header;
}

/** Writes a `.npy` file; an existing file is replaced once the new one is complete. */
export async function writeNpy(path: string, array: NpyArray): Promise<void> {
  const { buffer, byteOffset, byteLength } = array.data;
  await replaceFile(path, [encodeNpyHeader(array), new Uint8Array(buffer, byteOffset, byteLength)]);
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Column-major elements in row-major order. */
export function transpose(columnMajor: Floats, [rows, columns]: readonly number[]): Floats {
  const data =
    columnMajor instanceof Float32Array
      ? new Float32Array(columnMajor.length)
      : new Float64Array(columnMajor.length);
  for (let j = 0; j < columns!; j++)
    for (let i = 0; i < rows!; i++) data[i * columns! + j] = columnMajor[j * rows! + i]!;
  return data;
}

function bytesOf(type: NpyType): number {
  return Number(type[1]);
}

function requireSize(name: string, header: NpyHeader, size: number): void {
  const expected = header.offset + count(header.shape) * bytesOf(header.type);
  if (size !== expected)
    throw new CovistaError(
      'bad-format',
      `${name} is ${size < expected ? 'truncated' : 'too long'}: its header says shape (${header.shape.join(', ')}) of ${header.type}, ${expected} bytes in all, but it has ${size}.`,
    );
}

function newElements(type: NpyType, n: number): Floats {
  return type === 'f8' || bytesOf(type) > 4 || type === 'i4' || type === 'u4'
    ? new Float64Array(n)
    : new Float32Array(n);
}

/** @param bytes begins at a multiple of the element size of its buffer */
function decodeElements(type: NpyType, bytes: Uint8Array, target: Floats, name: string): void {
  const { byteOffset } = bytes;
  const buffer = bytes.buffer as ArrayBuffer;
  const n = target.length;
  if (type === 'f2') target.set(fromFloat16(new Uint16Array(buffer, byteOffset, n)));
  else if (type === 'i8' || type === 'u8') {
    const Integers = type === 'i8' ? BigInt64Array : BigUint64Array;
    const source = new Integers(buffer, byteOffset, n);
    for (let i = 0; i < n; i++) {
      target[i] = Number(source[i]!);
      if (!Number.isSafeInteger(target[i]))
        throw new CovistaError(
          'bad-values',
          `${name} holds ${source[i]}, more than a float64 holds exactly.`,
        );
    }
  } else target.set(new elementArrays[type](buffer, byteOffset, n));
}

const elementArrays = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
};
