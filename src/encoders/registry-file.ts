import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { WorkOptions } from '../base/progress.ts';
import { cacheFolder } from '../files/cache.ts';
import { download } from '../files/download.ts';
import { externalFiles } from '../onnx/graph/onnx-external.ts';
import { readOnnxModel } from '../onnx/graph/onnx-model.ts';
import type { RegistryEntry } from './registry.ts';

/** Where the file of a named network belongs; one put there by hand is used. */
export function registryFile(entry: RegistryEntry): string {
  return join(cacheFolder(), 'models', `${entry.name}.onnx`);
}

/** Whether the file of a named network is there, so that no internet is needed. */
export async function isInCache(entry: RegistryEntry): Promise<boolean> {
  return stat(registryFile(entry)).then(
    (info) => info.isFile(),
    () => false,
  );
}

/**
 * The file of a named network, fetched at first use.
 * @throws CovistaError `network`, `integrity`, `aborted`; see {@link download}
 */
export function fetchRegistryFile(entry: RegistryEntry, options: WorkOptions = {}): Promise<string> {
  const { name, url, sha256, bytes, bytesExact } = entry;
  const size = bytesExact ? { bytes } : {};
  const label = bytesExact ? name : `${name} (about ${Math.round(bytes / 1e6)} MB)`;
  return download({ url, sha256, name: label, ...size }, registryFile(entry), options);
}

/**
 * The network at an address, with the files of its weights if it keeps them apart, fetched at first use.
 * @throws CovistaError `network`, `integrity`, `bad-format`, `aborted`
 */
export async function fetchOnnxModel(url: string, options: WorkOptions = {}): Promise<string> {
  const folder = createHash('sha256').update(url).digest('hex').slice(0, 16);
  const name = basename(new URL(url).pathname) || 'model.onnx';
  const path = await download({ url }, join(cacheFolder(), 'models', folder, name), options);
  await fetchWeights(path, url, options);
  return path;
}

/** Fetches the files that a fetched network keeps its weights in, which are beside it where it came from. */
export async function fetchWeights(path: string, url: string, options: WorkOptions = {}): Promise<void> {
  for (const file of externalFiles(await readOnnxModel(path))) {
    await download({ url: new URL(file, url).href }, join(dirname(path), file), options);
  }
}
