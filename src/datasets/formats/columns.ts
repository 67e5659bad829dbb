import { CovistaError } from '../../base/errors.ts';
import { isPicturePath } from '../photos/picture-names.ts';
import type { AnnotationCollector } from './collector.ts';
import type { ReadOptions } from './dataset-format.ts';

/** Which columns or keys of a table hold what, by their position. */
export interface Columns {
  readonly picture: number;
  readonly pictureName: string;
  /** Every one of them: two columns of the same name hold two captions. */
  readonly captions: readonly number[];
  readonly tags: readonly number[];
}

const pictureNames =
  'picture image img photo file filename file_name filepath file_path path image_name image_path image_file image_filename img_name img_path photo_name key url image_url img_url'.split(
    ' ',
  );
const captionNames =
  'caption captions text texts sentence sentences description descriptions comment raw alt alt_text'.split(
    ' ',
  );
const tagNames =
  'tag tags keyword keywords label labels category categories hashtags class class_name subject subjects'.split(
    ' ',
  );
const numberedCaption = /^(?:caption|sentence|text|comment|description)s?_?\d+$/;

/**
 * Finds the columns by the options, or else by their usual names, whatever their case.
 * @returns undefined when the picture column, or both captions and tags, cannot be told, or one that an option names is
 *   not there
 */
export function findColumns(names: readonly string[], options: ReadOptions): Columns | undefined {
  const plainNames = names.map(plain);
  const called = (name: string) => plainNames.flatMap((other, i) => (other === plain(name) ? [i] : []));
  /** All columns that an option names, or those of the first usual name that is there. */
  const find = (option: string | readonly string[] | undefined, usual: readonly string[]) =>
    option === undefined
      ? (usual.map(called).find((found) => found.length > 0) ?? [])
      : listOf(option).flatMap(called);

  const [picture] = find(options.pictureColumn, pictureNames);
  const numbered =
    options.captionColumn === undefined
      ? plainNames.flatMap((name, i) => (numberedCaption.test(name) ? [i] : []))
      : [];
  const captions = [...find(options.captionColumn, captionNames), ...numbered].filter((i) => i !== picture);
  const tags = find(options.tagsColumn, tagNames).filter((i) => i !== picture && !captions.includes(i));
  if (picture === undefined || captions.length + tags.length === 0) return undefined;
  if (namedColumns(options).some((name) => called(name).length === 0)) return undefined;
  return { picture, pictureName: names[picture]!, captions, tags };
}

/** Whether the options name a column or a separator: then a table is expected. */
export function namesColumns(options: ReadOptions): boolean {
  return namedColumns(options).length > 0 || options.separator !== undefined;
}

function namedColumns({ pictureColumn, captionColumn, tagsColumn }: ReadOptions): string[] {
  return [pictureColumn, captionColumn, tagsColumn].flatMap((option) => listOf(option ?? []));
}

function listOf(option: string | readonly string[]): readonly string[] {
  return typeof option === 'string' ? [option] : option;
}

/** The column with a usual name for the picture, if there is one. */
export function findPictureColumn(names: readonly string[]): string | undefined {
  return pictureNames.flatMap((known) => names.filter((name) => plain(name) === known))[0];
}

/** The error for a table whose columns cannot be told, or which lacks one that an option names. */
export function unknownColumns(path: string, names: readonly string[], options: ReadOptions): CovistaError {
  const has = `${path} has the columns ${names.map((name) => `"${name}"`).join(', ')}`;
  const absent = namedColumns(options).filter((name) => !names.some((other) => plain(other) === plain(name)));
  const hint = names.some(isPicturePath)
    ? 'The first line seems to be a row already: put one with the names of the columns above it, as image,caption.'
    : 'Name them with --image-column, --caption-column and --tags-column (pictureColumn, captionColumn and tagsColumn in code), and the separator, if it is another one, with --separator; or call them image, caption and tags.';
  return new CovistaError(
    'bad-format',
    absent.length > 0
      ? `${has}, but none called ${absent.map((name) => `"${name}"`).join(' or ')}.`
      : `${has}: which one names the picture, and which ones hold captions or tags, cannot be told.`,
    { hint },
  );
}

/** Adds what one row or object says, its values in the order of the columns. Captions may be a list; tags a list or a text separated by ; or | or comma. */
export function collectRow(
  row: readonly unknown[],
  columns: Columns,
  collector: AnnotationCollector,
  where: string,
): void {
  const picture = row[columns.picture];
  if ((typeof picture !== 'string' && typeof picture !== 'number') || String(picture).trim() === '') {
    collector.lost('rows without a picture', `${where}: "${columns.pictureName}" is empty.`);
    return;
  }
  collector.read();
  // A quote around the whole row, or one that never ends, is no part of the name.
  const name = String(picture).replace(/^\s*"+|"+\s*$/g, '');
  collector.picture(name);
  // Of several caption columns, a picture may have fewer.
  const isOptional = columns.captions.length > 1;
  for (const column of columns.captions)
    for (const caption of texts(row[column]))
      if (!isOptional || caption.trim() !== '') collector.captionOnce(name, caption, where);
  for (const column of columns.tags) {
    const value = row[column];
    const parts = texts(value);
    collector.tags(name, typeof value === 'string' && parts.length === 1 ? splitTags(parts[0]!) : parts);
  }
}

/** Keywords in one text, separated by ; or | or, where neither occurs, by commas. */
function splitTags(text: string): string[] {
  const separator = [';', '|', ','].find((mark) => text.includes(mark));
  return separator === undefined ? [text] : text.split(separator);
}

/** Lists within lists beyond this are no captions, and would use up the stack. */
const deepest = 20;

/** The strings in a value: itself, those of a list, or of a list written out as text (JSON or Python). */
function texts(value: unknown, depth = 0): string[] {
  if (depth > deepest) return [];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap((inner) => texts(inner, depth + 1));
  if (typeof value !== 'string') {
    // Data sets nest captions as objects too: {"raw": "...", "tokens": [...]}.
    const inner = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return texts(inner.raw ?? inner.caption ?? inner.text ?? [], depth + 1);
  }
  const text = value.trim();
  if (!text.startsWith('[') || !text.endsWith(']')) return [value];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? texts(list, depth + 1) : [value];
  } catch {
    const quoted = [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)];
    return quoted.length === 0
      ? [value]
      : quoted.map((match) => (match[1] ?? match[2]!).replace(/\\(.)/g, '$1'));
  }
}

function plain(name: string): string {
  return name
    .trim()
    .replace(/^["'\ufeff]+|["']+$/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}
