import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onnxDataType, onnxModel, valueInfo, writeOnnxModel } from '../../../src/encoders/index.ts';
import { createRandom } from '../../../src/linalg/index.ts';
import { NetworkBuilder } from '../../onnx/graph/onnx-networks.ts';

/** Length of a vector of the networks made here. */
export const SENTENCE_SIZE = 24;

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];

/** A word or its parts, as WordPiece writes them: `jump`, `##ing`. */
export function vocabularyOf(words: readonly string[]): string[] {
  return [...SPECIAL, ...words, '##s', '##ing'];
}

/**
 * tokenizer.json as the tokenizers library writes it for BERT.
 * @param options `longest`: tokens of a text; `lowercase`: whether the tokenizer sees to lower case
 */
export function bertTokenizer(
  words: readonly string[],
  { longest, lowercase = true }: { longest?: number; lowercase?: boolean } = {},
): string {
  const special = (content: string, id: number) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return JSON.stringify({
    version: '1.0',
    truncation:
      longest === undefined
        ? null
        : { direction: 'Right', max_length: longest, strategy: 'LongestFirst', stride: 0 },
    padding: null,
    added_tokens: SPECIAL.map(special),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [piece('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, piece('[SEP]')],
      pair: [piece('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, piece('[SEP]')],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [SPECIAL.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabularyOf(words).map((token, i) => [token, i])),
    },
  });
}

/** An encoder of one layer of self-attention with seeded embeddings: `last_hidden_state`, as sentence transformers give. */
function attentionNetwork(tokens: number) {
  const builder = new NetworkBuilder();
  const embedded = builder.node('Gather', [embeddings(builder, tokens, 3), 'input_ids']);
  const x = builder.node('Add', [
    embedded,
    builder.node('Gather', [embeddings(builder, 2, 4), 'token_type_ids']),
  ]);
  const mask = builder.node('Cast', ['attention_mask'], { to: onnxDataType.float32 });
  const bias = builder.node('Mul', [
    builder.node('Sub', [mask, builder.values([1], [1])]),
    builder.values([1], [10_000]),
  ]);
  const products = builder.node('MatMul', [x, builder.node('Transpose', [x], { perm: [0, 2, 1] })]);
  const scores = builder.node('Add', [
    builder.node('Div', [products, builder.values([1], [Math.sqrt(SENTENCE_SIZE)])]),
    builder.node('Unsqueeze', [bias, builder.int64([1])]),
  ]);
  const attended = builder.node('MatMul', [builder.node('Softmax', [scores], { axis: -1 }), x]);
  builder.node('Add', [attended, x], {}, 'last_hidden_state');
  return textModel(
    builder,
    ['input_ids', 'attention_mask', 'token_type_ids'],
    valueInfo('last_hidden_state', ['n', 'tokens', SENTENCE_SIZE]),
  );
}

/** A text tower as of CLIP: no mask, and one projected vector a text in `text_embeds`. */
function textTower(tokens: number) {
  const builder = new NetworkBuilder();
  const x = builder.node('Gather', [embeddings(builder, tokens, 5), 'input_ids']);
  const mean = builder.node('ReduceMean', [x], { axes: [1], keepdims: 0 });
  builder.node('MatMul', [mean, embeddings(builder, SENTENCE_SIZE, 6)], {}, 'text_embeds');
  return textModel(builder, ['input_ids'], valueInfo('text_embeds', ['n', SENTENCE_SIZE]));
}

/** Tokens that a text tower as of SigLIP reads, never fewer. */
export const TOWER_LENGTH = 64;

/**
 * A text tower as of SigLIP: no mask, the embedding in `pooler_output`, made of all positions, those of padding too.
 * @param outputs which ones it has
 * @param positions how many tokens a text has to have; any number when undefined
 */
function pooledTower(tokens: number, outputs: readonly string[], positions: number | undefined) {
  const builder = new NetworkBuilder();
  const embedded = builder.node('Gather', [embeddings(builder, tokens, 8), 'input_ids']);
  const x =
    positions === undefined ? embedded : builder.node('Mul', [embedded, embeddings(builder, positions, 7)]);
  builder.node('Identity', [x], {}, 'last_hidden_state');
  const mean = builder.node('ReduceMean', [x], { axes: [1], keepdims: 0 });
  builder.node('MatMul', [mean, embeddings(builder, SENTENCE_SIZE, 9)], {}, 'pooler_output');
  const all = [
    valueInfo('last_hidden_state', ['n', 'tokens', SENTENCE_SIZE]),
    valueInfo('pooler_output', ['n', SENTENCE_SIZE]),
  ];
  const [first, ...others] = all.filter(({ name }) => outputs.includes(name!));
  const model = textModel(builder, ['input_ids'], first!);
  return { ...model, graph: { ...model.graph, output: [first!, ...others] } };
}

/** config.json and tokenizer_config.json as they are published with SigLIP 2, but for the padding token. */
const SIGLIP_2 = {
  config: {
    initializer_factor: 1.0,
    model_type: 'siglip',
    text_config: { model_type: 'siglip_text_model', vocab_size: 256000 },
    transformers_version: '4.49.0.dev0',
    vision_config: { model_type: 'siglip_vision_model' },
  },
  tokenizer: {
    add_bos_token: false,
    add_eos_token: true,
    model_max_length: 1e30,
    pad_token: '[PAD]',
    processor_class: 'SiglipProcessor',
    tokenizer_class: 'GemmaTokenizer',
  },
};

/**
 * Writes a model in the layout of transformers.js as SigLIP 2's is published: a tokenizer that keeps capitals and states
 * no length.
 * @param options `outputs` of the network; `positions`: how many tokens it takes, 0 for any number; `config`, `tokenizer`:
 *   config.json and tokenizer_config.json
 */
export async function writeTowerModel(
  folder: string,
  words: readonly string[],
  {
    outputs = ['last_hidden_state', 'pooler_output'],
    positions = TOWER_LENGTH,
    config = SIGLIP_2.config,
    tokenizer = SIGLIP_2.tokenizer,
  }: {
    outputs?: readonly string[];
    positions?: number | undefined;
    config?: object;
    tokenizer?: object;
  } = {},
): Promise<void> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'tokenizer.json'), bertTokenizer(words, { lowercase: false }));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const model = pooledTower(vocabularyOf(words).length, outputs, positions || undefined);
  await writeOnnxModel(join(folder, 'onnx/text_model.onnx'), model);
}

