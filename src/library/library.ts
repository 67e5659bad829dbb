import { existsSync } from 'node:fs';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Connection, Table } from '@lancedb/lancedb';
import type { RecordBatch, Schema } from 'apache-arrow';
import { z } from 'zod';
import { CovistaError } from '../base/errors.ts';
import type { FeatureBlock } from '../encoders/image/image-encoder.ts';
import { makeFolder } from '../files/folders.ts';
import { removeStalePartials } from '../files/partial.ts';
import { replaceFile } from '../files/replace-file.ts';
import { fileError, isMissing, linkTarget, systemError } from '../files/system-error.ts';
import { joinBatches, joinTagLists, quote, strings, type TagLists, tagLists, vectors } from './batches.ts';
import type { Decision, EmbeddingBatch, PictureRecord, PictureWords, VectorBatch } from './records.ts';

/** The tables of a library; `path`, the absolute path of a picture, is the key of each. */
const TABLES = {
  pictures: 'pictures',
  words: 'words',
  embeddings: 'embeddings',
  decisions: 'decisions',
} as const;

/** Arrow, which takes long to load, is needed for writing only. */
const schemas = () => import('./tables.ts');

/** The file that makes a folder a library. */
const SETTINGS = 'library.json';

const TABLES_FOLDER = 'tables';

/** The version of the folder's layout; a library of another version is refused, never half-read. */
const LAYOUT_VERSION = 1;

const settingsSchema = z.object({
  covista: z.literal('library'),
  version: z.number().int(),
  encoder: z.object({
    spec: z.string(),
    id: z.string(),
    size: z.number().int().positive(),
    blocks: z.array(z.object({ name: z.string(), size: z.number().int().positive() })),
  }),
});

/** Which encoder made a library's features; features of two encoders are never mixed. */
export interface LibraryEncoder {
  /** What the user asked for: `default`, `onnx:model.onnx`. */
  readonly spec: string;
  readonly id: string;
  readonly size: number;
  readonly blocks: readonly FeatureBlock[];
}

/** How a library was made: the uppermost folder that had to be made for it. */
interface Created {
  readonly made: string | undefined;
}

/**
 * A collection on disk: pictures with their features, words and embeddings in LanceDB tables, and the fitted
 * model in `model.safetensors`. Every write is one atomic commit, so that a crash loses at most the batch that
 * was being written.
 */
export class Library {
  readonly folder: string;
  readonly encoder: LibraryEncoder;
  readonly #connection: Connection;
  readonly #tables = new Map<string, Table>();
  /** Of a library that was made just now. */
  readonly #created: Created | undefined;

  private constructor(folder: string, encoder: LibraryEncoder, connection: Connection, created?: Created) {
    this.folder = folder;
    this.encoder = encoder;
    this.#connection = connection;
    this.#created = created;
  }

  /**
   * Opens a library.
   * @throws CovistaError `not-found` when the folder holds none, `version` when another version wrote it,
   * `bad-format` when its settings cannot be read, `file-system` when they may not be read
   */
  static async open(folder: string): Promise<Library> {
    const at = folderOf(folder);
    const library = await Library.openIfPresent(at);
    if (library !== undefined) return library;
    throw new CovistaError('not-found', `There is no library in ${at}.`, {
      hint: 'Make one with: covista index <folder of pictures> --library <dir>',
    });
  }

  /** Opens the library in a folder, or makes an empty one for this encoder. */
  static async openOrCreate(folder: string, encoder: LibraryEncoder): Promise<Library> {
    const at = folderOf(folder);
    const existing = await Library.openIfPresent(at);
    if (existing !== undefined) return existing;
    const created = { made: await makeFolder(at) };
    try {
      await replaceFile(
        join(at, SETTINGS),
        `${JSON.stringify({ covista: 'library', version: LAYOUT_VERSION, encoder }, null, 2)}\n`,
      );
      return new Library(at, encoder, await connectTo(at), created);
    } catch (error) {
      await discard(at, created);
      throw error;
    }
  }

