import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from './folders.ts';
import { partialPath, removeStalePartials } from './partial.ts';
import { concerns, fileError } from './system-error.ts';

/**
 * Puts a file or a folder in its place whole or not at all: `write` makes it under a temporary name in the same
 * folder, and a rename publishes it. When several processes make the same thing at once, one of them wins and
 * the others' work is dropped: nobody takes away what somebody may have begun to read, so what is at `target` must
 * follow from its name alone. What a killed process left behind is removed on a later call.
 * @param target where the result belongs
 * @param write makes the file or folder at the path that it is given
 * @throws CovistaError `not-found` or `file-system` when it cannot be written, naming it; what `write` throws
 */
export async function publish(target: string, write: (partial: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  await makeFolder(folder);
  await removeStalePartials(folder);
  const partial = partialPath(target);
  try {
    await write(partial);
    await rename(partial, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error;
    });
  } catch (cause) {
    throw concerns(cause, partial) ? fileError(target, cause, 'written') : cause;
  } finally {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether there is a file or folder at the path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
