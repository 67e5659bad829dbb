import { open, rename, rm } from 'node:fs/promises';
import { CovistaError } from './errors.ts';

/**
 * Writes a file so that it is there whole or not at all, whatever happens meanwhile: under a temporary name beside
 * it, flushed to the disk, then renamed into place. An existing file is replaced.
 * @param content all of it, or its parts one after another
 * @throws CovistaError `not-found` when it cannot be written, naming it
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  try {
    const file = await open(partial, 'w');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new CovistaError('not-found', `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
