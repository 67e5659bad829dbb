import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { openPromise } from 'yauzl';
import { CovistaError } from '../../base/errors.ts';
import type { NamedArrays } from './named-arrays.ts';
import { decodeNpy, type NpyArray } from './npy.ts';

/** The arrays in a `.npz` file (a ZIP archive of `.npy` files), compressed or not. */
export async function openNpz(path: string): Promise<NamedArrays> {
  const keys: string[] = [];
  await eachArray(path, async (key) => {
    keys.push(key);
    return false;
  });
  return {
    keys,
    async read(wanted) {
      let array: NpyArray | undefined;
      await eachArray(path, async (key, bytes) => {
        if (key !== wanted) return false;
        array = decodeNpy(await bytes(), `${path} (${key})`);
        return true;
      });
      if (array === undefined) throw new CovistaError('usage', `${path} holds no array ${wanted}.`);
      return array;
    },
  };
}

/** Goes through the entries until `visit` says that it has what it wants. */
async function eachArray(
  path: string,
  visit: (key: string, bytes: () => Promise<Uint8Array>) => Promise<boolean>,
): Promise<void> {
  try {
    const archive = await openPromise(path, { autoClose: false, lazyEntries: true });
    try {
      for await (const entry of archive.eachEntry())
        if (entry.fileName.endsWith('.npy')) {
          const bytes = async () => {
            const content = await buffer(await archive.openReadStreamPromise(entry));
            // The archive's reader leaves this to its caller.
            if (crc32(content) !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} differs`);
            return content;
          };
          if (await visit(entry.fileName.slice(0, -4), bytes)) break;
        }
    } finally {
      archive.close();
    }
  } catch (error) {
    if (error instanceof CovistaError) throw error;
    throw new CovistaError(
      'bad-format',
      `${path} is not a .npz file that can be read: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
}
