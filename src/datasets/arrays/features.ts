import { readFile } from 'node:fs/promises';
import { checkOptions, oneOf, text } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import { fromFloat16 } from '../../linalg/float16.ts';
import { type Matrix32, matrix } from '../../linalg/matrix.ts';
import { decodeSafetensors, type Tensor } from '../../linalg/safetensors.ts';
import { findPictureColumn } from '../formats/columns.ts';
import { openParquet } from '../formats/parquet.ts';
import { openForReading, readFully } from '../open-file.ts';
import { openMat } from './mat.ts';
import { chooseKey, type NamedArrays } from './named-arrays.ts';
import { readNames } from './names.ts';
import { type NpyArray, readNpy, transpose } from './npy.ts';
import { openNpz } from './npz.ts';

/** Features with the picture that each row belongs to. */
export interface NamedFeatures {
  /** n x dx. */
  readonly features: Matrix32;
  /** n names. */
  readonly names: readonly string[];
  /** What is doubtful about the layout of the file. */
  readonly warning?: string;
}

/** Where in a file the features are. */
export interface FeatureOptions {
  /** Name of the array, tensor or column, for files that hold several; a usual one such as `features` if not given. */
  readonly key?: string | undefined;
}

/** How features belong to names. */
export interface NamedFeatureOptions extends FeatureOptions {
  /**
   * Whether a picture is a row or a column. When left out, the side that is as long as the list of names; rows of a
   * square matrix, with a warning.
   */
  readonly picturesIn?: 'rows' | 'columns' | undefined;
}

const rowsAtOnce = 10000;

/**
 * Reads precomputed features, one row a picture, as float32. Axes after the first are laid out one after another.
 * @param path a `.npy`, `.npz`, `.safetensors`, `.parquet` (a column of lists) or MATLAB version 5 `.mat` file
 * @throws CovistaError `bad-format` naming the file, `bad-values` naming the row and column (from 0) of the first
 *   number that is not finite, `no-data` when there are no rows, `usage` when it holds several arrays
 */
export async function readFeatures(path: string, options: FeatureOptions = {}): Promise<Matrix32> {
  checkOptions('readFeatures', options, { key: text });
  return toMatrix(await readArray(path, options.key), path);
}

/**
 * Reads precomputed features and the names of their rows. A matrix with a column for each picture, as MATLAB users and
 * Karpathy's `vgg_feats.mat` (4096 x N) have it, is turned.
 * @param names the names in the order of the pictures, or a file with one a line; a Parquet file may hold them itself
 * @throws CovistaError as `readFeatures` and `readNames`, and `bad-values` when there are not as many names as pictures
 */
export async function readNamedFeatures(
  path: string,
  names?: string | readonly string[],
  options: NamedFeatureOptions = {},
): Promise<NamedFeatures> {
  checkOptions('readNamedFeatures', options, { key: text, picturesIn: oneOf(['rows', 'columns']) });
  const list =
    names === undefined
      ? await namesWithin(path)
      : typeof names === 'string'
        ? await readNames(names)
        : names;
  const array = await readArray(path, options.key);
  const [rows, columns] = array.shape;
  // In a table, each row is a picture.
  const isMatrix = array.shape.length === 2 && (await kindOf(path)) !== 'parquet';
  const picturesIn =
    options.picturesIn ?? (isMatrix && rows !== list.length && columns === list.length ? 'columns' : 'rows');
  const turned = isMatrix && picturesIn === 'columns';
  const features = toMatrix(turned ? turnedArray(array) : array, path);
  if (list.length !== features.rows) {
    const size = isMatrix ? `${rows} rows and ${columns} columns` : `${features.rows} rows`;
    const holder = typeof names === 'string' ? names : path;
    throw new CovistaError(
      'bad-values',
      names === undefined || typeof names === 'string'
        ? `${path} has ${size}, but ${holder} has ${list.length} names.`
        : `${path} has ${size}, but there are ${list.length} pictures.`,
      { hint: 'Each picture needs one row (or column) and one name, in the same order.' },
    );
  }
  const isDoubtful = isMatrix && rows === columns && options.picturesIn === undefined;
  return isDoubtful
    ? {
        features,
        names: list,
        warning: `${path} is square, ${rows} x ${columns}, for ${rows} pictures: each row is taken for a picture. If each column is one, add --pictures-in columns.`,
      }
    : { features, names: list };
}

/** The same matrix with its rows as columns. */
function turnedArray({ shape, data }: NpyArray): NpyArray {
  const [rows, columns] = shape as [number, number];
  return { shape: [columns, rows], data: transpose(data, [columns, rows]) };
}

async function readArray(path: string, key: string | undefined): Promise<NpyArray> {
  const kind = await kindOf(path);
  if (kind === 'npy') return readNpy(path);
  if (kind === 'parquet') return readParquetFeatures(path, key);
  const arrays =
    kind === 'npz' ? await openNpz(path) : kind === 'mat' ? await openMat(path) : await openSafetensors(path);
  return arrays.read(chooseKey(arrays.keys, key, path));
}

