import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { type Matrix32, zeros32 } from '../../linalg/matrix.ts';
import { type RunSettings, settingsFromEnvironment } from '../../onnx/run/run-settings.ts';
import { type SessionInfo, type SessionSettings, SessionThread } from '../../onnx/run/session-thread.ts';
import type { SentenceEncoder } from '../../text/sentence-encoder.ts';
import type { SentenceTokenizer } from './sentence-tokenizer.ts';

/**
 * How the vectors of a text's tokens become one: their mean, the first one's, or the last one's. An output that is one
 * vector a text is taken as it is.
 */
export type Pooling = 'mean' | 'cls' | 'last';

/** What a session's worker is started with. */
export interface SentenceSessionSettings extends SessionSettings {
  readonly pooling: Pooling;
}

/** Texts as tokens: `ids` holds count x the longest text's length, of each text so many as `lengths` says. */
export interface SentenceBatch {
  /** The graph's output that is wanted. */
  readonly output: string;
  readonly ids: Int32Array;
  readonly count: number;
  readonly lengths: readonly number[];
}

/** Outputs that are one vector a text, made for comparing, by their usual names. */
const EMBEDDINGS = ['text_embeds', 'text_embeddings', 'sentence_embedding'];

/** Outputs that are pooled here. */
const TOKENS = ['last_hidden_state', 'token_embeddings'];

/**
 * What a text tower gives in place of an embedding. The same name stands for something else in a sentence transformer:
 * what BERT predicts the next sentence from.
 */
const POOLED = 'pooler_output';

/** What a network needs to encode texts. */
export interface SentenceNetwork {
  readonly id: string;
  /** Path of the .onnx file. */
  readonly model: string;
  readonly tokenizer: SentenceTokenizer;
  readonly pooling: Pooling;
  /** Whether it is the text tower of a model that joins pictures and text: its embedding is no mean over tokens. */
  readonly tower: boolean;
  /** Name of the graph's output; found by its name when left out. */
  readonly output: string | undefined;
  readonly run?: RunSettings | undefined;
}

/** Texts of one length that the network is given at once. */
const BATCH = 16;

/** The sentence encoder of one output of a network. */
class NetworkEncoder implements SentenceEncoder {
  readonly id: string;
  readonly size: number;
  readonly #thread: SessionThread<SentenceBatch>;
  readonly #tokenizer: SentenceTokenizer;
  readonly #output: string;
  readonly #batch: number;
  readonly #signal: AbortSignal | undefined;

  constructor(
    id: string,
    tokenizer: SentenceTokenizer,
    thread: SessionThread<SentenceBatch>,
    output: string,
    size: number,
    batch: number,
    signal: AbortSignal | undefined,
  ) {
    this.id = id;
    this.size = size;
    this.#thread = thread;
    this.#tokenizer = tokenizer;
    this.#output = output;
    this.#batch = batch;
    this.#signal = signal;
  }

  /** Texts of the same number of tokens go together, so that a vector does not depend on which others there are. */
  async encode(texts: readonly string[]): Promise<Matrix32> {
    throwIfAborted(this.#signal);
    const vectors = zeros32(texts.length, this.size);
    const tokens = texts.map((text) => this.#tokenizer.encode(text));
    const byLength = Map.groupBy(tokens.keys(), (i) => tokens[i]!.length);
    const batches = [...byLength.values()].flatMap((rows) =>
      Array.from({ length: Math.ceil(rows.length / this.#batch) }, (_, i) =>
        rows.slice(i * this.#batch, (i + 1) * this.#batch),
      ),
    );
    await Promise.all(
      batches.map(async (rows) => {
        const some = rows.map((i) => tokens[i]!);
        const result = await this.#thread.run(batchOf(some, this.#tokenizer, this.#output));
        rows.forEach((to, from) => {
          vectors.data.set(result.subarray(from * this.size, (from + 1) * this.size), to * this.size);
        });
      }),
    );
    return vectors;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

function batchOf(
  tokens: readonly number[][],
  { fill, pad }: SentenceTokenizer,
  output: string,
): SentenceBatch {
  const length = fill ?? tokens[0]!.length;
  const ids = new Int32Array(tokens.length * length).fill(pad);
  tokens.forEach((some, i) => {
    ids.set(some, i * length);
  });
  return { output, ids, count: tokens.length, lengths: tokens.map((some) => fill ?? some.length) };
}

/**
 * Opens a network that reads texts, in a thread of its own.
 * @throws CovistaError `bad-format` when it cannot be run or is no text network; `usage` when it has no such output
 */
export async function openSentenceNetwork(
  network: SentenceNetwork,
  { signal }: WorkOptions = {},
): Promise<SentenceEncoder> {
  const { model, pooling } = network;
  const { provider, threads, batch } = settingsFromEnvironment() ?? network.run ?? {};
  const worker = new URL('./sentence.worker', import.meta.url);
  const settings: SentenceSessionSettings = { model, provider, threads, pooling };
  const thread = await SessionThread.open<SentenceBatch>(worker, settings);
  try {
    requireTokens(thread.info, model);
    const output = chooseOutput(thread.info, network);
    const probe = await thread.run(batchOf([network.tokenizer.encode('a')], network.tokenizer, output));
    if (probe.length === 0 || !probe.every(Number.isFinite))
      throw new CovistaError('bad-format', `${model} gives no usable vector for a text.`);
    const id = idOf(network, output);
    return new NetworkEncoder(id, network.tokenizer, thread, output, probe.length, batch ?? BATCH, signal);
  } catch (error) {
    await thread.close();
    throw error;
  }
}

function requireTokens({ inputs }: SessionInfo, model: string): void {
  if (inputs.some(({ name }) => name === 'input_ids')) return;
  throw new CovistaError(
    'bad-format',
    `${model} is no text network: it has no input input_ids, but ${inputs.map(({ name }) => name).join(', ')}.`,
    { hint: 'Give the text tower of a model that joins pictures and text: onnx/text_model.onnx.' },
  );
}

/** What decides about vectors besides the network and the pooling is part of the name that they are kept under. */
function idOf({ id, output, tokenizer }: SentenceNetwork, chosen: string): string {
  const pooled = output === undefined && chosen === POOLED ? ` ${POOLED}` : '';
  return `${id}${pooled}${tokenizer.fill === undefined ? '' : ` filled to ${tokenizer.fill}`}`;
}

function chooseOutput({ outputs }: SessionInfo, { output, model, tower }: SentenceNetwork): string {
  const usual = tower ? [...EMBEDDINGS, POOLED] : [...EMBEDDINGS, ...TOKENS, POOLED];
  const only = outputs.length === 1 && !(tower && TOKENS.includes(outputs[0]!)) ? outputs[0] : undefined;
  const chosen = output ?? usual.find((name) => outputs.includes(name)) ?? only;
  if (chosen !== undefined && outputs.includes(chosen)) return chosen;
  const lacks =
    chosen === undefined ? 'no output that is known to be the vector of a text' : `no output ${chosen}`;
  throw new CovistaError('usage', `${model} has ${lacks}.`, {
    hint: `Its outputs: ${outputs.join(', ')}. Add ,output= and the name of one to that of the encoder.`,
  });
}
