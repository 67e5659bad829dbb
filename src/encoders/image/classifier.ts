import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { checkOptions } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import { type FeatureModelOptions, prepareFeatureModel } from '../../onnx/graph/onnx-feature-model.ts';
import type { RunSettings } from '../../onnx/run/run-settings.ts';
import { recognizePreprocessing } from './classifier-preprocessing.ts';
import { encoderRules } from './encoder-rules.ts';
import type { ImageEncoder } from './image-encoder.ts';
import { createOnnxEncoder, type MeasuringOptions } from './onnx-encoder.ts';
import type { Preprocessing } from './preprocessing.ts';
import { type PreprocessingName, preprocessingPresets } from './preprocessing-presets.ts';

/** How a network becomes an encoder. */
export interface ClassifierOptions extends FeatureModelOptions {
  /** A preset or a description; recognised from the file when left out. */
  readonly preprocessing?: PreprocessingName | Preprocessing | undefined;
  /** Features are means over so many views of a picture: 1 when left out, 2, 7 or 11 (docs/encoders.md). */
  readonly views?: number | undefined;
  /** How the network is run. */
  readonly run?: RunSettings | undefined;
  readonly measuring?: MeasuringOptions | undefined;
}

/**
 * Makes an encoder of any ImageNet classifier in ONNX: its last fully connected layer and all behind it are removed,
 * and what fed it is the feature (Razavian et al., CNN Features off-the-shelf, CVPR Workshops 2014). VGG-16 gives
 * 4,096 numbers, ResNet-50 2,048, MobileNetV2 1,280. A network that ends in `image_embeds`, `pooler_output` or the
 * like gives that. Layers that are named instead make up the feature side by side, a block each.
 * @param path an .onnx file; weights in files beside it are read too
 * @throws CovistaError `not-found`; `bad-format` when it is not an ONNX model that runs; `usage` when there is no such
 *   layer or preset, or no classifier to remove
 */
export async function openClassifier(path: string, options: ClassifierOptions = {}): Promise<ImageEncoder> {
  checkOptions('openClassifier', options, encoderRules);
  const { preprocessing: wanted } = options;
  const imageSize = options.imageSize ?? (typeof wanted === 'object' ? wanted.width : undefined);
  const model = await prepareFeatureModel(path, { ...options, imageSize });
  const chosen = wanted ?? recognizePreprocessing(model, path);
  const preset = typeof chosen === 'string' ? preprocessingPresets[chosen] : chosen;
  if (preset === undefined) {
    throw new CovistaError('usage', `There is no preprocessing named ${String(chosen)}.`, {
      hint: `Choose one of ${Object.keys(preprocessingPresets).join(', ')}.`,
    });
  }
  const side = options.imageSize;
  const preprocessing: Preprocessing = {
    ...preset,
    width: model.input.width ?? side ?? preset.width,
    height: model.input.height ?? side ?? preset.height,
    layout: model.input.channelsLast ? 'nhwc' : 'nchw',
  };
  const layers = model.blocks.map(({ name }) => name).join('+');
  const network = `${basename(path, '.onnx')}-${model.fingerprint}`;
  const { resampling } = preset;
  const manner =
    typeof chosen === 'string' ? `${chosen}${resampling ? `-${resampling}` : ''}` : fingerprint(chosen);
  return createOnnxEncoder({
    id: `onnx:${network}#${layers} ${manner} ${preprocessing.width}x${preprocessing.height}`,
    model: model.file,
    input: model.input.name,
    outputs: [model.output],
    preprocessing,
    blocks: model.blocks,
    views: options.views,
    run: options.run,
    measuring: options.measuring,
  });
}

function fingerprint(preprocessing: Preprocessing): string {
  return createHash('sha256').update(JSON.stringify(preprocessing)).digest('hex').slice(0, 8);
}
