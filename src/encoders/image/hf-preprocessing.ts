import { type HuggingFaceConfig, parseConfig, type Refuse, refusing } from './hf-config.ts';
import { geometryOf, isKnownKind } from './hf-geometry.ts';
import type { Preprocessing, Resampling } from './preprocessing.ts';

/** PIL's filters by their numbers, and by open_clip's names, of which `random` means this one outside of training. */
const FILTERS: Readonly<Record<string, Resampling>> = {
  1: 'lanczos3',
  2: 'linear',
  3: 'cubic',
  lanczos: 'lanczos3',
  bilinear: 'linear',
  bicubic: 'cubic',
  random: 'cubic',
};

/**
 * Reads the preprocessing of a Hugging Face vision model. What is not understood is refused, since pictures that are
 * prepared in another way than in training give features that are wrong without a word.
 * @param json the content of its preprocessor_config.json
 * @param path what to call the file in an error
 * @throws CovistaError `bad-format` when it is not such a file, or asks for what is not read
 */
export function readHuggingFacePreprocessing(json: string, path: string): Preprocessing {
  const refuse = refusing(path);
  const config = parseConfig(json, path, refuse);
  const kind = kindOf(config, refuse);
  if (config.do_resize === false) refuse('do_resize', false, 'but networks take pictures of one size here');
  if (config.mode && config.mode !== 'RGB') refuse('mode', config.mode);
  return {
    ...geometryOf(config, kind, refuse),
    resampling: resamplingOf(config, refuse),
    ...valuesOf(config, refuse),
    channelOrder: config.do_flip_channel_order ? 'bgr' : 'rgb',
    layout: 'nchw',
  };
}

/** The kind of image processor, without its suffixes: `CLIP`, `ViT`; undefined where the configuration names none. */
function kindOf(config: HuggingFaceConfig, refuse: Refuse): string | undefined {
  const key = config.image_processor_type ? 'image_processor_type' : 'feature_extractor_type';
  const name = config[key];
  if (!name) return undefined;
  const kind = name.replace(/(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/, '');
  return isKnownKind(kind) ? kind : refuse(key, name);
}

function resamplingOf(config: HuggingFaceConfig, refuse: Refuse): Resampling | undefined {
  const key = typeof config.resample === 'number' ? 'resample' : 'interpolation';
  const filter = config[key];
  if (filter === undefined || filter === null) return undefined;
  return FILTERS[filter] ?? refuse(key, filter, 'a filter that is not there');
}

/** What becomes of the values of pixels. */
function valuesOf(config: HuggingFaceConfig, refuse: Refuse): Pick<Preprocessing, 'mean' | 'scale'> {
  const factor = config.do_rescale === false ? 1 : (config.rescale_factor ?? 1 / 255);
  const mean = config.image_mean ?? config.mean;
  const deviation = config.image_std ?? config.std;
  if (config.do_normalize === false || (!mean && !deviation && config.do_normalize !== true))
    return { mean: [0, 0, 0], scale: [factor, factor, factor] };
  if (!mean) return refuse('image_mean', undefined, 'but pictures are to be normalised');
  if (!deviation) return refuse('image_std', undefined, 'but pictures are to be normalised');
  return {
    mean: [mean[0] / factor, mean[1] / factor, mean[2] / factor],
    scale: [factor / deviation[0], factor / deviation[1], factor / deviation[2]],
  };
}
