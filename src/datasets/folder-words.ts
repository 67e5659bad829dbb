import { stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { CovistaError, throwIfAborted } from '../base/errors.ts';
import { readAnnotations, recogniseFormat } from './datasets.ts';
import type { Annotation, Annotations } from './formats/annotation.ts';
import { classFolders, folderClasses } from './formats/class-folders.ts';
import type { ReadOptions } from './formats/dataset-format.ts';
import { matchAnnotations } from './formats/match.ts';
import { readTextHead } from './formats/text-file.ts';
import { listPictures } from './photos/photo-folder.ts';
import { photoMetadata } from './photos/photo-metadata.ts';
import { isPicturePath } from './photos/picture-names.ts';
import { sidecars } from './photos/sidecars.ts';

/** A file or folder in which words of pictures were found. */
export interface WordSource {
  readonly path: string;
  /** Name of the format in `DATASETS`. */
  readonly format: string;
  /** Pictures of the folder that it has words for. */
  readonly pictures: number;
  readonly rows: Annotations['rows'];
}

/** The words of the pictures in a folder. */
export interface FolderWords {
  /** For each picture its captions and tags, or undefined when it has none. */
  readonly annotations: readonly (Annotation | undefined)[];
  readonly sources: readonly WordSource[];
  readonly warnings: readonly string[];
  /** What may hold words too and was not read, with the options that would read it. */
  readonly hints: readonly string[];
}

/** Data sets that are laid out as folders; what else is in them is not looked for. */
const layouts: ReadonlySet<string> = new Set(['coco-folder', 'nus-wide', 'mirflickr', 'iapr-tc12']);

const listExtensions = ['.json', '.jsonl', '.ndjson', '.csv', '.tsv', '.txt', '.token', '.parquet'];

/** More files than these are no lists of captions. */
const mostLists = 1000;

const usualName =
  /(?:^|[^a-z])(?:captions?|annotations?|labels?|tags?|keywords?|descriptions?|metadata|sentences?)(?:[^a-z]|$)/i;

/**
 * Reads the words of a folder's pictures: those of one file or folder of annotations, where it is named; else all that
 * are in the folder, which are lists of captions in any known format, text and XMP files beside the pictures, and
 * what the pictures hold themselves. Names of folders count as tags where they are words, and most pictures have no others.
 * @param pictures as `listPictures` gives them
 * @param options `captions`: the only file or folder to read; `format`: read the folder itself in this format only
 */
export async function readFolderWords(
  folder: string,
  pictures: readonly string[],
  options: ReadOptions & { captions?: string | undefined } = {},
): Promise<FolderWords> {
  const root = resolve(folder);
  const known = new Set(pictures);
  const words = pictures.map((picture) => ({ picture, captions: [] as string[], tags: new Set<string>() }));
  const sources: WordSource[] = [];
  const warnings: string[] = [];
  const hints: string[] = [];
  let names: ReadonlySet<string> | undefined;
  const haveWords = () => words.filter(({ captions, tags }) => captions.length + tags.size > 0);

  const { captions: named = options.format === undefined ? undefined : folder, ...reading } = options;
  if (named === undefined) await addAll();
  else await add(named, await readAnnotations(named, reading), true);
  const found = new Set(haveWords());
  return {
    annotations: words.map((one) => (found.has(one) ? { ...one, tags: [...one.tags] } : undefined)),
    sources,
    warnings,
    hints,
  };

  async function addAll(): Promise<void> {
    const layout = await recogniseFormat(root, reading).catch(ignoreFormat);
    const isLayout = layout !== undefined && layouts.has(layout.name);
    const laidOut = isLayout ? await layout.read(root, reading).catch(ignoreFormat) : undefined;
    if (laidOut === undefined || (await add(root, laidOut)) === 0) await addFiles();
    for (const { name: format } of [sidecars, photoMetadata])
      await add(root, await readAnnotations(root, { ...reading, format }), true);
    const classes = folderClasses(pictures);
    if (classes === undefined || haveWords().length >= pictures.length / 2) return;
    if (classes === 'clear') await add(root, await classFolders.read(root, reading));
    else
      hints.push(
        `If the names of the folders say what the pictures show, --format ${classFolders.name} reads them as tags.`,
      );
  }

  /** Reads all files that are lists of captions or tags of these pictures; hints at others that could be. */
  async function addFiles(): Promise<void> {
    const { pictures: files } = await listPictures(root, { ...reading, extensions: listExtensions });
    const beside = new Set(pictures.flatMap((name) => [name, withoutExtension(name)]).map(lower));
    const lists = files.filter((file) => !isBesidePicture(file, beside));
    for (const file of lists.slice(0, mostLists)) {
      throwIfAborted(reading.signal);
      const path = join(root, file);
      try {
        const annotations = await readAnnotations(path, reading);
        if ((await add(path, annotations)) > 0 || !usualName.test(file)) continue;
        hints.push(`${path} names none of the pictures (read as ${annotations.format}).`);
      } catch (error) {
        if (!(error instanceof CovistaError) || error.code === 'aborted') throw error;
        if (!usualName.test(basename(file)) && !(await namesPicture(path))) continue;
        const reason = error.message.replace(/\.$/, '');
        hints.push(
          `${reason}; if it holds captions or tags, name it and its columns: --captions ${path} --separator <mark> --image-column <name> --caption-column <name>.`,
        );
      }
    }
    if (lists.length > mostLists)
      warnings.push(`${lists.length - mostLists} files in ${root} were not looked through for captions.`);
  }

  /**
   * Gives the words of one source to the pictures that it names.
   * @param keep whether its warnings are kept where it names none of them
   */
  async function add(path: string, read: Annotations, keep = false): Promise<number> {
    const base = (await stat(path)).isDirectory() ? resolve(path) : resolve(path, '..');
    const match = matchAnnotations(
      pictures,
      read.pictures
        .filter(({ captions, tags }) => captions.length + tags.length > 0)
        .map((one) => ({ ...one, picture: nearest(one.picture, base) })),
      root,
    );
    let count = 0;
    for (const [i, annotation] of match.annotations.entries()) {
      if (annotation === undefined) continue;
      count++;
      const { captions, tags } = words[i]!;
      const before = new Set(captions);
      captions.push(...annotation.captions.filter((caption) => !before.has(caption)));
      for (const tag of annotation.tags) tags.add(tag);
    }
    if (count > 0 || keep) warnings.push(...read.warnings, ...match.warnings);
    if (count > 0 || path === named)
      sources.push({ path: resolve(path), format: read.format, pictures: count, rows: read.rows });
    return count;
  }

  /** A list beside pictures means those beside it, where other folders have pictures of the same names. */
  function nearest(picture: string, base: string): string {
    const path = relative(root, resolve(base, picture)).replaceAll('\\', '/');
    return known.has(path) ? resolve(base, picture) : picture;
  }

  /** Whether the beginning of a file has the name of a picture in it. */
  async function namesPicture(path: string): Promise<boolean> {
    const head = await readTextHead(path).catch(() => '');
    names ??= new Set(pictures.map((picture) => lower(basename(picture))));
    const isName = (word: string) => names!.has(lower(word));
    return head.split(/[\s,;|"'<>:/\\#]+/).some(isName);
  }
}

/** Whether a file belongs to a picture by its name, as `a.txt`, `a.jpg.json` and `a.jpg.metadata.json` to `a.jpg`. */
function isBesidePicture(file: string, beside: ReadonlySet<string>): boolean {
  const base = withoutExtension(file);
  if (isPicturePath(base) || isPicturePath(withoutExtension(base))) return true;
  return /\.(?:txt|json)$/i.test(file) && beside.has(lower(base));
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

function lower(text: string): string {
  return text.toLowerCase();
}

function ignoreFormat(error: unknown): undefined {
  if (error instanceof CovistaError && error.code !== 'aborted') return undefined;
  throw error;
}
