import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CovistaError } from '../../base/errors.ts';
import { cacheFolder } from '../../files/cache.ts';
import { publish } from '../../files/publish.ts';
import { findFeaturePoint, hasChannelsLast, type OwnRange, ownNormalization } from './onnx-classifier.ts';
import { externalFiles, hashFiles, inlineExternalData } from './onnx-external.ts';
import { type GraphIndex, indexGraph } from './onnx-graph.ts';
import { readOnnxModel, writeOnnxModel } from './onnx-model.ts';
import { type ProbedTensor, probeModel } from './onnx-probe.ts';
import type { OnnxModel } from './onnx-schema.ts';
import {
  featureOutput,
  findPictureInput,
  type PictureInput,
  type Pooling,
  requirePicturesAlone,
  type Tap,
  type TrimPlan,
  trimModel,
  withFloatInput,
} from './onnx-trim.ts';

/** A network cut off behind its features, in the cache. */
export interface FeatureModel {
  /** Path of the trimmed network. */
  readonly file: string;
  /** The network that it was cut from: the start of its SHA-256. */
  readonly fingerprint: string;
  /** The tensors of the original network whose vectors side by side are the feature. */
  readonly blocks: readonly { readonly name: string; readonly size: number }[];
  readonly input: PictureInput;
  /** Name of the output, [n, size] float32. */
  readonly output: string;
  /** What exported the original. */
  readonly producer: string;
  /** The pixel values that a network which normalises by itself wants: 0..255 or 0..1. */
  readonly ownRange?: OwnRange | undefined;
}

/** Which part of a network makes the feature. */
export interface FeatureModelOptions {
  /**
   * Name of a tensor, or of several with a plus between them, whose vectors are put side by side; what feeds the last
   * fully connected layer when left out.
   */
  readonly layer?: string | undefined;
  /** Side of the pictures in pixels, where the network takes any; 224 when left out. */
  readonly imageSize?: number | undefined;
  /** Where to keep the trimmed network; the user's cache when left out. */
  readonly cache?: string | undefined;
}

/** Changes when the same network would be cut otherwise, so that older files in the cache are not used. */
const version = 2;

/**
 * Cuts a network off behind its features and keeps the result in the cache, keyed by the network's content and the
 * layers. A network that takes one picture at a time is freed of that limit where the result proves the same.
 * @param path an .onnx file; weights in files beside it are read too
 * @throws CovistaError `not-found`, `bad-format`, or `usage` when there is no such layer or no classifier to remove
 */
export async function prepareFeatureModel(
  path: string,
  options: FeatureModelOptions = {},
): Promise<FeatureModel> {
  const { layer, imageSize = 224, cache = cacheFolder() } = options;
  const original = await readOnnxModel(path);
  const folder = dirname(path);
  const weights = externalFiles(original).map((name) => join(folder, name));
  const fingerprint = await hashFiles([path, ...weights]);
  const key = createHash('sha256')
    .update(JSON.stringify([version, fingerprint, layer, imageSize]))
    .digest('hex');
  const file = join(cache, 'encoders', `${basename(path, '.onnx')}-${key.slice(0, 16)}.onnx`);
  const known = await readDescription(file);
  if (known) return known;

  const { model, plan } = await cut(
    withFloatInput(await inlineExternalData(original, folder)),
    path,
    layer,
    imageSize,
  );
  await writeOnnxModel(file, model);
  const result: FeatureModel = {
    file,
    fingerprint: fingerprint.slice(0, 12),
    blocks: plan.taps.map(({ tensor, size }) => ({ name: tensor, size })),
    input: plan.input,
    output: featureOutput,
    producer: original.producerName ?? '',
    ownRange: ownNormalization(indexGraph(model.graph!), plan.input.name),
  };
  await writeDescription(file, result);
  return result;
}

async function cut(
  original: OnnxModel,
  path: string,
  layer: string | undefined,
  imageSize: number,
): Promise<{ model: OnnxModel; plan: TrimPlan }> {
  const index = indexGraph(original.graph!);
  findPictureInput(index);
  const tensors = chooseTensors(index, path, layer);
  const input = findPictureInput(index, tensors[0]);
  for (const tensor of tensors) requirePicturesAlone(index, tensor, input);
  const batch = input.batch ?? 1;
  const pictures = patterns(2 * batch, input, imageSize);
  const second = pictures.subarray(pictures.length / 2);
  const options = { path, imageSize };
  const probed = await probeModel(original, input, tensors, { ...options, pictures: second });
  const taps = tensors.map((tensor) => {
    const channelsLast = hasChannelsLast(index, tensor, input.channelsLast);
    return describeTap(path, tensor, probed.get(tensor)!, batch, channelsLast);
  });
  const fixed: TrimPlan = { input, taps, freeBatch: false };
  if (input.batch !== undefined) {
    const { batch: _, ...freeInput } = input;
    const free = trimModel(original, { ...fixed, freeBatch: true });
    const both = await probeModel(free, input, tensors, { ...options, batch: 2 * batch, pictures }).catch(
      () => undefined,
    );
    if (both && tensors.every((tensor) => isSecondHalf(both.get(tensor)!, probed.get(tensor)!))) {
      return { model: free, plan: { ...fixed, freeBatch: true, input: freeInput } };
    }
  }
  return { model: trimModel(original, fixed), plan: fixed };
}

