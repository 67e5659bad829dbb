import { CovistaError, throwIfAborted } from '../errors.ts';
import { type Matrix32, zeros32 } from '../linalg/matrix.ts';
import type { WorkOptions } from '../progress.ts';
import type { SentenceEncoder } from '../text/sentence-encoder.ts';
import { type RunSettings, settingsFromEnvironment } from './run-settings.ts';
import type { SentenceTokenizer } from './sentence-tokenizer.ts';
import { type SessionInfo, type SessionSettings, SessionThread } from './session-thread.ts';

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

/** Outputs by their usual names, the best first. */
const OUTPUTS = [
  'text_embeds',
  'sentence_embedding',
  'last_hidden_state',
  'token_embeddings',
  'pooler_output',
];

/** What a network needs to encode texts. */
export interface SentenceNetwork {
  readonly id: string;
  /** Path of the .onnx file. */
  readonly model: string;
  readonly tokenizer: SentenceTokenizer;
  readonly pooling: Pooling;
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
    network: Pick<SentenceNetwork, 'id' | 'tokenizer'>,
    thread: SessionThread<SentenceBatch>,
    output: string,
    size: number,
    batch: number,
    signal: AbortSignal | undefined,
  ) {
    this.id = network.id;
    this.size = size;
    this.#thread = thread;
    this.#tokenizer = network.tokenizer;
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
    return new NetworkEncoder(network, thread, output, probe.length, batch ?? BATCH, signal);
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

function chooseOutput({ outputs }: SessionInfo, { output, model }: SentenceNetwork): string {
  const chosen = output ?? OUTPUTS.find((name) => outputs.includes(name)) ?? outputs[0]!;
  if (outputs.includes(chosen)) return chosen;
  throw new CovistaError('usage', `${model} has no output ${chosen}.`, {
    hint: `Its outputs: ${outputs.join(', ')}.`,
  });
}
