import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { partialPath, removeStalePartials } from './partial.ts';
import { fileError } from './system-error.ts';

/**
 * Writes a file so that it is there whole or not at all, whatever happens meanwhile: under a temporary name beside
 * it, flushed to the disk, then renamed into place. An existing file is replaced; what a link leads to is replaced and
 * the link stays; what is no file, as `/dev/stdout` or a pipe, is written to as it is.
 * @param content all of it, or its parts one after another
 * @throws CovistaError `not-found` or `file-system` when it cannot be written, naming it
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  try {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && !found.isFile()) {
      await writeParts(path, parts);
      return;
    }
    const target = found === undefined ? path : await realpath(path);
    await removeStalePartials(dirname(target));
    const partial = partialPath(target);
    try {
      await writeParts(partial, parts, { flush: true });
      await rename(partial, target);
    } finally {
      await rm(partial, { force: true }).catch(() => {});
    }
  } catch (cause) {
    throw fileError(path, cause, 'written');
  }
}

async function writeParts(
  path: string,
  parts: Iterable<string | Uint8Array>,
  { flush = false } = {},
): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of parts) await file.writeFile(part);
    if (flush) await file.sync();
  } finally {
    await file.close();
  }
}
