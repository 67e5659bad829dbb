import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { externalFiles, hashFiles } from '../../onnx/graph/onnx-external.ts';
import { readOnnxModel } from '../../onnx/graph/onnx-model.ts';
import type { SentenceEncoder } from '../../text/sentence-encoder.ts';
import {
  firstModelFile,
  type HuggingFaceFolder,
  huggingFaceFolder,
  modelFile,
  presentFile,
} from '../hf-folder.ts';
import { fetchWeights } from '../registry-file.ts';
import { cachedSentences } from './sentence-cache.ts';
import { openSentenceNetwork, type Pooling } from './sentence-network.ts';
import { type SentenceEntry, sentenceEncoderRegistry } from './sentence-registry.ts';
import { readTextModel } from './sentence-tokenizer.ts';

/** Where transformers.js expects networks that read texts: the text tower of models that join pictures and text first. */
const MODEL_FILES = ['onnx/text_model.onnx', 'onnx/model.onnx', 'text_model.onnx', 'model.onnx'];
const POOLING_FILE = '1_Pooling/config.json';
const POOLINGS: readonly Pooling[] = ['mean', 'cls', 'last'];

/** By the names of sentence transformers; at unit length, the sum over the root of the length is the mean. */
const POOLING_MODES: Readonly<Record<string, Pooling>> = {
  mean_tokens: 'mean',
  mean_sqrt_len_tokens: 'mean',
  cls_token: 'cls',
  lasttoken: 'last',
};

/** The files of a network that reads texts. */
interface SentenceFiles {
  readonly model: string;
  readonly tokenizer: string;
  readonly tokenizerConfig: string | undefined;
  readonly config: string | undefined;
  /** Says how a sentence transformer pools. */
  readonly poolingFile: string | undefined;
}

/** What can follow a name. */
interface Settings {
  readonly pooling?: Pooling | undefined;
  /** Name of the graph's output. */
  readonly output?: string | undefined;
  /** The network's file in the model's folder, such as onnx/model_quantized.onnx. */
  readonly file?: string | undefined;
}

/**
 * Opens a sentence encoder by its name:
 *
 * - `minilm`, `clip-vit-b32` ...: a published one, see {@link sentenceEncoderRegistry};
 * - `hf:<owner/name or folder>`: a sentence transformer or the text tower of a CLIP-like model, in the layout of
 *   transformers.js: config.json, tokenizer.json, onnx/model.onnx or onnx/text_model.onnx;
 * - `onnx:<file>`: an ONNX network that reads tokens, with tokenizer.json beside it or one folder above.
 *
 * `,pooling=mean|cls|last`, `,output=<name of an output>` and `,file=<file of the model>` can follow. Vectors have unit
 * length; they are kept in the cache (`sentences/`), so that a caption is encoded once.
 * @throws CovistaError `usage` for an unknown name or setting; `not-found`, `bad-format`, `network`, `aborted`
 * @example
 * const sentences = await resolveSentenceEncoder('hf:Xenova/all-MiniLM-L6-v2');
 */
export async function resolveSentenceEncoder(
  name: string,
  options: WorkOptions = {},
): Promise<SentenceEncoder> {
  const { spec, settings } = parseName(name);
  const entry = sentenceEncoderRegistry.find((one) => one.name === spec);
  const model = entry?.model ?? (spec.startsWith('hf:') ? spec.slice('hf:'.length) : undefined);
  const files =
    model !== undefined
      ? await modelFiles(model, settings, options)
      : spec.startsWith('onnx:')
        ? await filesBeside(spec.slice('onnx:'.length))
        : undefined;
  if (files === undefined)
    throw new CovistaError('usage', `There is no sentence encoder named ${spec}.`, {
      hint: `Choose one of ${sentenceEncoderRegistry.map((one) => one.name).join(', ')}, or give hf:<owner/name or folder> or onnx:<file>.`,
    });
  const pooling = settings.pooling ?? (await readPooling(files.poolingFile)) ?? entry?.pooling ?? 'mean';
  const { output } = settings;
  const weights = externalFiles(await readOnnxModel(files.model)).map((one) =>
    join(dirname(files.model), one),
  );
  const fingerprint = await hashFiles([files.model, ...weights, files.tokenizer]);
  const { tokenizer, joinsPictures } = await readTextModel(files);
  const encoder = await openSentenceNetwork(
    {
      id: `${basename(files.model, '.onnx')}-${fingerprint.slice(0, 12)} ${output ?? ''}${pooling}`,
      model: files.model,
      tokenizer,
      pooling,
      // Who names a pooling asks for tokens.
      tower:
        settings.pooling === undefined && (joinsPictures || basename(files.model).startsWith('text_model')),
      output,
    },
    options,
  );
  return cachedSentences(encoder);
}

/** Whether the files of a named sentence encoder are there, so that no internet is needed. */
export async function isSentenceEncoderInCache({ model }: SentenceEntry): Promise<boolean> {
  return isComplete(await huggingFaceFolder(model), MODEL_FILES);
}

