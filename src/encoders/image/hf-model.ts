import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { firstModelFile, huggingFaceFolder, modelFile } from '../hf-folder.ts';
import { fetchWeights } from '../registry-file.ts';
import { readHuggingFacePreprocessing } from './hf-preprocessing.ts';
import type { Preprocessing } from './preprocessing.ts';
import type { PreprocessingName } from './preprocessing-presets.ts';

/** The files of a Hugging Face vision model that an encoder needs. */
export interface HuggingFaceModel {
  /** Path of the .onnx file: the vision tower where there is one. */
  readonly model: string;
  /** What the caller asked for, or else what the model's configuration says. */
  readonly preprocessing: Preprocessing | PreprocessingName;
}

/** Where transformers.js expects networks: the vision tower of models that join pictures and text, else the model. */
const MODEL_FILES = ['onnx/vision_model.onnx', 'onnx/model.onnx', 'vision_model.onnx', 'model.onnx'];
const CONFIG_FILE = 'preprocessor_config.json';

/**
 * Finds the files of a vision model in the layout of transformers.js, in a folder or on the Hugging Face hub. Nothing
 * but the ONNX file and the preprocessing is needed, so the transformers library is not.
 * @param id as `huggingFaceFolder` takes it
 * @param options `preprocessing`: how pictures are prepared, whatever the configuration says, which then is not needed
 * @throws CovistaError `not-found` when the model lacks a file; `network` when something cannot be fetched;
 *   `bad-format` when the configuration cannot be understood
 */
export async function findHuggingFaceModel(
  id: string,
  options: WorkOptions & { readonly preprocessing?: HuggingFaceModel['preprocessing'] | undefined } = {},
): Promise<HuggingFaceModel> {
  const place = await huggingFaceFolder(id);
  const where = place.url === undefined ? place.folder : id;
  const wanted = options.preprocessing;
  // What is small is fetched first, so that nothing large is for a model that cannot be used.
  const config = wanted === undefined ? await modelFile(place, CONFIG_FILE, options) : undefined;
  const preprocessing = wanted ?? (await readConfig(config));
  const model = await firstModelFile(place, MODEL_FILES, options);
  if (model === undefined)
    throw new CovistaError('not-found', `${where} holds no ONNX model.`, {
      hint: `Export one with optimum-cli; looked for ${MODEL_FILES.join(', ')}.`,
    });
  if (preprocessing === undefined)
    throw new CovistaError('not-found', `${where} holds no ${CONFIG_FILE}.`, {
      hint: 'Copy it from the model, so that pictures are prepared as the network expects.',
    });
  if (place.url !== undefined) {
    const file = relative(place.folder, model).split(sep).join('/');
    await fetchWeights(model, place.url + file, options);
  }
  return { model, preprocessing };
}

async function readConfig(path: string | undefined): Promise<Preprocessing | undefined> {
  return path === undefined ? undefined : readHuggingFacePreprocessing(await readFile(path, 'utf8'), path);
}
