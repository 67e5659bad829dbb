import { z } from 'zod';
import { CovistaError, inOneLine } from '../errors.ts';
import type { Preprocessing } from './preprocessing.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const pixels = z.number().int().min(1).max(4096);
const area = z.union([
  pixels,
  z.object({ height: pixels, width: pixels }),
  z.object({ shortest_edge: pixels }),
]);

/** The part of a preprocessor_config.json that decides about pixels. */
const configSchema = z.object({
  size: area.optional(),
  crop_size: area.optional(),
  crop_pct: z.number().gt(0).max(1).nullish(),
  do_center_crop: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  do_rescale: z.boolean().nullish(),
  do_flip_channel_order: z.boolean().nullish(),
  rescale_factor: z.number().gt(0).nullish(),
  image_mean: triple.nullish(),
  image_std: triple.nullish(),
});

/**
 * Reads the preprocessing of a Hugging Face vision model.
 * @param json the content of its preprocessor_config.json
 * @param path what to call the file in an error
 * @throws CovistaError `bad-format` when it is not such a file
 */
export function readHuggingFacePreprocessing(json: string, path: string): Preprocessing {
  const config = parse(json, path);
  const factor = config.do_rescale === false ? 1 : (config.rescale_factor ?? 1 / 255);
  const normalize = config.do_normalize !== false && config.image_mean && config.image_std;
  const mean = normalize ? config.image_mean! : ([0, 0, 0] as const);
  const deviation = normalize ? config.image_std! : ([1, 1, 1] as const);
  return {
    ...geometry(config),
    mean: [mean[0] / factor, mean[1] / factor, mean[2] / factor],
    scale: [factor / deviation[0], factor / deviation[1], factor / deviation[2]],
    channelOrder: config.do_flip_channel_order ? 'bgr' : 'rgb',
    layout: 'nchw',
  };
}

function parse(json: string, path: string): z.infer<typeof configSchema> {
  try {
    return configSchema.parse(JSON.parse(json));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? inOneLine(z.prettifyError(cause)) : String(cause);
    throw new CovistaError('bad-format', `${path} is not a preprocessor configuration: ${reason}`, { cause });
  }
}

function geometry(
  config: z.infer<typeof configSchema>,
): Pick<Preprocessing, 'width' | 'height' | 'fit' | 'cropFraction'> {
  const { size = 224, crop_size: cropSize } = config;
  const cropped = config.do_center_crop === true && cropSize !== undefined;
  if (cropped) {
    const crop = sides(cropSize);
    const before = Math.min(...Object.values(sides(size)));
    return { ...crop, fit: 'cover', cropFraction: Math.min(1, Math.min(crop.width, crop.height) / before) };
  }
  // ConvNeXT names the crop by its share; a bare number means squeezing to a square, as ViT's first versions did.
  if (config.crop_pct) return { ...sides(size), fit: 'cover', cropFraction: config.crop_pct };
  const shortest = typeof size === 'object' && 'shortest_edge' in size;
  return { ...sides(size), fit: shortest ? 'cover' : 'fill' };
}

function sides(size: z.infer<typeof area>): { width: number; height: number } {
  if (typeof size === 'number') return { width: size, height: size };
  if ('shortest_edge' in size) return { width: size.shortest_edge, height: size.shortest_edge };
  return { width: size.width, height: size.height };
}