/** The tensors that a layer's name means: the one of that name, else those of its parts between plus signs. */
function chooseTensors(index: GraphIndex, path: string, layer: string | undefined): string[] {
  const name = layer ?? findFeaturePoint(index)?.tensor;
  if (name === undefined) {
    throw new CovistaError('usage', `${path} has no last fully connected layer that could be removed.`, {
      hint: 'Choose a layer: list them with `covista models inspect <file>` and add one: onnx:<file>,layer=<name>.',
    });
  }
  // A tensor may have a plus in its name.
  if (index.producers.has(name)) return [name];
  const tensors = name.split('+');
  for (const [i, tensor] of tensors.entries()) {
    if (tensor === '') {
      throw new CovistaError('usage', `An empty name is among the layers "${name}".`, {
        hint: 'Name one layer, or several with a plus between them: layer=<name>+<name>.',
      });
    }
    if (!index.producers.has(tensor)) {
      throw new CovistaError('usage', `${path} has no layer named ${tensor}.`, {
        hint: 'List its layers with `covista models inspect <file>`.',
      });
    }
    if (tensors.indexOf(tensor) < i) {
      throw new CovistaError('usage', `The layer "${name}" names ${tensor} twice.`, {
        hint: 'Name every layer once: its numbers would only be there twice.',
      });
    }
  }
  return tensors;
}

/** @throws CovistaError `usage` when a tensor cannot be pooled to one vector of floats a picture */
function describeTap(
  path: string,
  tensor: string,
  { dims, type }: ProbedTensor,
  batch: number,
  channelsLast: boolean,
): Tap {
  const pooling = choosePooling(dims, batch, channelsLast);
  if (pooling === undefined || !/^float/.test(type)) {
    const shape = `${type} [${dims.join(', ')}]`;
    throw new CovistaError('usage', `${path}: the layer ${tensor} is ${shape}, which is not a feature.`, {
      hint: 'Choose a layer of floats with 2 to 4 dimensions whose first is the number of pictures.',
    });
  }
  return { tensor, pooling, size: pooling === 'channels-first' ? dims[1]! : dims.at(-1)! };
}

function choosePooling(dims: readonly number[], batch: number, channelsLast: boolean): Pooling | undefined {
  if (dims[0] !== batch) return undefined;
  if (dims.length === 2) return 'none';
  if (dims.length === 3) return 'first-token';
  return dims.length === 4 ? (channelsLast ? 'channels-last' : 'channels-first') : undefined;
}

/** Pictures that differ from each other, of no meaning. */
function patterns(count: number, input: PictureInput, imageSize: number): Float32Array {
  const length = 3 * (input.height ?? imageSize) * (input.width ?? imageSize);
  return Float32Array.from(
    { length: count * length },
    (_, i) => ((i * 7919) % 257) / 257 + i / (count * length),
  );
}

/** Whether a tensor of two batches has in its second half what the second batch gave alone. */
function isSecondHalf(both: ProbedTensor, alone: ProbedTensor): boolean {
  const expected = alone.data as Float32Array;
  const got = both.data as Float32Array;
  if (both.dims[0] !== 2 * alone.dims[0]! || got.length !== 2 * expected.length) return false;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const offset = expected.length;
  return expected.every((value, i) => Math.abs(value - got[offset + i]!) <= 1e-3 * largest + 1e-6);
}

/** Reads what was written beside a trimmed network; it is there only when the network is complete. */
async function readDescription(file: string): Promise<FeatureModel | undefined> {
  try {
    const description = JSON.parse(await readFile(`${file}.json`, 'utf8')) as FeatureModel;
    await access(file);
    return { ...description, file };
  } catch {
    return undefined;
  }
}

async function writeDescription(file: string, description: FeatureModel): Promise<void> {
  const { file: _, ...rest } = description;
  await publish(`${file}.json`, (partial) => writeFile(partial, JSON.stringify(rest, undefined, 2)));
}
