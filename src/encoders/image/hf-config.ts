import { z } from 'zod';
import { CovistaError } from '../../base/errors.ts';

const triple = z
  .union([z.number(), z.tuple([z.number(), z.number(), z.number()])])
  .transform((value): readonly [number, number, number] =>
    typeof value === 'number' ? [value, value, value] : value,
  );
const deviations = triple.refine((value) => value.every((one) => one > 0), 'has to be above 0');
const pixels = z.number().int().min(1).max(4096);
const area = z.union([
  pixels,
  z.strictObject({ height: pixels, width: pixels }),
  z.strictObject({ shortest_edge: pixels }),
]);
const text = z.string().nullish();

/**
 * The part of a preprocessor_config.json that decides about pixels, in the words of transformers and, from
 * `interpolation` on, in those of open_clip, which jina-clip's models use.
 */
const configSchema = z.object({
  image_processor_type: text,
  feature_extractor_type: text,
  do_resize: z.boolean().nullish(),
  size: area.nullish(),
  default_to_square: z.boolean().nullish(),
  resample: z.number().int().nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: area.nullish(),
  crop_pct: z.number().gt(0).max(1).nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().gt(0).nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: triple.nullish(),
  image_std: deviations.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
  interpolation: text,
  resize_mode: text,
  mean: triple.nullish(),
  std: deviations.nullish(),
  mode: text,
});

/** What decides about pixels. */
export type HuggingFaceConfig = z.infer<typeof configSchema>;

/** What a configuration may hold besides, as it changes no number that reaches the network. */
const INERT: ReadonlySet<string> = new Set([
  ...['processor_class', 'auto_map', '_valid_processor_keys', 'model_input_names', 'transformers_version'],
  ...['data_format', 'input_data_format', 'return_tensors', 'device', 'disable_grouping', '_name_or_path'],
  ...['do_convert_rgb', 'do_reduce_labels', 'reduce_labels', 'image_seq_length', 'num_channels'],
  // The colour of borders, which no layout that is read has.
  'fill_color',
]);

/** Says that a configuration holds something that is not understood. */
export type Refuse = (key: string, value: unknown, why?: string) => never;

/**
 * Makes the function that refuses a configuration by what it says, or lacks where the value is undefined.
 * @param path what to call the file
 */
export function refusing(path: string): Refuse {
  return (key, value, why = 'which is not understood') => {
    const said = value === undefined ? `lacks "${key}"` : `says "${key}": ${JSON.stringify(value)}`;
    throw new CovistaError('bad-format', `${path} ${said}, ${why}.`, {
      hint: 'Say how pictures are prepared: add ,preprocessing= and a preset to the name of the encoder (docs/encoders.md).',
    });
  };
}

/**
 * Reads a preprocessor_config.json, all of which has to be understood.
 * @throws CovistaError `bad-format` when it is something else, or holds what is not understood
 */
export function parseConfig(json: string, path: string, refuse: Refuse): HuggingFaceConfig {
  const fail = (reason: string, cause: unknown): never => {
    throw new CovistaError('bad-format', `${path} is not a preprocessor configuration: ${reason}`, { cause });
  };
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch (cause) {
    return fail(String(cause), cause);
  }
  const parsed = configSchema.safeParse(content);
  if (!parsed.success) {
    const [key] = parsed.error.issues[0]!.path;
    if (typeof key !== 'string') return fail(z.prettifyError(parsed.error), parsed.error);
    return refuse(key, (content as Record<string, unknown>)[key]);
  }
  for (const [key, value] of Object.entries(content as object)) {
    // What is off does nothing, whatever it is.
    const off = value === null || value === false;
    if (!off && !INERT.has(key) && !(key in configSchema.shape)) refuse(key, value);
  }
  return parsed.data;
}
