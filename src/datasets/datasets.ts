import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CovistaError } from '../errors.ts';
import type { Annotations } from './annotation.ts';
import { coco } from './coco.ts';
import type { DatasetFormat, ReadOptions, Source } from './dataset-format.ts';
import { csv, tsv } from './delimited.ts';
import { flickrToken } from './flickr-token.ts';
import { jsonLines } from './json-lines.ts';
import { cannotRead } from './open-file.ts';
import { sidecars } from './sidecars.ts';
import { readTextHead } from './text-file.ts';

/** Every format that is read, in the order in which they are tried. */
export const DATASETS: readonly DatasetFormat[] = [coco, flickrToken, jsonLines, tsv, csv, sidecars];

/**
 * Reads the captions and tags of a data set, its format recognised.
 * @param path the captions file, or the folder for formats that are folders
 * @throws CovistaError `not-found` when it cannot be read, `bad-format` when it is in no known format,
 *   `no-data` when it names no picture
 */
export async function readAnnotations(path: string, options: ReadOptions = {}): Promise<Annotations> {
  const format =
    options.format === undefined ? await recogniseFormat(path, options) : formatNamed(options.format);
  const annotations = await format.read(path, options);
  if (annotations.pictures.length === 0)
    throw new CovistaError('no-data', `${path} names no picture (read as ${format.name}).`, {
      hint: annotations.warnings[0] ?? `Expected: ${format.example}`,
    });
  return annotations;
}

/**
 * The format that a file or folder is in.
 * @throws CovistaError `bad-format` with the list of known formats when it is in none
 */
export async function recogniseFormat(path: string, options: ReadOptions = {}): Promise<DatasetFormat> {
  const source = await inspect(path);
  if (source.entries === undefined && source.head.trim() === '')
    throw new CovistaError('no-data', `${path} is empty.`);
  const format = DATASETS.find((candidate) => candidate.recognise(source, options));
  if (format !== undefined) return format;
  throw new CovistaError('bad-format', `${path} is in no format that is known here.`, {
    hint: `Known are:\n${listFormats()}`,
  });
}

function formatNamed(name: string): DatasetFormat {
  const format = DATASETS.find((candidate) => candidate.name === name);
  if (format === undefined)
    throw new CovistaError('usage', `There is no data set format "${name}".`, {
      hint: `Known are:\n${listFormats()}`,
    });
  return format;
}

function listFormats(): string {
  return DATASETS.map(({ name, description, example }) => `  ${name}: ${description}\n    ${example}`).join(
    '\n',
  );
}

async function inspect(path: string): Promise<Source> {
  try {
    const name = basename(path);
    if ((await stat(path)).isDirectory())
      return { path, name, head: '', entries: (await readdir(path)).sort() };
    return { path, name, head: await readTextHead(path), entries: undefined };
  } catch (error) {
    throw error instanceof CovistaError ? error : cannotRead(path, error);
  }
}
