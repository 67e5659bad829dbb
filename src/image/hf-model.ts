import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { CovistaError } from '../errors.ts';
import { cacheFolder } from '../models/cache.ts';
import { download } from '../models/download.ts';
import { fetchWeights } from '../models/registry-file.ts';
import type { WorkOptions } from '../progress.ts';
import { readHuggingFacePreprocessing } from './hf-preprocessing.ts';
import type { Preprocessing } from './preprocessing.ts';

/** The files of a Hugging Face vision model that an encoder needs. */
export interface HuggingFaceModel {
  /** Path of the .onnx file: the vision tower where there is one. */
  readonly model: string;
  readonly preprocessing: Preprocessing;
}

/** Where transformers.js expects networks: the vision tower of models that join pictures and text, else the model. */
const modelFiles = ['onnx/vision_model.onnx', 'onnx/model.onnx', 'vision_model.onnx', 'model.onnx'];
const configFile = 'preprocessor_config.json';

/**
 * Finds the files of a vision model in the layout of transformers.js, in a folder or on the Hugging Face hub. Nothing
 * but the ONNX file and the preprocessing is needed, so the transformers library is not.
 * @param id a folder, or `owner/name`, with `@revision` if not the latest is wanted; what is fetched is kept in
 *   `<cache>/hf/owner/name`, where files can also be put by hand
 * @throws CovistaError `not-found` when a folder lacks a file; `network` when something cannot be fetched;
 *   `bad-format` when the configuration cannot be understood
 */
export async function findHuggingFaceModel(id: string, options: WorkOptions = {}): Promise<HuggingFaceModel> {
  if (await isFolder(id)) return readFolder(id);
  if (isAbsolute(id) || id.startsWith('.')) {
    throw new CovistaError('not-found', `There is no folder ${id}.`, {
      hint: 'Give the folder that holds preprocessor_config.json and onnx/, or the name of a model: owner/name.',
    });
  }
  const match = /^([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?$/.exec(id);
  if (!match || id.includes('..')) {
    throw new CovistaError('usage', `${id} is neither a folder nor the name of a model on Hugging Face.`, {
      hint: 'Names have the form owner/name, such as Xenova/dinov2-small.',
    });
  }
  const [, name, revision = 'main'] = match;
  const folder = join(cacheFolder(), 'hf', ...name!.split('/'), ...(revision === 'main' ? [] : [revision]));
  return fetchFolder(folder, `https://huggingface.co/${name}/resolve/${revision}/`, options);
}

async function readFolder(folder: string): Promise<HuggingFaceModel> {
  const present = await Promise.all(modelFiles.map((file) => isFile(join(folder, file))));
  const file = modelFiles[present.indexOf(true)];
  if (file === undefined) {
    throw new CovistaError('not-found', `${folder} holds no ONNX model.`, {
      hint: `Export one with optimum-cli; looked for ${modelFiles.join(', ')}.`,
    });
  }
  const config = join(folder, configFile);
  const json = await readFile(config, 'utf8').catch((cause: unknown) => {
    throw new CovistaError('not-found', `${folder} holds no ${configFile}.`, {
      hint: 'Copy it from the model, so that pictures are prepared as the network expects.',
      cause,
    });
  });
  return { model: join(folder, file), preprocessing: readHuggingFacePreprocessing(json, config) };
}

async function fetchFolder(folder: string, url: string, options: WorkOptions): Promise<HuggingFaceModel> {
  await download({ url: url + configFile }, join(folder, configFile), options);
  for (const [index, file] of modelFiles.entries()) {
    try {
      const path = await download({ url: url + file }, join(folder, file), options);
      await fetchWeights(path, url + file, options);
      return await readFolder(folder);
    } catch (error) {
      if (!isMissing(error) || index === modelFiles.length - 1) throw error;
    }
  }
  return readFolder(folder);
}

/** Whether the server said that it has no such file, rather than that something went wrong. */
function isMissing(error: unknown): boolean {
  const cause = error instanceof CovistaError ? error.cause : undefined;
  return (cause as { status?: number } | undefined)?.status === 404;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
