import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { CovistaError, inOneLine } from '../errors.ts';

/** Turns texts into what a network reads. */
export interface SentenceTokenizer {
  /** Numbers of the tokens of a text with those that begin and end it, cut to the longest text that the network takes. */
  encode(text: string): number[];
  /** Number of the token that fills what is too short. */
  readonly pad: number;
  /** Tokens that every text has to be filled up to; undefined where texts keep their length. */
  readonly fill: number | undefined;
}

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.unknown() }),
  truncation: z.looseObject({ max_length: z.number().int().positive() }).nullish(),
  padding: z.looseObject({ pad_id: z.number().int() }).nullish(),
});
const tokenizerConfigSchema = z.looseObject({
  model_max_length: z.number().positive().nullish(),
  pad_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});
const modelConfigSchema = z.looseObject({
  model_type: z.string().optional(),
  max_position_embeddings: z.number().int().positive().optional(),
  text_config: z.looseObject({ max_position_embeddings: z.number().int().positive().optional() }).nullish(),
});

/** Longest text where nothing says how long one may be. */
const USUAL_LENGTH = 512;

/**
 * Reads a tokenizer as the tokenizers library of Hugging Face writes it.
 * @param files paths of tokenizer.json and, where they are there, tokenizer_config.json and config.json
 * @throws CovistaError `bad-format` when one of them is not what it should be
 */
export async function readTokenizer(files: {
  readonly tokenizer: string;
  readonly tokenizerConfig: string | undefined;
  readonly config: string | undefined;
}): Promise<SentenceTokenizer> {
  const json = await parse(files.tokenizer, tokenizerSchema);
  const settings =
    files.tokenizerConfig === undefined ? {} : await parse(files.tokenizerConfig, tokenizerConfigSchema);
  const model = files.config === undefined ? {} : await parse(files.config, modelConfigSchema);
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
  const limits = [
    json.truncation?.max_length,
    settings.model_max_length,
    model.text_config?.max_position_embeddings ?? model.max_position_embeddings,
  ].filter((limit): limit is number => typeof limit === 'number');
  const longest = Math.max(2, Math.min(...limits, limits.length === 0 ? USUAL_LENGTH : Infinity));
  const padToken = typeof settings.pad_token === 'object' ? settings.pad_token?.content : settings.pad_token;
  const pad = padToken ? tokenizer.token_to_id(padToken) : undefined;
  return {
    pad: pad ?? json.padding?.pad_id ?? 0,
    // SigLIP's text tower has no mask: it was trained on texts filled up to its length.
    fill: model.model_type?.startsWith('siglip') ? longest : undefined,
    encode(text) {
      const { ids } = tokenizer.encode(text);
      return ids.length <= longest ? ids : [...ids.slice(0, longest - 1), ids.at(-1)!];
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
