import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { CovistaError } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { cacheFolder } from '../files/cache.ts';
import { download } from '../files/download.ts';

/** A model in the layout of transformers.js: a folder, and where its files come from. */
export interface HuggingFaceFolder {
  readonly folder: string;
  /** Address that a file's name is added to; undefined for a folder of the user's own. */
  readonly url: string | undefined;
}

/**
 * Where the files of a model are.
 * @param id a folder, or `owner/name` on the Hugging Face hub, with `@revision` if not the latest is wanted; what is
 *   fetched is kept in `<cache>/hf/owner/name`, where files can also be put by hand
 * @throws CovistaError `not-found` when there is no such folder; `usage` when `id` is neither
 */
export async function huggingFaceFolder(id: string): Promise<HuggingFaceFolder> {
  const found = await stat(id).catch(() => undefined);
  if (found?.isDirectory()) return { folder: id, url: undefined };
  if (isAbsolute(id) || id.startsWith('.'))
    throw new CovistaError('not-found', `There is no folder ${id}.`, {
      hint: 'Give the folder that holds the configuration and onnx/, or the name of a model: owner/name.',
    });
  const match = /^([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?$/.exec(id);
  if (!match || id.includes('..'))
    throw new CovistaError('usage', `${id} is neither a folder nor the name of a model on Hugging Face.`, {
      hint: 'Names have the form owner/name, such as Xenova/dinov2-small.',
    });
  const [, name, revision = 'main'] = match;
  return {
    folder: join(cacheFolder(), 'hf', ...name!.split('/'), ...(revision === 'main' ? [] : [revision])),
    url: `https://huggingface.co/${name}/resolve/${revision}/`,
  };
}

/** The path of a file that is in the folder; undefined when it is not. */
export async function presentFile({ folder }: HuggingFaceFolder, file: string): Promise<string | undefined> {
  const path = join(folder, file);
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? path : undefined;
}

/**
 * The path of a file of a model, fetched when it is not in the folder; undefined when the model has none.
 * @throws CovistaError `network` when that cannot be told, `aborted`
 */
export async function modelFile(
  place: HuggingFaceFolder,
  file: string,
  options: WorkOptions,
): Promise<string | undefined> {
  const present = await presentFile(place, file);
  if (present !== undefined || place.url === undefined) return present;
  try {
    return await download({ url: place.url + file }, join(place.folder, file), options);
  } catch (error) {
    const cause = error instanceof CovistaError ? error.cause : undefined;
    // The server said that it has no such file, rather than that something went wrong.
    if ((cause as { status?: number } | undefined)?.status === 404) return undefined;
    throw error;
  }
}

/**
 * The first of several files that a model has.
 * @throws CovistaError as {@link modelFile}
 */
export async function firstModelFile(
  place: HuggingFaceFolder,
  files: readonly string[],
  options: WorkOptions,
): Promise<string | undefined> {
  for (const file of files) {
    const present = await presentFile(place, file);
    if (present !== undefined) return present;
  }
  if (place.url === undefined) return undefined;
  for (const file of files) {
    const found = await modelFile(place, file, options);
    if (found !== undefined) return found;
  }
  return undefined;
}
