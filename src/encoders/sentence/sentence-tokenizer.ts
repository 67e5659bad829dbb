import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { CovistaError, inOneLine } from '../../base/errors.ts';

/** Turns texts into what a network reads. */
export interface SentenceTokenizer {
  /** Numbers of the tokens of a text with those that begin and end it, cut to the longest text that the network takes. */
  encode(text: string): number[];
  /** Number of the token that fills what is too short. */
  readonly pad: number;
  /** Tokens that every text has to be filled up to; undefined where texts keep their length. */
  readonly fill: number | undefined;
}

/** What a network needs to know of the model that it is part of. */
export interface TextModel {
  readonly tokenizer: SentenceTokenizer;
  /** Whether it is one half of a model that joins pictures and text, going by its configuration. */
  readonly joinsPictures: boolean;
}

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.unknown() }),
  truncation: z.looseObject({ max_length: z.number().int().positive() }).nullish(),
  padding: z.looseObject({ pad_id: z.number().int() }).nullish(),
});
const tokenizerConfigSchema = z.looseObject({
  tokenizer_class: z.string().nullish(),
  processor_class: z.string().nullish(),
  model_max_length: z.number().positive().nullish(),
  pad_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});
const textConfigSchema = z.looseObject({
  model_type: z.string().nullish(),
  max_position_embeddings: z.number().int().positive().nullish(),
});
const modelConfigSchema = textConfigSchema.extend({
  text_config: textConfigSchema.nullish(),
  vision_config: z.unknown().optional(),
});

/** Longest text where nothing says how long one may be. */
const USUAL_LENGTH = 512;

/** Lengths above are none: transformers writes 1e30 where a tokenizer has no limit. */
const LARGEST_LENGTH = 1_000_000;

/** Length that SigLIP's text towers are trained with, which their configurations leave out (Zhai et al. 2023, 2025). */
const SIGLIP_LENGTH = 64;

/** Types of models that join pictures and text, and of their text towers alone. */
const JOINING = /clip|_text_model$/;

/** Models whose positions begin behind the padding token's number: two of them hold no token. */
const OFFSET_POSITIONS = /roberta|camembert|mpnet|xmod|longformer/;

/**
 * Reads a tokenizer as the tokenizers library of Hugging Face writes it, and what is said about its model.
 * @param files paths of tokenizer.json and, where they are there, tokenizer_config.json and config.json
 * @throws CovistaError `bad-format` when one of them is not what it should be
 */
export async function readTextModel(files: {
  readonly tokenizer: string;
  readonly tokenizerConfig: string | undefined;
  readonly config: string | undefined;
}): Promise<TextModel> {
  const json = await parse(files.tokenizer, tokenizerSchema);
  const settings =
    files.tokenizerConfig === undefined ? {} : await parse(files.tokenizerConfig, tokenizerConfigSchema);
  const model: z.infer<typeof modelConfigSchema> =
    files.config === undefined ? {} : await parse(files.config, modelConfigSchema);
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(json, settings);
    tokenizer.encode('a');
  } catch (cause) {
    throw new CovistaError('bad-format', `${files.tokenizer} cannot be used: ${(cause as Error).message}.`, {
      hint: 'It has to be a tokenizer.json of the Hugging Face tokenizers library.',
      cause,
    });
  }
  const types = [model.model_type, model.text_config?.model_type].map((type) => type ?? '');
  const siglip =
    types.some((type) => type.startsWith('siglip')) ||
    [settings.tokenizer_class, settings.processor_class].some((name) => name?.startsWith('Siglip'));
  const positions = model.text_config?.max_position_embeddings ?? model.max_position_embeddings;
  const limits = [
    json.truncation?.max_length,
    settings.model_max_length,
    positions && positions - (types.some((type) => OFFSET_POSITIONS.test(type)) ? 2 : 0),
    siglip && !positions ? SIGLIP_LENGTH : undefined,
  ].filter((limit): limit is number => typeof limit === 'number' && limit <= LARGEST_LENGTH);
  const longest = Math.max(2, Math.floor(limits.length === 0 ? USUAL_LENGTH : Math.min(...limits)));
  const padToken = typeof settings.pad_token === 'object' ? settings.pad_token?.content : settings.pad_token;
  const pad = padToken ? tokenizer.token_to_id(padToken) : undefined;
  return {
    joinsPictures:
      siglip ||
      (Boolean(model.text_config) && Boolean(model.vision_config)) ||
      types.some((type) => JOINING.test(type)),
    tokenizer: {
      pad: pad ?? json.padding?.pad_id ?? 0,
      // SigLIP's text tower has no mask: it was trained on texts filled up to its length.
      fill: siglip ? longest : undefined,
      encode(text) {
        // SigLIP was trained on lower case, which the tokenizers of SigLIP 2, Gemma's, do not see to.
        const { ids } = tokenizer.encode(siglip ? text.toLowerCase() : text);
        return ids.length <= longest ? ids : [...ids.slice(0, longest - 1), ids.at(-1)!];
      },
    },
  };
}

async function parse<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? inOneLine(z.prettifyError(cause)) : (cause as Error).message;
    throw new CovistaError('bad-format', `${path} cannot be understood: ${reason}`, { cause });
  }
}
