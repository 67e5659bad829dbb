import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CovistaError, throwIfAborted } from '../errors.ts';
import { PICTURE_EXTENSIONS } from '../image/decode-picture.ts';
import type { WorkOptions } from '../progress.ts';
import { cannotRead } from './open-file.ts';
import { Warnings } from './warnings.ts';

/** The pictures found in a folder. */
export interface PhotoFolder {
  /** Paths relative to the folder, with `/` between folders, in code-unit order. */
  readonly pictures: readonly string[];
  /** Folders and links that could not be read. */
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
    let entries: Dirent[];
    try {
      const real = await realpath(path);
      if (visited.has(real)) return;
      visited.add(real);
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (relative === '') throw cannotRead(path, error);
      warnings.add('folders that cannot be read', cannotRead(path, error).message);
      return;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
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
      warnings.add('links that lead nowhere', cannotRead(join(folder, name), error).message);
    }
  }

  function isPicture(name: string): boolean {
    return extensions.has(extname(name).toLowerCase());
  }
}

async function requireFolder(folder: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(folder)).isDirectory();
  } catch (error) {
    throw cannotRead(folder, error);
  }
  if (!isFolder) throw new CovistaError('not-found', `${folder} is a file, a folder of pictures is needed.`);
}
