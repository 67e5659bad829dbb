import { CovistaError } from '../errors.ts';
import { type Matrix32, matrix } from '../linalg/matrix.ts';
import { readNames } from './names.ts';
import { type NpyArray, readNpy } from './npy.ts';

/** Features with the picture that each row belongs to. */
export interface NamedFeatures {
  /** n x dx. */
  readonly features: Matrix32;
  /** n names. */
  readonly names: readonly string[];
}

/**
 * Reads precomputed features, one row a picture, as float32. Axes after the first are laid out one after another.
 * @param path a `.npy` file
 * @throws CovistaError `bad-format` naming the file, `bad-values` naming the row and column (from 0) of the first
 *   number that is not finite, `no-data` when there are no rows
 */
export async function readFeatures(path: string): Promise<Matrix32> {
  return toMatrix(await readNpy(path), path);
}

/**
 * Reads precomputed features and the names of their rows.
 * @param namesPath one name a line, in row order
 * @throws CovistaError as `readFeatures` and `readNames`, and `bad-values` when their numbers differ
 */
export async function readNamedFeatures(path: string, namesPath: string): Promise<NamedFeatures> {
  const names = await readNames(namesPath);
  const features = await readFeatures(path);
  if (names.length !== features.rows)
    throw new CovistaError(
      'bad-values',
      `${path} has ${features.rows} rows, but ${namesPath} has ${names.length} names.`,
      { hint: 'Each row needs its name, in the same order.' },
    );
  return { features, names };
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
  return matrix(rows, columns, features);
}
