import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const PREFIX = '.partial-';

/** Partial results of this age belong to nobody who still writes. */
const STALE_MILLISECONDS = 3_600_000;

/**
 * Puts a file or a folder in its place whole or not at all: `write` makes it under a temporary name in the same
 * folder, and a rename publishes it. When several processes make the same thing at once, one of them wins and
 * the others' work is dropped: nobody takes away what somebody may have begun to read, so what is at `target` must
 * follow from its name alone. What a killed process left behind is removed on a later call.
 * @param target where the result belongs
 * @param write makes the file or folder at the path that it is given
 */
export async function publish(target: string, write: (partial: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  await removeStale(folder);
  const partial = join(folder, PREFIX + randomUUID());
  try {
    await write(partial);
    await rename(partial, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Whether there is a file or folder at the path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    // Another process may be removing it too.
    if (age > STALE_MILLISECONDS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
