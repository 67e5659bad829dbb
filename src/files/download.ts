import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CovistaError, throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { makeFolder } from './folders.ts';
import { removeStalePartials } from './partial.ts';
import { concerns, fileError } from './system-error.ts';

/** What to fetch, and what is known of it. */
export interface DownloadSource {
  readonly url: string;
  /** What to call it in messages; the file's name when left out. */
  readonly name?: string;
  /** Its size, to be shown before it is fetched and checked afterwards. */
  readonly bytes?: number | undefined;
  /** SHA-256 in hexadecimal, checked before the file is put in its place. */
  readonly sha256?: string | undefined;
}

/** Attempts in a row that may bring nothing before the download is given up. */
const fruitlessAttempts = 3;

/** Time without a byte after which a connection counts as lost. */
const stallMilliseconds = 60_000;

/**
 * Fetches a file over HTTP unless it is there already. What arrives is kept in `<target>.partial`, so that a cut
 * connection or a later call goes on where it stopped, provided that the server's file is still the same one; a
 * complete and checked file is renamed into place. What nobody went on with for a week is removed.
 *
 * Progress: bytes so far, at most ten times a second.
 * @param target where the file belongs
 * @returns the target
 * @throws CovistaError `network` when it cannot be fetched, saying what to download and where to put it; `integrity`
 *   when it is not the file that was expected; `file-system` when it cannot be written; `aborted`
 */
export async function download(
  source: DownloadSource,
  target: string,
  options: WorkOptions = {},
): Promise<string> {
  if (await isFile(target)) return target;
  const partial = `${target}.partial`;
  await makeFolder(dirname(target));
  await removeStalePartials(dirname(target), isUnfinished);
  for (let fruitless = 0; ; ) {
    throwIfAborted(options.signal);
    const before = await sizeOf(partial);
    try {
      await fetchRest(source, partial, options);
      break;
    } catch (cause) {
      throwIfAborted(options.signal);
      if (cause instanceof CovistaError) throw cause;
      if (concerns(cause, partial)) throw fileError(target, cause, 'written');
      fruitless = (await sizeOf(partial)) > before ? 0 : fruitless + 1;
      const final = cause instanceof HttpError && cause.status < 500 && cause.status !== 429;
      if (final || fruitless >= fruitlessAttempts) throw unreachable(source, target, cause);
      if (fruitless > 0) await pause(500 * fruitless);
    }
  }
  await check(source, partial);
  await rename(partial, target);
  await rm(validatorFile(partial), { force: true });
  return target;
}

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(`the server answered ${status} ${text}`.trim());
    this.status = status;
  }
}

async function fetchRest(source: DownloadSource, partial: string, options: WorkOptions): Promise<void> {
  let offset = await sizeOf(partial);
  const validator = await readFile(validatorFile(partial), 'utf8').catch(() => '');
  if (offset > 0 && validator === '') offset = 0;
  const stall = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stall.signal]) : stall.signal;
  const watch = setTimeout(() => stall.abort(new Error('no data for a minute')), stallMilliseconds);
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (offset > 0) Object.assign(headers, { range: `bytes=${offset}-`, 'if-range': validator });
    const response = await fetch(source.url, { headers, signal });
    if (response.status === 416) {
      // The partial file is as long as the whole or longer: start again.
      await rm(partial, { force: true });
      throw new Error('the server cannot continue the partial file');
    }
    if (!response.ok || !response.body) throw new HttpError(response.status, response.statusText);
    if (response.status !== 206) offset = 0;
    const rest = Number(response.headers.get('content-length') ?? Number.NaN);
    const total = Number.isFinite(rest) ? offset + rest : source.bytes;
    const etag = response.headers.get('etag');
    const mark = etag && !etag.startsWith('W/') ? etag : response.headers.get('last-modified');
    await writeFile(validatorFile(partial), mark ?? '');
    const file = await open(partial, offset > 0 ? 'r+' : 'w');
    try {
      const report = progress(source, total, options);
      for await (const chunk of response.body) {
        watch.refresh();
        let written = 0;
        while (written < chunk.length) {
          written += (await file.write(chunk, written, chunk.length - written, offset + written))
            .bytesWritten;
        }
        offset += chunk.length;
        report(offset);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== undefined && offset < total) throw new Error('the connection was cut');
  } finally {
    clearTimeout(watch);
  }
}

function progress(source: DownloadSource, total: number | undefined, { onProgress }: WorkOptions) {
  let last = 0;
  return (done: number) => {
    const now = Date.now();
    if (now - last < 100 && done !== total) return;
    last = now;
    const known = total === undefined ? {} : { total };
    onProgress?.({ stage: `fetch ${nameOf(source)}`, done, ...known, unit: 'bytes' });
  };
}

async function check(source: DownloadSource, partial: string): Promise<void> {
  const size = await sizeOf(partial);
  const wrongSize = source.bytes !== undefined && size !== source.bytes;
  const hash = source.sha256 === undefined ? undefined : await sha256(partial);
  if (!wrongSize && hash === source.sha256?.toLowerCase()) return;
  await rm(partial, { force: true });
  await rm(validatorFile(partial), { force: true });
  const what = wrongSize
    ? `has ${size} bytes, not ${source.bytes}`
    : `has the SHA-256 ${hash}, not ${source.sha256}`;
  throw new CovistaError('integrity', `What ${source.url} sent for ${nameOf(source)} ${what}.`, {
    hint: 'Try again; if it stays so, a proxy replaces the file or the publisher has changed it.',
  });
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function unreachable(source: DownloadSource, target: string, cause: unknown): CovistaError {
  const size = source.bytes === undefined ? '' : ` (${Math.round(source.bytes / 1e6)} MB)`;
  return new CovistaError('network', `${nameOf(source)}${size} could not be fetched: ${reason(cause)}.`, {
    hint: `Check the network, or download ${source.url} elsewhere and put it at ${target}.`,
    cause,
  });
}

/** What fetch says is only that it failed; what happened is in its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  return inner.message || (inner as NodeJS.ErrnoException).code || inner.name;
}

function nameOf({ name, url }: DownloadSource): string {
  return name ?? basename(new URL(url).pathname);
}

/** Whether a name is that of something not yet fetched whole. */
const isUnfinished = (name: string) => /\.partial(?:\.validator)?$/.test(name);

function validatorFile(partial: string): string {
  return `${partial}.validator`;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (info) => info.size,
    () => 0,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
