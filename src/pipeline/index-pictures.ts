import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import {
  type Annotation,
  type Annotations,
  listPictures,
  matchAnnotations,
  readAnnotations,
  readSidecars,
} from '../datasets/index.ts';
import { CovistaError, throwIfAborted } from '../errors.ts';
import type { ImageEncoder } from '../image/image-encoder.ts';
import type { Library, PictureRecord, PictureWords } from '../library/index.ts';
import type { WorkOptions } from '../progress.ts';
import { fileError } from '../system-error.ts';

/** What to index besides the pictures. */
export interface IndexOptions extends WorkOptions {
  /**
   * A captions file in any known format. When it is left out, text files beside the pictures are read, or else the
   * keywords and captions within the pictures (IPTC, XMP).
   */
  readonly captions?: string;
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
  /** Files that could not be encoded, and why. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  readonly warnings: readonly string[];
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
      hint:
        found.warnings[0] ??
        'Pictures are files that end in .jpg, .png, .webp, .gif, .tif, .avif, .heic or .svg.',
    });
  const annotations = await wordsFor(root, options);
  const match = matchAnnotations(
    found.pictures,
    annotations.pictures.filter((one) => one.captions.length + one.tags.length > 0),
  );
  // Reading words looks through the folder again, and finds the same.
  const warnings = [...new Set([...found.warnings, ...annotations.warnings, ...match.warnings])];
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
  await library.putWords(wordsOf(root, found.pictures, match.annotations));
  const added = await encodeInto(library, encoder, changed, failed, options);
  if (added > 0) await library.optimize();
  return {
    added,
    unchanged: files.length - changed.length,
    removed: gone.length,
    withWords: match.annotations.filter((annotation) => annotation !== undefined).length,
    failed,
    warnings,
  };
}

/** The words in a captions file; else those in text files beside the pictures; else those within the pictures. */
async function wordsFor(root: string, options: IndexOptions): Promise<Annotations> {
  if (options.captions !== undefined) return readAnnotations(options.captions, options);
  const beside = await readSidecars(root, options);
  if (beside.pictures.some((one) => one.captions.length > 0)) return beside;
  return readAnnotations(root, { ...options, format: 'photos' });
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
