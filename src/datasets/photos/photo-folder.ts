import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { fileError } from '../../files/system-error.ts';
import { Warnings } from '../formats/warnings.ts';
import { PICTURE_EXTENSIONS } from './picture-names.ts';

/** The pictures found in a folder. */
export interface PhotoFolder {
  /** Paths relative to the folder, with `/` between folders, in code-unit order. */
  readonly pictures: readonly string[];
  /** Folders and links that could not be read, and what has a name that is not UTF-8. */
  readonly warnings: readonly string[];
}

/**
 * Finds the pictures in a folder and the folders within. Names that begin with a dot are left out. Links are
 * followed, each real folder is visited once; folders are preferred to links that lead to them.
 * @param options `extensions`: with their dot, any case; `PICTURE_EXTENSIONS` unless given
 * @throws CovistaError `not-found` when the folder itself cannot be read
 */
export async function listPictures(
  folder: string,
  options: WorkOptions & { extensions?: readonly string[] } = {},
): Promise<PhotoFolder> {
  const extensions = new Set((options.extensions ?? PICTURE_EXTENSIONS).map((name) => name.toLowerCase()));
  const warnings = new Warnings();
  const pictures: string[] = [];
  const visited = new Set<string>();
  const linked: string[] = [];
  await requireFolder(folder);
  await visit('');
  // Links are followed after all real folders, so that what is found does not depend on names.
  for (let i = 0; i < linked.length; i++) await visit(linked[i]!);
  pictures.sort();
  return { pictures, warnings: warnings.list() };

  async function visit(relative: string): Promise<void> {
    throwIfAborted(options.signal);
    const path = join(folder, relative);
    let entries: Dirent<Buffer>[];
    try {
      const real = await realpath(path);
      if (visited.has(real)) return;
      visited.add(real);
      entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    } catch (error) {
      if (relative === '') throw fileError(path, error);
      warnings.add('folders that cannot be read', fileError(path, error).message);
      return;
    }
    const named = entries.map((entry) => ({ entry, ...decodeName(entry.name) }));
    named.sort((a, b) => (a.own < b.own ? -1 : 1));
    for (const { entry, own, isUtf8 } of named) {
      if (own.startsWith('.')) continue;
      const name = relative === '' ? own : `${relative}/${own}`;
      if (!isUtf8) {
        if (!entry.isFile() || isPicture(name))
          warnings.add(
            'names that are not UTF-8',
            `${join(folder, name)} is left out, as its name is not UTF-8. Rename it, for example with convmv -f latin1 -t utf8.`,
          );
        continue;
      }
      if (entry.isDirectory()) await visit(name);
      else if (entry.isSymbolicLink()) await follow(name);
      else if (entry.isFile() && isPicture(name)) pictures.push(name);
    }
    options.onProgress?.({ stage: 'find pictures', done: pictures.length, unit: 'pictures' });
  }

  async function follow(name: string): Promise<void> {
    try {
      const target = await stat(join(folder, name));
      if (target.isDirectory()) linked.push(name);
      else if (target.isFile() && isPicture(name)) pictures.push(name);
    } catch (error) {
      warnings.add('links that lead nowhere', fileError(join(folder, name), error).message);
    }
  }

  function isPicture(name: string): boolean {
    return extensions.has(extname(name).toLowerCase());
  }
}

/** A name as text; where it is not UTF-8, its other bytes as `\\xe9`. */
function decodeName(bytes: Buffer): { own: string; isUtf8: boolean } {
  const own = bytes.toString('utf8');
  if (Buffer.from(own).equals(bytes)) return { own, isUtf8: true };
  const shown = Array.from(bytes.toString('latin1'), (byte) =>
    byte < '\x80' ? byte : `\\x${byte.charCodeAt(0).toString(16)}`,
  );
  return { own: shown.join(''), isUtf8: false };
}

async function requireFolder(folder: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(folder)).isDirectory();
  } catch (error) {
    throw fileError(folder, error);
  }
  if (!isFolder) throw new CovistaError('not-found', `${folder} is a file, a folder of pictures is needed.`);
}
