import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CovistaError } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import { cacheFolder } from '../files/cache.ts';
import { makeFolder } from '../files/folders.ts';
import { replaceFile } from '../files/replace-file.ts';
import { encodeTensorFile, TensorFile } from '../linalg/index.ts';
import { type Matrix32, matrix, zeros32 } from '../linalg/matrix.ts';

/** A picture to encode: its file's path or its bytes, and what it is called in messages. */
export interface NamedPicture {
  readonly name: string;
  readonly file?: string;
  readonly bytes?: Uint8Array;
}

/** Where {@link cachedFeatures} keeps the features of a set of pictures. */
export function featureCacheFile(set: string, encoder: string): string {
  return join(cacheFolder(), 'features', `${set}-${encoder.replaceAll(/[^\w.-]+/g, '-')}.safetensors`);
}

/**
 * Features of a fixed set of pictures, kept in the cache folder so that a second run encodes nothing.
 * @param set names the set; what is cached under it counts when it has as many rows
 * @returns one row a picture
 * @throws CovistaError `bad-picture` naming the first that cannot be read
 */
export async function cachedFeatures(
  set: string,
  pictures: readonly NamedPicture[],
  encoder: Pick<ImageEncoder, 'id' | 'size' | 'encode'>,
  { signal, onProgress }: WorkOptions,
): Promise<Matrix32> {
  const total = pictures.length;
  const file = featureCacheFile(set, encoder.id);
  const cached = await readCachedFeatures(file, total, encoder.size);
  if (cached !== undefined) return cached;
  const features = zeros32(total, encoder.size);
  const inputs = pictures.map(({ bytes, file: path }) => bytes ?? path!);
  let done = 0;
  onProgress?.({ stage: 'encode pictures', done, total, unit: 'pictures' });
  for await (const result of encoder.encode(inputs, { signal })) {
    if ('error' in result)
      throw new CovistaError('bad-picture', `${pictures[result.index]!.name} cannot be read.`, {
        cause: result.error,
      });
    features.data.set(result.feature, result.index * encoder.size);
    onProgress?.({ stage: 'encode pictures', done: ++done, total, unit: 'pictures' });
  }
  await makeFolder(dirname(file));
  const tensor = { type: 'F32', shape: [total, encoder.size], data: features.data } as const;
  await replaceFile(file, encodeTensorFile(new Map([['features', tensor]]), {}));
  return features;
}

/** What {@link cachedFeatures} kept, or nothing where it is of another shape or damaged. */
async function readCachedFeatures(
  file: string,
  rows: number,
  columns: number,
): Promise<Matrix32 | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  try {
    return matrix(rows, columns, TensorFile.decode(bytes, file).tensor('features', 'F32', [rows, columns]));
  } catch (error) {
    if (error instanceof CovistaError) return undefined;
    throw error;
  }
}
