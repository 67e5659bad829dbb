import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { CovistaError, throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import {
  type Annotation,
  listPictures,
  type ReadOptions,
  readFolderWords,
  type WordSource,
} from '../datasets/index.ts';
import { PICTURE_EXTENSIONS } from '../datasets/photos/picture-names.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import { fileError } from '../files/system-error.ts';
import type { Library, PictureRecord, PictureWords } from '../library/index.ts';

/** What to index besides the pictures, and how to read it. */
export interface IndexOptions extends ReadOptions {
  /**
   * A file or folder of captions in any known format. When it is left out, all words in the folder are read; see
   * {@link readFolderWords}.
   */
  readonly captions?: string | undefined;
}

/** What indexing did. */
export interface IndexResult {
  /** Pictures encoded now. */
  readonly added: number;
  /** Pictures whose file has not changed since they were encoded. */
  readonly unchanged: number;
  /** Pictures forgotten because their file is gone. */
  readonly removed: number;
  /** Pictures of the folder that have words. */
  readonly withWords: number;
  /** Where the words came from, and how many rows of each file were read and lost. */
  readonly words: readonly WordSource[];
  /** Files that could not be encoded, and why. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  /** What may hold words and was not read, and the options that read it. */
  readonly hints: readonly string[];
}

/** Pictures stored with one commit: what a crash can lose. */
const COMMIT = 256;

/** Pictures of one folder and what the file system says of them. */
interface PictureFile {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
}

/**
 * Brings a library up to date with a folder: encodes new and changed pictures, stores their words, forgets pictures
 * whose file is gone. One bad file never stops the rest; run again after an interruption, it goes on where it was.
 * @throws CovistaError `not-found` for a folder that does not exist, `no-data` for one without pictures
 */
export async function indexPictures(
  library: Library,
  encoder: ImageEncoder,
  folder: string,
  options: IndexOptions = {},
): Promise<IndexResult> {
  requireSameEncoder(library, encoder);
  const root = resolve(folder);
  const found = await listPictures(root, options);
  if (found.pictures.length === 0)
    throw new CovistaError('no-data', `There are no pictures in ${root}.`, {
      hint: found.warnings[0] ?? `Pictures are files that end in ${PICTURE_EXTENSIONS.join(', ')}.`,
    });
  const { annotations, sources, hints, ...read } = await readFolderWords(root, found.pictures, options);
  const warnings = [...new Set([...found.warnings, ...read.warnings])];
  for (const warning of warnings) options.onProgress?.({ stage: 'read words', done: 0, warning });

  const known = await library.files();
  const { files, failed } = await inspect(root, found.pictures, options);
  const changed = files.filter(({ path, bytes, modified }) => {
    const before = known.get(path);
    return before === undefined || before.bytes !== bytes || before.modified !== modified;
  });
  const present = new Set(files.map(({ path }) => path));
  const gone = [...known.keys()].filter((path) => path.startsWith(root + sep) && !present.has(path));
  if (gone.length > 0) await library.remove(gone);
  await library.putWords(wordsOf(root, found.pictures, annotations));
  const added = await encodeInto(library, encoder, changed, failed, options);
  if (added > 0) await library.optimize();
  return {
    added,
    unchanged: files.length - changed.length,
    removed: gone.length,
    withWords: annotations.filter((annotation) => annotation !== undefined).length,
    words: sources,
    failed,
    warnings,
    hints,
  };
}

function requireSameEncoder(library: Library, encoder: ImageEncoder): void {
  if (library.encoder.id !== encoder.id)
    throw new CovistaError(
      'usage',
      `The library in ${library.folder} holds features of ${library.encoder.id}, not of ${encoder.id}.`,
      { hint: 'Use the same encoder, or index into a new library.' },
    );
}

/** Size and time of change of each file; files that cannot be read are failures. */
async function inspect(root: string, pictures: readonly string[], { signal }: WorkOptions) {
  const files: PictureFile[] = [];
  const failed: { path: string; reason: string }[] = [];
  for (const picture of pictures) {
    throwIfAborted(signal);
    const path = join(root, picture);
    try {
      const { size, mtimeMs } = await stat(path);
      files.push({ path, bytes: size, modified: mtimeMs });
    } catch (error) {
      failed.push({ path, reason: fileError(path, error).message });
    }
  }
  return { files, failed };
}

function wordsOf(
  root: string,
  pictures: readonly string[],
  annotations: readonly (Annotation | undefined)[],
): PictureWords[] {
  return annotations.flatMap((annotation, i) =>
    annotation === undefined
      ? []
      : [{ path: join(root, pictures[i]!), captions: annotation.captions, tags: annotation.tags }],
  );
}

/** Encodes files and stores them, one commit every few hundred; what is stored stays, whatever happens. */
async function encodeInto(
  library: Library,
  encoder: ImageEncoder,
  files: readonly PictureFile[],
  failed: { path: string; reason: string }[],
  { signal, onProgress }: WorkOptions,
): Promise<number> {
  const stage = 'encode pictures';
  const report = (done: number, warning?: string) =>
    onProgress?.({ stage, done, total: files.length, unit: 'pictures', warning });
  let pending: PictureRecord[] = [];
  let added = 0;
  let done = 0;
  const commit = async () => {
    await library.putPictures(pending);
    added += pending.length;
    pending = [];
  };
  if (files.length > 0) report(0);
  try {
    for await (const result of encoder.encode(
      files.map(({ path }) => path),
      { signal },
    )) {
      done++;
      const file = files[result.index]!;
      if ('error' in result) {
        failed.push({ path: file.path, reason: result.error.message });
        report(done, result.error.message);
        continue;
      }
      pending.push({ ...file, width: result.width, height: result.height, feature: result.feature });
      report(done);
      if (pending.length >= COMMIT) await commit();
    }
  } finally {
    await commit();
  }
  return added;
}
