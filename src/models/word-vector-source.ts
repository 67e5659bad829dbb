import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Entry, openPromise } from 'yauzl';
import { CovistaError, throwIfAborted } from '../errors.ts';
import type { WorkOptions } from '../progress.ts';
import { concerns, fileError } from '../system-error.ts';

const CHUNK_BYTES = 1 << 20;

/**
 * The bytes of a file, unpacked when it ends in `.gz` or `.zip`, with progress in bytes of the file (of the
 * unpacked text for zip). Of an archive with several files one is named as `archive.zip:name`.
 * @throws CovistaError `not-found` without the file, or without such a file in the archive; `usage` when the
 *   archive holds several and none is named; `bad-format` when it cannot be unpacked; `aborted`
 */
export async function* readUnpacked(file: string, options: WorkOptions): AsyncGenerator<Uint8Array> {
  const { path, inside } = splitArchive(file);
  const size = await sizeOf(path);
  try {
    if (/\.zip$/i.test(path)) {
      yield* readZip(path, inside, options);
    } else if (/\.gz$/i.test(path)) {
      const packed = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
      packed.once('error', (error) => unpacked.destroy(error));
      try {
        const done = (): number => packed.bytesRead;
        yield* watched(packed.pipe(unpacked), { done, total: size, ...options });
      } finally {
        packed.destroy();
      }
    } else {
      const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      yield* watched(stream, { done: () => stream.bytesRead, total: size, ...options });
    }
  } catch (cause) {
    if (cause instanceof CovistaError) throw cause;
    if (concerns(cause, path)) throw fileError(path, cause);
    throw new CovistaError('bad-format', `${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
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
        hint: `Name one of them, as ${path}:${entry.fileName}.`,
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