async function kindOf(path: string): Promise<'npy' | 'npz' | 'parquet' | 'mat' | 'safetensors'> {
  const file = await openForReading(path);
  let beginning: string;
  try {
    const head = new Uint8Array(Math.min(16, (await file.stat()).size));
    await readFully(file, head, 0, path);
    beginning = new TextDecoder('latin1').decode(head);
  } finally {
    await file.close();
  }
  if (beginning.startsWith('PK\x03\x04')) return 'npz';
  if (beginning.startsWith('PAR1')) return 'parquet';
  if (beginning.startsWith('MATLAB ')) return 'mat';
  if (beginning.slice(8).trimStart().startsWith('{')) return 'safetensors';
  if (beginning.slice(1).startsWith('NUMPY') || /\.npy$/i.test(path)) return 'npy';
  throw new CovistaError('bad-format', `${path} is no feature file that is known here.`, {
    hint: 'Known are .npy, .npz, .safetensors, .parquet and MATLAB version 5 .mat files.',
  });
}

async function openSafetensors(path: string): Promise<NamedArrays> {
  const { tensors } = decodeSafetensors(await readFile(path), path);
  return {
    keys: [...tensors.keys()],
    read: async (key) => ({ shape: tensors.get(key)!.shape, data: tensorFloats(tensors.get(key)!) }),
  };
}

function tensorFloats(tensor: Tensor): Float32Array | Float64Array {
  if (tensor.type === 'F16') return fromFloat16(tensor.data);
  if (tensor.type === 'F32' || tensor.type === 'F64') return tensor.data;
  return Float64Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** A column whose cells are lists of equal length. */
async function readParquetFeatures(path: string, key: string | undefined): Promise<NpyArray> {
  const table = await openParquet(path);
  const column = chooseKey(table.columns, key, path);
  let width = 0;
  let data = new Float64Array(0);
  for (let start = 0; start < table.rows; start += rowsAtOnce) {
    const rows = await table.read(start, Math.min(table.rows, start + rowsAtOnce), [column]);
    for (const [i, row] of rows.entries()) {
      const cell = row[column] as ArrayLike<number> | null | undefined;
      const at = start + i;
      if (at === 0) {
        width = cell?.length ?? 0;
        data = new Float64Array(table.rows * width);
      }
      if (typeof cell !== 'object' || cell === null || cell.length !== width)
        throw new CovistaError(
          'bad-values',
          `${path}, row ${at}: "${column}" is not a list of ${width} numbers.`,
        );
      data.set(cell, at * width);
    }
  }
  return { shape: [table.rows, width], data };
}

async function namesWithin(path: string): Promise<string[]> {
  if ((await kindOf(path)) !== 'parquet')
    throw new CovistaError('usage', `${path} does not say which picture each row belongs to.`, {
      hint: 'Give a file with one picture name a line, in row order.',
    });
  const table = await openParquet(path);
  const column = findPictureColumn(table.columns);
  if (column === undefined)
    throw new CovistaError(
      'bad-format',
      `${path} has the columns ${table.columns.join(', ')}: none names the picture.`,
    );
  return (await table.read(0, table.rows, [column])).map((row) => String(row[column]));
}

/** Below this, float32 has fewer digits, and nothing at all below 1e-45. */
const SMALLEST_SINGLE = 2 ** -126;

function requireLargeEnough(data: ArrayLike<number>, path: string): void {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]!));
  if (largest > 0 && largest < SMALLEST_SINGLE)
    throw new CovistaError(
      'bad-values',
      `${path} holds no number larger than ${largest}, too small for float32.`,
      {
        hint: 'Multiply all of them by a number: scaling changes no correlation.',
      },
    );
}

function toMatrix({ shape, data }: NpyArray, path: string): Matrix32 {
  if (shape.length < 2)
    throw new CovistaError(
      'bad-values',
      `${path} has shape (${shape.join(', ')}), features need rows and columns.`,
    );
  const rows = shape[0]!;
  const columns = rows === 0 ? 0 : data.length / rows;
  if (rows === 0 || columns === 0)
    throw new CovistaError(
      'no-data',
      `${path} has shape (${shape.join(', ')}): there are no features in it.`,
    );
  const features = data instanceof Float32Array ? data : new Float32Array(data);
  for (let i = 0; i < features.length; i++)
    if (!Number.isFinite(features[i])) {
      const at = `row ${Math.floor(i / columns)}, column ${i % columns}`;
      throw new CovistaError('bad-values', `${path} holds ${data[i]} in ${at} (counted from 0).`, {
        hint: Number.isFinite(data[i]!)
          ? 'It is too large for float32.'
          : 'Leave that picture out, or compute its feature again.',
      });
    }
  requireLargeEnough(data, path);
  return matrix(rows, columns, features);
}
