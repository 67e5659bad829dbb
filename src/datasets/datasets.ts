import type { Dirent } from 'node:fs';
import { opendir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkOptions, either, listOf, type OptionRules, text, workRules } from '../base/check-options.ts';
import { CovistaError } from '../base/errors.ts';
import { fileError } from '../files/system-error.ts';
import type { Annotations } from './formats/annotation.ts';
import { classFolders } from './formats/class-folders.ts';
import { coco } from './formats/coco.ts';
import { cocoFolder } from './formats/coco-folder.ts';
import { conceptualCaptions } from './formats/conceptual-captions.ts';
import type { DatasetFormat, ReadOptions, Source } from './formats/dataset-format.ts';
import { csv, tsv } from './formats/delimited.ts';
import { flickrToken } from './formats/flickr-token.ts';
import { huggingFace } from './formats/hugging-face.ts';
import { iaprTc12 } from './formats/iapr-tc12.ts';
import { jsonLines } from './formats/json-lines.ts';
import { karpathy } from './formats/karpathy.ts';
import { mirflickr } from './formats/mirflickr.ts';
import { nusWide } from './formats/nus-wide.ts';
import { parquet } from './formats/parquet.ts';
import { pascalSentences } from './formats/pascal-sentences.ts';
import { readTextHead } from './formats/text-file.ts';
import { webDataset } from './formats/web-dataset.ts';
import { photoMetadata } from './photos/photo-metadata.ts';
import { sidecars } from './photos/sidecars.ts';

/** Every format that is read, in the order in which they are tried: the more particular first. */
export const DATASETS: readonly DatasetFormat[] = [
  karpathy,
  coco,
  flickrToken,
  parquet,
  webDataset,
  pascalSentences,
  jsonLines,
  conceptualCaptions,
  tsv,
  csv,
  cocoFolder,
  nusWide,
  mirflickr,
  huggingFace,
  iaprTc12,
  sidecars,
  photoMetadata,
  classFolders,
];

const mostFolders = 100;
const mostInside = 100;

const rules: OptionRules<ReadOptions> = {
  format: text,
  pictureColumn: text,
  captionColumn: either(text, listOf(text)),
  tagsColumn: either(text, listOf(text)),
  separator: text,
  ...workRules,
};

/**
 * Reads the captions and tags of a data set, its format recognised. A row that is wrong costs only itself; `rows`
 * says how many were lost.
 * @param path the captions file, or the folder for formats that are folders
 * @throws CovistaError `not-found` when it cannot be read, `bad-format` when it is in no known format,
 *   `no-data` when it names no picture, `usage` for options that there are not
 */
export async function readAnnotations(path: string, options: ReadOptions = {}): Promise<Annotations> {
  checkOptions('readAnnotations', options, rules);
  const format =
    options.format === undefined ? await recogniseFormat(path, options) : formatNamed(options.format);
  const annotations = await format.read(path, options);
  if (annotations.pictures.length === 0)
    throw new CovistaError('no-data', `${path} names no picture (read as ${format.name}).`, {
      hint: annotations.warnings[0] ?? `Expected: ${format.example}`,
    });
  return annotations;
}

/** How many rows were lost, in words; undefined where none was. */
export function lostRows(path: string, { read, lost }: Annotations['rows']): string | undefined {
  return lost === 0 ? undefined : `${path}: ${read} rows read, ${lost} lost.`;
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
    if ((await stat(path)).isDirectory()) return { path, name, head: '', entries: await folderEntries(path) };
    return { path, name, head: await readTextHead(path), entries: undefined };
  } catch (error) {
    throw error instanceof CovistaError ? error : fileError(path, error);
  }
}

/** Names in the folder, and the first few in each folder within, enough to tell a layout by. */
async function folderEntries(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map(({ name }) => name);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  for (const { name } of folders.slice(0, mostFolders)) {
    const inside = await firstEntries(join(path, name)).catch(() => []);
    names.push(...inside.map((entry) => `${name}/${entry.name}`));
  }
  return names.sort();
}

async function firstEntries(path: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(path)) {
    entries.push(entry);
    if (entries.length === mostInside) break;
  }
  return entries;
}