  /**
   * Opens a library if the folder holds one.
   * @throws CovistaError as {@link Library.open} for one that is there
   */
  static async openIfPresent(folder: string): Promise<Library | undefined> {
    const at = folderOf(folder);
    const file = join(at, SETTINGS);
    const text = await readFile(file, 'utf8').catch((cause) => {
      const broken = [at, file].find((path) => linkTarget(path) !== undefined && !existsSync(path));
      if (isMissing(cause) && broken === undefined) return undefined;
      if (cause.code === 'ENOTDIR')
        throw new CovistaError('not-found', `${at} is a file or lies below one; a library is a folder.`, {
          hint: 'Name a folder: --library <dir>',
          cause,
        });
      throw fileError(broken ?? file, cause);
    });
    if (text === undefined) return undefined;
    const parsed = settingsSchema.safeParse(parseJson(text));
    if (!parsed.success)
      throw new CovistaError('bad-format', `${file} is not the settings file of a library.`, {
        cause: parsed.error,
      });
    if (parsed.data.version !== LAYOUT_VERSION)
      throw new CovistaError(
        'version',
        `The library in ${at} has layout version ${parsed.data.version}; this Covista reads version ${LAYOUT_VERSION}.`,
        { hint: 'Use the Covista that wrote it, or index the pictures into a new library.' },
      );
    await removeStalePartials(at);
    return new Library(at, parsed.data.encoder, await connectTo(at));
  }

  /** Where the fitted model is, whether or not there is one yet. */
  get modelFile(): string {
    return join(this.folder, 'model.safetensors');
  }

  /** Adds pictures, or replaces them where their path is known already; one commit. */
  async putPictures(records: readonly PictureRecord[]): Promise<void> {
    const { picturesSchema } = await schemas();
    await this.#put(TABLES.pictures, picturesSchema(this.encoder.size), records);
  }

  /** Sets the words of pictures; one commit. */
  async putWords(words: readonly PictureWords[]): Promise<void> {
    const { wordsSchema } = await schemas();
    await this.#put(TABLES.words, wordsSchema(), words);
  }

  /** Replaces all embeddings with none: what a new model asks for. */
  async clearEmbeddings(): Promise<void> {
    const names = await this.#connection.tableNames();
    if (names.includes(TABLES.embeddings)) await this.#connection.dropTable(TABLES.embeddings);
    this.#tables.delete(TABLES.embeddings);
  }

  /** Stores embeddings made by the model of this id; one commit. */
  async putEmbeddings(model: string, batch: EmbeddingBatch): Promise<void> {
    const size = batch.vectors.columns;
    const { offsets, indices, values } = batch.tags;
    const rows = batch.paths.map((path, i) => ({
      path,
      model,
      hubness: batch.hubness[i]!,
      tags: [...indices.subarray(offsets[i]!, offsets[i + 1]!)],
      probabilities: [...values.subarray(offsets[i]!, offsets[i + 1]!)],
      embedding: batch.vectors.data.subarray(i * size, (i + 1) * size),
    }));
    const { embeddingsSchema } = await schemas();
    await this.#put(TABLES.embeddings, embeddingsSchema(size), rows);
  }

  /** Sets what was decided on pictures; one commit. */
  async putDecisions(decisions: readonly Decision[]): Promise<void> {
    const { decisionsSchema } = await schemas();
    await this.#put(TABLES.decisions, decisionsSchema(), decisions);
  }

  /**
   * Forgets pictures and all that can be read again. What somebody decided on them stays: a file may come back, from a
   * disk that was away, say.
   */
  async remove(paths: readonly string[]): Promise<void> {
    for (const name of [TABLES.pictures, TABLES.words, TABLES.embeddings]) {
      const table = await this.#table(name);
      if (table === undefined) continue;
      for (let start = 0; start < paths.length; start += 500)
        await table.delete(
          `path IN (${paths
            .slice(start, start + 500)
            .map(quote)
            .join(', ')})`,
        );
    }
  }