function embeddings(builder: NetworkBuilder, rows: number, seed: number): string {
  const random = createRandom(seed);
  return builder.values(
    [rows, SENTENCE_SIZE],
    Float32Array.from({ length: rows * SENTENCE_SIZE }, () => random.normal()),
  );
}

function textModel(builder: NetworkBuilder, inputs: readonly string[], output: ReturnType<typeof valueInfo>) {
  return onnxModel(
    {
      ...builder.graph(['n'], output.name!),
      input: inputs.map((name) => valueInfo(name, ['n', 'tokens'], onnxDataType.int64)),
      output: [output],
    },
    13,
  );
}

/**
 * Writes a model in the layout of transformers.js.
 * @param kind `sentence`: a sentence transformer with onnx/model.onnx; `clip`: both towers' text half, onnx/text_model.onnx
 */
export async function writeSentenceModel(
  folder: string,
  words: readonly string[],
  kind: 'sentence' | 'clip' = 'sentence',
): Promise<void> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  const tokens = vocabularyOf(words).length;
  await writeFile(join(folder, 'tokenizer.json'), bertTokenizer(words));
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'BertTokenizer', pad_token: '[PAD]', model_max_length: 16 }),
  );
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ model_type: kind === 'clip' ? kind : 'bert' }),
  );
  if (kind === 'clip') await writeOnnxModel(join(folder, 'onnx/text_model.onnx'), textTower(tokens));
  else await writeOnnxModel(join(folder, 'onnx/model.onnx'), attentionNetwork(tokens));
}
