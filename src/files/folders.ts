import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CovistaError } from '../base/errors.ts';
import { fileError, linkTarget } from './system-error.ts';

/**
 * Makes a folder and those above it that are missing. Node's own recursive `mkdir` never returns where a file system
 * takes no folders, such as `/proc`.
 * @returns the uppermost folder that was made, if any was
 * @throws CovistaError `not-found` where a file is in its way or a link above it leads nowhere; `file-system` where it
 *   may not or cannot be made, naming it
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isFolder(at)); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    try {
      await mkdir(folder);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // Another process may have made it meanwhile.
      if (code === 'EEXIST' && (await isFolder(folder))) continue;
      if (code !== 'ENOENT') throw fileError(folder, cause, 'written');
      throw new CovistaError(
        'file-system',
        `${folder} cannot be made: ${dirname(folder)} takes no folders.`,
        {
          hint: 'Name another place.',
          cause,
        },
      );
    }
  }
  return missing[0];
}

/** @returns false where there is nothing yet */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A file in the way of what is below it is met further up.
    const absent = code === 'ENOTDIR' || (code === 'ENOENT' && linkTarget(path) === undefined);
    if (absent && dirname(path) !== path) return false;
    throw fileError(path, cause, 'written');
  }
  throw new CovistaError('not-found', `${path} is a file, a folder is needed.`, {
    hint: 'Name another place.',
  });
}
