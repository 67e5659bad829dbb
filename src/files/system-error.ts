import { lstatSync, readlinkSync } from 'node:fs';
import { platform } from 'node:process';
import { getSystemErrorMap } from 'node:util';
import { CovistaError, type ErrorCode } from '../base/errors.ts';

/** What was tried with a file or folder. */
type Access = 'read' | 'written' | 'used';

interface Everyday {
  /** What follows the path in a message. */
  readonly reason: (access: Access) => string;
  readonly hint: string;
  /** `file-system` when left out. */
  readonly code?: ErrorCode;
}

const PERMISSION: Everyday = {
  reason: (access) => `may not be ${access} by this user`,
  hint: 'Change the permissions of it and of the folders above it, or name another place (for the cache: COVISTA_CACHE).',
};

const TOO_MANY_OPEN: Everyday = {
  reason: () => 'cannot be opened, as too many files are open',
  hint: 'Close other programs, or raise the limit: ulimit -n 4096',
};

const IN_USE: Everyday = {
  reason: () => 'is in use by another program',
  hint: 'Close that program, and try again.',
};

/** What happens to everybody's files some day, by the operating system's name for it. */
const EVERYDAY: Readonly<Record<string, Everyday>> = {
  ENOENT: {
    reason: () => 'does not exist',
    hint: 'Check how it is spelt, and that the disk or share that it lies on is there.',
    code: 'not-found',
  },
  ENOTDIR: {
    reason: () => 'cannot exist, as a part of its path is a file and no folder',
    hint: 'Check the path, or name another place.',
    code: 'not-found',
  },
  EISDIR: {
    reason: () => 'is a folder, a file is needed',
    hint: 'Name a file.',
    code: 'not-found',
  },
  ELOOP: {
    reason: () => 'is a link that leads back to itself',
    hint: 'Remove the link, or let it lead to a file or folder.',
    code: 'not-found',
  },
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: {
    reason: () => 'cannot be written, as its file system is read-only',
    hint: 'Name another place (for the cache: COVISTA_CACHE).',
  },
  ENOSPC: {
    reason: () => 'cannot be written, as no space is left',
    hint: 'Make room, or name a place on another disk (for the cache: COVISTA_CACHE).',
  },
  EDQUOT: {
    reason: () => 'cannot be written, as the quota of this user is used up',
    hint: 'Make room, or name a place on another disk (for the cache: COVISTA_CACHE).',
  },
  EFBIG: {
    reason: () => 'cannot be written, as files this large are not allowed there',
    hint: 'Name a place on another disk, or raise the limit: ulimit -f unlimited',
  },
  EEXIST: {
    reason: () => 'is in the way: something else has that name',
    hint: 'Remove it, or choose another name.',
  },
  ENOTEMPTY: {
    reason: () => 'is in the way: a folder that is not empty has that name',
    hint: 'Remove it, or choose another name.',
  },
  ENAMETOOLONG: {
    reason: () => 'has a name that is too long for its file system',
    hint: 'Choose a shorter one.',
  },
  EMFILE: TOO_MANY_OPEN,
  ENFILE: TOO_MANY_OPEN,
  EBUSY: IN_USE,
  ETXTBSY: IN_USE,
  EIO: {
    reason: (access) => `cannot be ${access}, as its disk or connection fails`,
    hint: 'Check the disk and its cable or network, and copy what is on it.',
  },
};

/**
 * What a failed file operation means to people: the path, the reason in words and what to do.
 * @param path the file or folder; `undefined`: as the error says
 * @param error anything that was thrown
 * @param access what was tried
 * @returns `not-found` where there is no such thing, `file-system` where it may not or cannot be used; a CovistaError
 *   as it is
 */
export function fileError(path: string | undefined, error: unknown, access: Access = 'read'): CovistaError {
  if (error instanceof CovistaError) return error;
  const code = systemCode(error);
  const name = path ?? pathOf(error) ?? 'A file';
  if (code === 'ENOENT') return missing(name, error);
  const everyday = code === undefined ? undefined : EVERYDAY[code];
  if (everyday !== undefined)
    return new CovistaError(
      everyday.code ?? 'file-system',
      `${name} ${everyday.reason(access)}${everyday.code === undefined ? ` (${code})` : ''}.`,
      { hint: everyday.hint, cause: error },
    );
  const said = error instanceof Error ? error.message : String(error);
  const reason = code === undefined ? said : `${describe(code)} (${code})`;
  return new CovistaError('file-system', `${name} cannot be ${access}: ${reason}.`, {
    hint: 'Check that it is an ordinary file or folder, or name another one.',
    cause: error,
  });
}

/**
 * The operating system's refusal in an error that nobody expected, as {@link fileError} tells it.
 * @returns `undefined` for an error that does not come from the operating system
 */
export function systemError(error: unknown): CovistaError | undefined {
  const code = systemCode(error);
  if (code === undefined || !(code in EVERYDAY || pathOf(error) !== undefined)) return undefined;
  return fileError(undefined, error, 'used');
}

/**
 * Whether the operating system refused to use a file or folder, or what is in it. Its refusal to go on with an open
 * file names none, and is taken for this one.
 */
export function concerns(error: unknown, path: string): boolean {
  const code = systemCode(error);
  if (code === undefined || !(code in EVERYDAY) || error instanceof CovistaError) return false;
  return (pathOf(error) ?? path).startsWith(path);
}

/** What does not exist: a link that leads nowhere is there, but what it leads to is not. */
function missing(path: string, cause: unknown): CovistaError {
  const { code, hint } = EVERYDAY.ENOENT!;
  const target = linkTarget(path);
  if (target !== undefined)
    return new CovistaError('not-found', `${path} is a link to ${target}, which does not exist.`, {
      hint: 'Remove the link, or make what it leads to; a disk or share may be away.',
      cause,
    });
  if (path.includes('\ufffd'))
    return new CovistaError(code!, `${path} cannot be found, as the name is not UTF-8.`, {
      hint: 'Rename it, for example with convmv -f latin1 -t utf8.',
      cause,
    });
  return new CovistaError(code!, `${path} does not exist.`, { hint, cause });
}

/** Whether an error says that a file or folder is not there. */
export const isMissing = (error: unknown) => systemCode(error) === 'ENOENT';

/** What a link leads to; `undefined` for what is no link. */
export function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The operating system's name for what went wrong; what is written in Rust tells its number only. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && codes().has(code)) return code;
  const number = platform === 'win32' ? undefined : /\(os error (\d+)\)/.exec(error.message)?.[1];
  const named = number === undefined ? undefined : getSystemErrorMap().get(-Number(number))?.[0];
  return named ?? (error.cause === undefined ? undefined : systemCode(error.cause));
}

/** The path that an error of Node or Rust names. */
function pathOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const quoted = /(?:^|[\s"'(])(\/[^\s"'():,]+)/.exec(error.message.replace(/, \S*\.rs:.*/s, ''))?.[1];
  return dest ?? path ?? quoted ?? (error.cause === undefined ? undefined : pathOf(error.cause));
}

const codes = () => new Map(Array.from(getSystemErrorMap().values()));

const describe = (code: string) => codes().get(code) ?? code;