/** Whether a network and its tokenizer are there. */
async function isComplete(place: HuggingFaceFolder, networks: readonly string[]): Promise<boolean> {
  const found = await Promise.all([...networks, 'tokenizer.json'].map((one) => presentFile(place, one)));
  return found.at(-1) !== undefined && found.slice(0, -1).some((one) => one !== undefined);
}

function parseName(name: string): { spec: string; settings: Settings } {
  const [spec = '', ...parts] = name.split(/,(?=(?:pooling|output|file)=)/);
  const settings = Object.fromEntries(parts.map((part) => part.split(/=(.*)/s, 2))) as Settings;
  if (settings.pooling !== undefined && !POOLINGS.includes(settings.pooling))
    throw new CovistaError('usage', `${name}: there is no pooling named ${settings.pooling}.`, {
      hint: `Choose one of ${POOLINGS.join(', ')}.`,
    });
  if (settings.file?.split(/[\\/]/).includes('..'))
    throw new CovistaError('usage', `${name}: the file has to be one of the model's own.`);
  return { spec, settings };
}

async function modelFiles(id: string, { file }: Settings, options: WorkOptions): Promise<SentenceFiles> {
  const place = await huggingFaceFolder(id);
  const wanted = file === undefined ? MODEL_FILES : [file];
  try {
    return await filesIn(place, id, wanted, options);
  } catch (error) {
    if (!(error instanceof CovistaError) || error.code !== 'network' || place.url === undefined) throw error;
    const files = ['tokenizer.json', 'tokenizer_config.json', 'config.json', wanted.slice(0, 2).join(' or ')];
    throw new CovistaError('network', error.message, {
      hint: `Check the network, or download ${files.join(', ')} from ${place.url.replace('/resolve/', '/tree/')} elsewhere and put them into ${place.folder}.`,
      cause: error,
    });
  }
}

/** What is small is fetched first, so that where the network is, nothing is missing. */
async function filesIn(
  place: HuggingFaceFolder,
  id: string,
  wanted: readonly string[],
  options: WorkOptions,
): Promise<SentenceFiles> {
  const where = place.url === undefined ? place.folder : id;
  const own: HuggingFaceFolder = (await isComplete(place, wanted)) ? { ...place, url: undefined } : place;
  const tokenizer = await modelFile(own, 'tokenizer.json', options);
  if (tokenizer === undefined)
    throw new CovistaError('not-found', `${where} holds no tokenizer.json.`, {
      hint: 'Copy it from the model: it says how a text becomes the numbers that the network reads.',
    });
  const [tokenizerConfig, config, poolingFile] = [
    await modelFile(own, 'tokenizer_config.json', options),
    await modelFile(own, 'config.json', options),
    await modelFile(own, POOLING_FILE, options),
  ];
  const model = await firstModelFile(own, wanted, options);
  if (model === undefined)
    throw new CovistaError('not-found', `${where} holds no ONNX model that reads texts.`, {
      hint: `Export one with optimum-cli; looked for ${wanted.join(', ')}.`,
    });
  if (own.url !== undefined)
    await fetchWeights(model, own.url + relative(own.folder, model).split(sep).join('/'), options);
  return { model, tokenizer, tokenizerConfig, config, poolingFile };
}

async function filesBeside(model: string): Promise<SentenceFiles> {
  const folders = [dirname(model), dirname(dirname(resolve(model)))];
  for (const folder of folders) {
    const place = { folder, url: undefined };
    const tokenizer = await presentFile(place, 'tokenizer.json');
    if (tokenizer === undefined) continue;
    return {
      model,
      tokenizer,
      tokenizerConfig: await presentFile(place, 'tokenizer_config.json'),
      config: await presentFile(place, 'config.json'),
      poolingFile: await presentFile(place, POOLING_FILE),
    };
  }
  throw new CovistaError('not-found', `There is no tokenizer.json beside ${model}.`, {
    hint: 'Copy it from the model: it says how a text becomes the numbers that the network reads.',
  });
}

/**
 * How a sentence transformer says that it pools; undefined where it says nothing.
 * @throws CovistaError `bad-format` when it pools in a way that there is none of
 */
async function readPooling(path: string | undefined): Promise<Pooling | undefined> {
  if (path === undefined) return undefined;
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new CovistaError('bad-format', `${path} cannot be understood.`, { cause });
  }
  const modes = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const [mode, ...others] = modes;
  if (mode === undefined) return undefined;
  const pooling = POOLING_MODES[mode.slice('pooling_mode_'.length)];
  if (pooling !== undefined && others.length === 0) return pooling;
  throw new CovistaError('bad-format', `${path} asks for ${modes.join(' and ')}, which is not there.`, {
    hint: `Choose another pooling if the model is good for it: ,pooling= and one of ${POOLINGS.join(', ')}.`,
  });
}