  /** How many pictures there are. */
  async count(): Promise<number> {
    const table = await this.#table(TABLES.pictures);
    return table === undefined ? 0 : table.countRows();
  }

  /** Size and time of change of every picture's file when it was encoded, by path. */
  async files(): Promise<Map<string, { bytes: number; modified: number }>> {
    const found = new Map<string, { bytes: number; modified: number }>();
    for await (const batch of this.#scan(TABLES.pictures, ['path', 'bytes', 'modified'])) {
      const bytes = batch.getChild('bytes')!;
      const modified = batch.getChild('modified')!;
      strings(batch, 'path').forEach((path, i) => {
        found.set(path, { bytes: bytes.get(i) as number, modified: modified.get(i) as number });
      });
    }
    return found;
  }

  /** The words of every picture that has some, by path. */
  async words(): Promise<Map<string, PictureWords>> {
    const found = await this.#lists(TABLES.words, 'captions', 'tags');
    return new Map([...found].map(([path, [captions, tags]]) => [path, { path, captions, tags }]));
  }

  /** What was decided on pictures, by path; those of which nothing holds any more are left out. */
  async decisions(): Promise<Map<string, Decision>> {
    const found = await this.#lists(TABLES.decisions, 'accepted', 'rejected');
    return new Map(
      [...found].flatMap(([path, [accepted, rejected]]) =>
        accepted.length + rejected.length > 0 ? [[path, { path, accepted, rejected }]] : [],
      ),
    );
  }

