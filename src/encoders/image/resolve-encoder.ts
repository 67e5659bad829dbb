import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { imageEncoderRegistry } from '../registry.ts';
import { fetchOnnxModel, fetchRegistryFile } from '../registry-file.ts';
import { type ClassifierOptions, openClassifier } from './classifier.ts';
import { defaultImageEncoder } from './default-encoder.ts';
import { encoderRules } from './encoder-rules.ts';
import { findHuggingFaceModel } from './hf-model.ts';
import type { ImageEncoder } from './image-encoder.ts';
import { joinEncoders } from './join-encoders.ts';
import type { PreprocessingName } from './preprocessing-presets.ts';
import { viewsOf } from './views.ts';

/** Options of an encoder beyond its name; the default encoder takes the size and views only. */
export interface EncoderOptions extends WorkOptions, Omit<ClassifierOptions, 'cache' | 'measuring'> {
  /**
   * Whether the fastest way to run the network is measured, which takes seconds: `once`, where that was not done on
   * this machine yet, or `again`. Else what was measured before is used.
   */
  readonly measure?: 'once' | 'again' | undefined;
}

/**
 * Opens an image encoder by its name:
 *
 * - nothing or `default`: the encoder that comes with Covista;
 * - `vgg16`, `resnet50`, `clip-vit-b32` ...: a published network, see {@link imageEncoderRegistry};
 * - `onnx:<file or URL>`: an ONNX network, whose classifier is removed;
 * - `hf:<owner/name or folder>`: a vision model of Hugging Face in ONNX.
 *
 * A layer (or several: `layer=fc6+fc7`), a preprocessing preset, the side of the pictures in pixels and the number of
 * views can follow, so that the name alone says everything: `onnx:vgg16.onnx,layer=fc6,preprocessing=keras-caffe-bgr`,
 * `dinov2-small,size=448,views=7`. They win over options. Several encoders with ` + ` between them, a space on both sides
 * of the plus, make one feature of theirs side by side: `default + clip-vit-b32`.
 *
 * @throws CovistaError `usage` for an unknown name or option, or an encoder that is named twice; `not-found`,
 *   `bad-format`, `network`, `integrity`, `aborted`
 * @example
 * const encoder = await resolveEncoder('onnx:vgg16.onnx', { preprocessing: 'keras-caffe-bgr' });
 */
export async function resolveEncoder(
  name: string | undefined,
  given: EncoderOptions = {},
): Promise<ImageEncoder> {
  checkOptions('resolveEncoder', given, encoderRules);
  const opened: ImageEncoder[] = [];
  try {
    for (const one of encoderNames(name ?? 'default')) opened.push(await openEncoder(one, given));
    return opened.length === 1 ? opened[0]! : joinEncoders(opened);
  } catch (error) {
    await Promise.all(opened.map((encoder) => encoder.close()));
    throw error;
  }
}

/** The names of the encoders that a name joins with ` + `; a plus in a path stays what it is. */
export function encoderNames(name: string): string[] {
  return name.split(/ \+ (?=onnx:|hf:|[\w-]+(?:,| \+ |$))/);
}

async function openEncoder(name: string, given: EncoderOptions): Promise<ImageEncoder> {
  const { spec, options: parsed } = parseName(name, given);
  const { signal, onProgress, measure } = given;
  const options = { ...parsed, measuring: { signal, onProgress, measure, name } };
  if (spec === '' || spec === 'default') {
    if ((options.layer ?? options.preprocessing) !== undefined) {
      throw new CovistaError('usage', 'The default encoder has no layer or preprocessing to choose.', {
        hint: 'Name an encoder too, such as onnx:<file>.',
      });
    }
    return defaultImageEncoder(options);
  }
  if (spec.startsWith('onnx:')) {
    const place = spec.slice('onnx:'.length);
    const path = /^https?:\/\//i.test(place) ? await fetchOnnxModel(place, options) : place;
    return openClassifier(path, options);
  }
  if (spec.startsWith('hf:')) {
    const { model, preprocessing } = await findHuggingFaceModel(spec.slice('hf:'.length), options);
    return openClassifier(model, { ...options, preprocessing });
  }
  const entry = imageEncoderRegistry.find(({ name }) => name === spec);
  if (entry === undefined) {
    const names = ['default', ...imageEncoderRegistry.map(({ name }) => name)].join(', ');
    throw new CovistaError('usage', `There is no encoder named ${spec}.`, {
      hint: `Choose one of ${names}, or give onnx:<file or URL> or hf:<owner/name or folder>.`,
    });
  }
  const path = await fetchRegistryFile(entry, options);
  return openClassifier(path, { ...options, preprocessing: options.preprocessing ?? entry.preprocessing });
}

/**
 * The same name with the paths of files and folders from the root, so that it means the same wherever it is read: what
 * is stored with features.
 */
export function absoluteEncoderName(name: string): string {
  return encoderNames(name).map(withAbsolutePath).join(' + ');
}

function withAbsolutePath(name: string): string {
  const [, kind, place, settings] =
    /^(onnx|hf):(.*?)((?:,(?:layer|preprocessing|size|views)=.*)?)$/s.exec(name) ?? [];
  const local = kind === 'onnx' ? !/^https?:/i.test(place!) : kind === 'hf' && existsSync(place!);
  return local ? `${kind}:${resolve(place!)}${settings}` : name;
}

/** Splits `<name>,layer=...,preprocessing=...,size=...,views=...`; a comma in a path or a layer stays what it is. */
function parseName(name: string, given: EncoderOptions): { spec: string; options: EncoderOptions } {
  const [spec = '', ...settings] = name.split(/,(?=(?:layer|preprocessing|size|views)=)/);
  const values = Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s, 2))) as {
    layer?: string;
    preprocessing?: PreprocessingName;
    size?: string;
    views?: string;
  };
  const { layer = given.layer, preprocessing = given.preprocessing, size } = values;
  const imageSize = size === undefined ? given.imageSize : Number(size);
  if (imageSize !== undefined && !(Number.isInteger(imageSize) && imageSize > 0 && imageSize <= 4096)) {
    throw new CovistaError('usage', `${name}: the size has to be a number of pixels from 1 to 4096.`);
  }
  const views = values.views === undefined ? given.views : Number(values.views);
  if (views !== undefined) viewsOf(views);
  return { spec, options: { ...given, layer, preprocessing, imageSize, views } };
}
