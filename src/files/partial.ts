import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { pid } from 'node:process';

/** `.covista-<machine>-<process>-<number>.partial`: who writes it, so that others can tell whether anybody still does. */
const OWNED = /^\.covista-([0-9a-f]{8})-(\d+)-\d+\.partial$/;

/** Names that earlier versions gave. */
const UNOWNED = /^\.partial-[0-9a-f-]{36}$|^(?:model\.safetensors|library\.json)\.\d+\.partial$/;

/** What has not been touched for so long belongs to nobody, even where its process cannot be asked after. */
const STALE_MILLISECONDS = 7 * 24 * 3_600_000;

let made = 0;

/** A new name beside a file or folder, under which it is made until it is whole. */
export function partialPath(target: string): string {
  return join(dirname(target), `.covista-${machine()}-${pid}-${made++}.partial`);
}

/**
 * Removes what killed processes left half-written in a folder; never what a process still writes.
 * @param abandoned whether another name belongs to nobody if it has not been touched for a week
 */
export async function removeStalePartials(
  folder: string,
  abandoned: (name: string) => boolean = () => false,
): Promise<void> {
  // Where a folder cannot be read, what is done there next says so.
  for (const name of await readdir(folder).catch(() => [])) {
    const owner = OWNED.exec(name);
    if (owner === null && !UNOWNED.test(name) && !abandoned(name)) continue;
    const path = join(folder, name);
    const dead = owner !== null && owner[1] === machine() && !isRunning(Number(owner[2]));
    // Another process may be removing it too, or it may not be ours to remove.
    if (dead || (await isOld(path))) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** This machine as far as process numbers go: a container has its own. */
function machine(): string {
  return createHash('sha256')
    .update(`${hostname()} ${linkOf('/proc/self/ns/pid')}`)
    .digest('hex')
    .slice(0, 8);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function isRunning(process_: number): boolean {
  try {
    return process.kill(process_, 0);
  } catch (error) {
    // Another user's process.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isOld(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > STALE_MILLISECONDS,
    () => false,
  );
}
