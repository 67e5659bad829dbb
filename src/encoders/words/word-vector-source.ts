import { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Entry } from 'yauzl';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { concerns, fileError } from '../../files/system-error.ts';

const CHUNK_BYTES = 1 << 20;

/**
 * The bytes of a file, unpacked when it is a gzip or zip file, whatever its name, and as UTF-8 without a byte order mark
 * where one says what they are. Progress is in bytes of the file (of the unpacked text for zip). Of an archive with
 * several files one is named as `archive.zip:name`.
 * @throws CovistaError `not-found` without the file, or without such a file in the archive; `usage` when the
 *   archive holds several and none is named; `bad-format` when it cannot be unpacked; `aborted`
 */
export async function* readUnpacked(file: string, options: WorkOptions): AsyncGenerator<Uint8Array> {
  const archive = splitArchive(file);
  const { path } = archive;
  try {
    yield* asUtf8(unpack(archive, options));
  } catch (cause) {
    if (cause instanceof CovistaError) throw cause;
    if (concerns(cause, path)) throw fileError(path, cause);
    throw new CovistaError('bad-format', `${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

async function* unpack(
  { path, inside }: ReturnType<typeof splitArchive>,
  options: WorkOptions,
): AsyncGenerator<Uint8Array> {
  const total = await sizeOf(path);
  const packing = await packingOf(path);
  if (packing === 'zip') {
    yield* readZip(path, inside, options);
    return;
  }
  if (inside !== undefined)
    throw new CovistaError('bad-format', `${path} is no zip archive, so it holds no ${inside}.`);
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const progress = { done: () => stream.bytesRead, total, ...options };
  if (packing === undefined) {
    yield* watched(stream, progress);
    return;
  }
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  stream.once('error', (error) => unpacked.destroy(error));
  try {
    yield* watched(stream.pipe(unpacked), progress);
  } finally {
    stream.destroy();
  }
}

/** How a file is packed, going by its content. */
async function packingOf(path: string): Promise<'gzip' | 'zip' | undefined> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.toString('latin1');
    if (start.startsWith('\x1f\x8b')) return 'gzip';
    return start === 'PK\x03\x04' || start === 'PK\x05\x06' ? 'zip' : undefined;
  } finally {
    await file.close();
  }
}

/** UTF-8 without its byte order mark, and UTF-16 with one as UTF-8; what begins otherwise stays as it is. */
async function* asUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array();
  let decoder: TextDecoder | undefined;
  for await (const chunk of chunks) {
    let bytes: Uint8Array = chunk;
    if (start !== undefined) {
      start = Buffer.concat([start, chunk]);
      if (start.length < 3) continue;
      const mark = Buffer.from(start.subarray(0, 3)).toString('hex');
      if (mark.startsWith('fffe')) decoder = new TextDecoder('utf-16le');
      if (mark.startsWith('feff')) decoder = new TextDecoder('utf-16be');
      bytes = mark === 'efbbbf' ? start.subarray(3) : start;
      start = undefined;
    }
    yield decoder === undefined ? bytes : Buffer.from(decoder.decode(bytes, { stream: true }));
  }
  if (start !== undefined && start.length > 0) yield start;
}

/** Parts `archive.zip:name` into the archive and the name inside. */
export function splitArchive(file: string): { path: string; inside: string | undefined } {
  const match = /^(.*\.zip):(.+)$/i.exec(file);
  return match ? { path: match[1]!, inside: match[2] } : { path: file, inside: undefined };
}

/** The size of a file in bytes. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (!found.isFile()) throw new CovistaError('not-found', `${path} is no file.`);
  return found.size;
}

async function* readZip(
  path: string,
  inside: string | undefined,
  options: WorkOptions,
): AsyncGenerator<Uint8Array> {
  const { openPromise } = await import('yauzl');
  const archive = await openPromise(path, { autoClose: false });
  try {
    const entries: Entry[] = [];
    for await (const entry of archive.eachEntry()) if (!entry.fileName.endsWith('/')) entries.push(entry);
    const names = entries.map((entry) => entry.fileName).join(', ');
    const entry = entries.find(({ fileName }) => fileName === inside) ?? entries[0];
    if (entry === undefined || (inside !== undefined && entry.fileName !== inside))
      throw new CovistaError('not-found', `${path} holds no ${inside ?? 'files'}, but: ${names}.`);
    if (inside === undefined && entries.length > 1)
      throw new CovistaError('usage', `${path} holds several files: ${names}.`, {
        hint: /\.zip$/i.test(path)
          ? `Name one of them, as ${path}:${entry.fileName}.`
          : `Rename it to end in .zip, and name one of them: ${path}.zip:${entry.fileName}.`,
      });
    const stream = await archive.openReadStreamPromise(entry);
    yield* watched(stream, { total: entry.uncompressedSize, ...options });
  } finally {
    archive.close();
  }
}

/**
 * The chunks of a stream, with progress and an ear for the signal.
 * @param work `done`: how far it is, when that is not the number of bytes given out
 */
async function* watched(
  chunks: Readable,
  { signal, onProgress, done, total }: WorkOptions & { done?: () => number; total: number },
): AsyncGenerator<Uint8Array> {
  let given = 0;
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    given += (chunk as Uint8Array).length;
    onProgress?.({ stage: 'convert word vectors', done: done?.() ?? given, total, unit: 'bytes' });
    yield chunk as Uint8Array;
  }
}
