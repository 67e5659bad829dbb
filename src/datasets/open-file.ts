import { type FileHandle, open } from 'node:fs/promises';
import { CovistaError } from '../base/errors.ts';
import { fileError } from '../files/system-error.ts';

/**
 * Opens a file for reading.
 * @throws CovistaError `not-found` when it is missing or a folder, `file-system` when it may not be read
 */
export async function openForReading(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw fileError(path, error);
  }
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new CovistaError('not-found', `${path} is a folder, a file is needed.`);
  }
  return file;
}

// A single read call takes at most 2 GiB.
const mostBytesAtOnce = 1024 * 1024 * 1024;

/**
 * Fills `target` with the file's bytes from `position` on.
 * @throws CovistaError `bad-format` when the file ends before
 */
export async function readFully(
  file: FileHandle,
  target: Uint8Array,
  position: number,
  name: string,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(mostBytesAtOnce, target.length - done);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0)
      throw new CovistaError('bad-format', `${name} ends at byte ${position + done}, before its data does.`);
    done += bytesRead;
  }
}
