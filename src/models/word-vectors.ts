import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../errors.ts';
import type { WorkOptions } from '../progress.ts';
import type { WordVectors } from '../text/word-vectors.ts';
import { cacheFolder } from './cache.ts';
import { readGloveJson } from './glove-json.ts';
import { packageFolder } from './npm-package.ts';
import { exists, publish } from './publish.ts';
import { WINK_EMBEDDINGS } from './sources.ts';
import { openWordVectorFile } from './word-vector-file.ts';
import { ByteInput } from './word-vector-input.ts';
import { WordVectorWriter } from './word-vector-writer.ts';

const DEFAULT_ID = 'glove-100';
const DEFAULT_SIZE = 100;
/** Of the JSON, for progress. */
const DEFAULT_BYTES = 307_300_350;
const CHUNK_BYTES = 1 << 20;

/**
 * GloVe, 100-D, 341,479 English words (Pennington, Socher and Manning, EMNLP 2014), from an npm package. Fetched
 * and converted into the compact format at first use; later calls open that file in milliseconds.
 * @throws CovistaError as {@link packageFolder}
 */
export async function defaultWordVectors(options: WorkOptions = {}): Promise<WordVectors> {
  const path = join(cacheFolder(), 'vectors', `${DEFAULT_ID}.safetensors`);
  if (!(await exists(path))) {
    const folder = await packageFolder(WINK_EMBEDDINGS, options);
    const json = join(folder, WINK_EMBEDDINGS.files[0]!);
    try {
      await publish(path, (partial) => convertDefault(json, partial, options));
    } catch (error) {
      // Another process may have converted it meanwhile, and removed the JSON.
      if (!(await exists(path))) throw error;
    }
    // Nobody needs it any more; where it is still in use it stays.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
  return openWordVectorFile(path);
}

async function convertDefault(
  json: string,
  partial: string,
  { signal, onProgress }: WorkOptions,
): Promise<void> {
  const writer = new WordVectorWriter(partial, DEFAULT_SIZE);
  try {
    const chunks = createReadStream(json, { highWaterMark: CHUNK_BYTES });
    await readGloveJson(new ByteInput(watched(chunks, DEFAULT_BYTES, { signal, onProgress })), writer, json);
    writer.finish(DEFAULT_ID);
  } finally {
    writer.close();
  }
}

/** The same chunks, with progress and an ear for the signal. */
async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  total: number,
  { signal, onProgress }: WorkOptions,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    done += chunk.length;
    onProgress?.({ stage: 'convert word vectors', done, total, unit: 'bytes' });
    yield chunk;
  }
}
