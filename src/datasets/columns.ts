import { CovistaError } from '../errors.ts';
import type { AnnotationCollector } from './collector.ts';
import type { ReadOptions } from './dataset-format.ts';

/** Which columns or keys of a table hold what. */
export interface Columns {
  readonly picture: string;
  readonly captions: readonly string[];
  readonly tags: readonly string[];
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
 * @returns undefined when the picture column, or both captions and tags, cannot be told
 */
export function findColumns(names: readonly string[], options: ReadOptions): Columns | undefined {
  const byName = new Map(names.map((name) => [plain(name), name]));
  const named = (option: string | undefined) =>
    option === undefined ? undefined : byName.get(plain(option));
  const first = (known: readonly string[]) =>
    known.map((name) => byName.get(name)).find((name) => name !== undefined);

  const picture = options.pictureColumn === undefined ? first(pictureNames) : named(options.pictureColumn);
  const caption = options.captionColumn === undefined ? first(captionNames) : named(options.captionColumn);
  const tag = options.tagsColumn === undefined ? first(tagNames) : named(options.tagsColumn);
  const numbered =
    options.captionColumn === undefined ? names.filter((name) => numberedCaption.test(plain(name))) : [];
  const captions = [...(caption === undefined ? [] : [caption]), ...numbered].filter(
    (name) => name !== picture,
  );
  const tags = tag === undefined || tag === picture ? [] : [tag];
  if (picture === undefined || captions.length + tags.length === 0) return undefined;
  if (options.captionColumn !== undefined && captions.length === 0) return undefined;
  if (options.tagsColumn !== undefined && tags.length === 0) return undefined;
  return { picture, captions, tags };
}

/** The column with a usual name for the picture, if there is one. */
export function findPictureColumn(names: readonly string[]): string | undefined {
  return pictureNames.flatMap((known) => names.filter((name) => plain(name) === known))[0];
}

/** The error for a table whose columns cannot be told. */
export function unknownColumns(path: string, names: readonly string[]): CovistaError {
  return new CovistaError(
    'bad-format',
    `${path} has the columns ${names.map((name) => `"${name}"`).join(', ')}: which one names the picture, and which ones hold captions or tags, cannot be told.`,
    {
      hint: 'Name them by the options for the picture, caption and tags columns, or call them image, caption and tags.',
    },
  );
}

/** Adds what one row or object says. Captions may be a list; tags a list or a text separated by ; or | or comma. */
export function collectRow(
  row: Readonly<Record<string, unknown>>,
  columns: Columns,
  collector: AnnotationCollector,
  where: string,
): void {
  const picture = row[columns.picture];
  if ((typeof picture !== 'string' && typeof picture !== 'number') || String(picture).trim() === '') {
    collector.warnings.add('rows without a picture', `${where}: "${columns.picture}" is empty.`);
    return;
  }
  const name = String(picture);
  collector.picture(name);
  for (const column of columns.captions)
    for (const caption of texts(row[column])) collector.captionOnce(name, caption, where);
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

/** The strings in a value: itself, those of a list, or of a list written out as text (JSON or Python). */
function texts(value: unknown): string[] {
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value !== 'string') {
    // Data sets nest captions as objects too: {"raw": "...", "tokens": [...]}.
    const inner = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return texts(inner.raw ?? inner.caption ?? inner.text ?? []);
  }
  const text = value.trim();
  if (!text.startsWith('[') || !text.endsWith(']')) return [value];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? texts(list) : [value];
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
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}