  /** The paths of all pictures, batch by batch, in the order of {@link Library.features}. */
  async *paths(): AsyncGenerator<{ paths: readonly string[] }> {
    for await (const batch of this.#scan(TABLES.pictures, ['path'])) yield { paths: strings(batch, 'path') };
  }

  /** The features of all pictures, batch by batch. */
  async *features(): AsyncGenerator<VectorBatch> {
    for await (const batch of this.#scan(TABLES.pictures, ['path', 'feature']))
      yield { paths: strings(batch, 'path'), vectors: vectors(batch, 'feature', this.encoder.size) };
  }

  /** The features of these pictures, one batch, in any order; pictures that are not in the library are left out. */
  async featuresOf(paths: readonly string[]): Promise<VectorBatch> {
    const parts: VectorBatch[] = [];
    const table = await this.#table(TABLES.pictures);
    for (let start = 0; table !== undefined && start < paths.length; start += 500) {
      const some = paths
        .slice(start, start + 500)
        .map(quote)
        .join(', ');
      for await (const batch of table.query().select(['path', 'feature']).where(`path IN (${some})`))
        parts.push({ paths: strings(batch, 'path'), vectors: vectors(batch, 'feature', this.encoder.size) });
    }
    return joinBatches(parts, this.encoder.size);
  }

  /**
   * All embeddings made by the model of this id; none where an older version stored them without tags.
   * @param size of an embedding
   * @param tags how many tags the model has
   */
  async embeddings(model: string, size: number, tags: number): Promise<EmbeddingBatch> {
    const parts: VectorBatch[] = [];
    const hubness: number[] = [];
    const tagParts: TagLists[] = [];
    const columns = ['path', 'hubness', 'tags', 'probabilities', 'embedding'];
    const table = await this.#table(TABLES.embeddings);
    const known = new Set((await table?.schema())?.fields.map(({ name }) => name));
    if (!columns.every((column) => known.has(column)))
      return { ...joinBatches([], size), hubness: new Float32Array(0), tags: joinTagLists([], tags) };
    for await (const batch of this.#scan(TABLES.embeddings, columns, `model = ${quote(model)}`)) {
      parts.push({ paths: strings(batch, 'path'), vectors: vectors(batch, 'embedding', size) });
      for (const value of batch.getChild('hubness')!) hubness.push(value as number);
      tagParts.push(tagLists(batch));
    }
    return {
      ...joinBatches(parts, size),
      hubness: Float32Array.from(hubness),
      tags: joinTagLists(tagParts, tags),
    };
  }

  /** Joins the many small commits of a long run into few large files; worth calling after bulk writes. */
  async optimize(): Promise<void> {
    for (const name of Object.values(TABLES)) await (await this.#table(name))?.optimize();
  }

  /**
   * Closes the library and, where it was made by {@link Library.openOrCreate} just now and still holds no picture,
   * removes what was made: work that failed leaves nothing behind.
   */
  async closeOrDiscard(): Promise<void> {
    const created = this.#created;
    const empty = created !== undefined && (await this.count().catch(() => 1)) === 0;
    this.close();
    if (empty) await discard(this.folder, created);
  }

  /** Closes the tables; the library must not be used afterwards. */
  close(): void {
    for (const table of this.#tables.values()) table.close();
    this.#tables.clear();
    this.#connection.close();
  }

  async #table(name: string): Promise<Table | undefined> {
    const open = this.#tables.get(name);
    if (open !== undefined) return open;
    if (!(await this.#connection.tableNames()).includes(name)) return undefined;
    const table = await this.#connection.openTable(name);
    this.#tables.set(name, table);
    return table;
  }

  async #put(name: string, schema: Schema, rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      let table = await this.#table(name);
      if (table === undefined) {
        table = await this.#connection.createEmptyTable(name, schema, { existOk: true });
        this.#tables.set(name, table);
      }
      await table
        .mergeInsert('path')
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute(rows as Record<string, unknown>[]);
    } catch (cause) {
      throw systemError(cause) === undefined ? cause : fileError(this.folder, cause, 'written');
    }
  }

  /** Two columns of lists of texts, by path. */
  async #lists(name: string, one: string, other: string): Promise<Map<string, [string[], string[]]>> {
    const found = new Map<string, [string[], string[]]>();
    for await (const batch of this.#scan(name, ['path', one, other])) {
      const [first, second] = [batch.getChild(one)!, batch.getChild(other)!];
      strings(batch, 'path').forEach((path, i) => {
        found.set(path, [[...first.get(i)], [...second.get(i)]]);
      });
    }
    return found;
  }

  async *#scan(name: string, columns: string[], where?: string): AsyncGenerator<RecordBatch> {
    const table = await this.#table(name);
    if (table === undefined) return;
    const query = table.query().select(columns);
    for await (const batch of where === undefined ? query : query.where(where))
      yield batch as unknown as RecordBatch;
  }
}

/** Removes a library and the folders that were made for it; one that something else was put into meanwhile stays. */
async function discard(folder: string, { made }: Created): Promise<void> {
  await rm(join(folder, SETTINGS), { force: true });
  await rm(join(folder, TABLES_FOLDER), { recursive: true, force: true });
  if (made === undefined) return;
  for (let at = folder; at.length >= made.length; at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** LanceDB logs routine matters to standard error; it is loaded late so that commands without a library start fast. */
/**
 * The folder that was meant, as an absolute path. An empty name, as of a variable that is not set, would mean the
 * working directory, and the tables cannot lie in one with control characters in its name.
 */
function folderOf(folder: string): string {
  const at = resolve(folder);
  const hint = 'Name another folder: --library <dir>';
  if (folder.trim() === '') throw new CovistaError('usage', 'The name of the library is empty.', { hint });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\x00-\x1f\x7f]/.test(at))
    throw new CovistaError('usage', `${at} has control characters in its name, where no library can be.`, {
      hint,
    });
  return at;
}

async function connectTo(folder: string): Promise<Connection> {
  process.env.LANCEDB_LOG ??= 'error';
  const { connect } = await import('@lancedb/lancedb');
  return connect(join(folder, TABLES_FOLDER));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
