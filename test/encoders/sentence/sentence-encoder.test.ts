import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  cachedSentences,
  imageEncoderRegistry,
  resolveSentenceEncoder,
  sentenceEncoderRegistry,
} from '../../../src/encoders/index.ts';
import { row } from '../../../src/linalg/index.ts';
import type { SentenceEncoder } from '../../../src/text/index.ts';
import { scratch } from '../../cli/covista.ts';
import {
  bertTokenizer,
  SENTENCE_SIZE,
  TOWER_LENGTH,
  vocabularyOf,
  writeSentenceModel,
  writeTowerModel,
} from './sentence-model.ts';

const WORDS = ['a', 'dog', 'man', 'jump', 'on', 'the', 'beach', ',', 'cafe'];
const vocabulary = vocabularyOf(WORDS);

let folder: string;
let sentence: string;
let clip: string;

beforeAll(async () => {
  folder = await scratch();
  vi.stubEnv('COVISTA_CACHE', join(folder, 'cache'));
  sentence = join(folder, 'sentence');
  clip = join(folder, 'clip');
  await writeSentenceModel(sentence, WORDS);
  await writeSentenceModel(clip, WORDS, 'clip');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function vectorsOf(name: string, texts: readonly string[]): Promise<number[][]> {
  const encoder = await resolveSentenceEncoder(name);
  try {
    const encoded = await encoder.encode(texts);
    expect([encoder.size, encoded.columns, encoded.rows]).toEqual([
      SENTENCE_SIZE,
      SENTENCE_SIZE,
      texts.length,
    ]);
    return texts.map((_, i) => [...row(encoded, i)]);
  } finally {
    await encoder.close();
  }
}

/** What onnxruntime itself makes of tokens: one row each. */
async function hidden(model: string, tokens: readonly string[], output: string): Promise<number[][]> {
  const session = await InferenceSession.create(model);
  const ids = BigInt64Array.from(tokens, (token) => BigInt(vocabulary.indexOf(token)));
  const shape = [1, tokens.length];
  const all: Record<string, Tensor> = {
    input_ids: new Tensor('int64', ids, shape),
    attention_mask: new Tensor(
      'int64',
      ids.map(() => 1n),
      shape,
    ),
    token_type_ids: new Tensor(
      'int64',
      ids.map(() => 0n),
      shape,
    ),
  };
  const results = await session.run(
    Object.fromEntries(session.inputNames.map((name) => [name, all[name]!])),
    [output],
  );
  const data = results[output]!.data as Float32Array;
  const rows = Array.from({ length: data.length / SENTENCE_SIZE }, (_, i) => [
    ...data.subarray(i * SENTENCE_SIZE, (i + 1) * SENTENCE_SIZE),
  ]);
  await session.release();
  return rows;
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function expectNear(got: readonly number[], expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
}

describe('a sentence transformer in a folder', () => {
  // Lower case, without accents, words in parts, unknown words, and punctuation apart.
  const text = 'A Dog jumps, zebra CAFÉ';
  const tokens = ['[CLS]', 'a', 'dog', 'jump', '##s', ',', '[UNK]', 'cafe', '[SEP]'];
  const model = () => join(sentence, 'onnx/model.onnx');

  test('gives the mean of the tokens of its last layer, at unit length', async () => {
    const rows = await hidden(model(), tokens, 'last_hidden_state');
    const mean = unit(rows[0]!.map((_, i) => rows.reduce((sum, one) => sum + one[i]!, 0) / rows.length));
    expectNear((await vectorsOf(`hf:${sentence}`, [text]))[0]!, mean);
  });

  test('pools otherwise where the name or the model says so', async () => {
    const rows = await hidden(model(), tokens, 'last_hidden_state');
    const [first, last] = [unit(rows[0]!), unit(rows.at(-1)!)];
    expectNear((await vectorsOf(`hf:${sentence},pooling=cls`, [text]))[0]!, first);
    expectNear((await vectorsOf(`hf:${sentence},pooling=last`, [text]))[0]!, last);
    const own = join(folder, 'pooling');
    await writeSentenceModel(own, WORDS);
    await mkdir(join(own, '1_Pooling'));
    await writeFile(join(own, '1_Pooling/config.json'), JSON.stringify({ pooling_mode_cls_token: true }));
    expectNear((await vectorsOf(`hf:${own}`, [text]))[0]!, first);
  });

  test('does not let a text depend on its neighbours, whatever their lengths', async () => {
    const texts = ['dog', 'a dog', 'a man on the beach', '', text, 'the man jumps on the dog'];
    const together = await vectorsOf(`hf:${sentence}`, texts);
    for (const [i, one] of texts.entries())
      expectNear(together[i]!, (await vectorsOf(`hf:${sentence}`, [one]))[0]!);
  });

  test('cuts what is too long and keeps the end', async () => {
    const rows = await hidden(
      model(),
      ['[CLS]', ...Array.from({ length: 14 }, () => 'dog'), '[SEP]'],
      'last_hidden_state',
    );
    const [long] = await vectorsOf(`hf:${sentence},pooling=last`, ['dog '.repeat(40)]);
    expectNear(long!, unit(rows.at(-1)!));
  });

  test('can be given as a file with the tokenizer beside it or above', async () => {
    const [expected] = await vectorsOf(`hf:${sentence}`, [text]);
    expectNear((await vectorsOf(`onnx:${model()}`, [text]))[0]!, expected!);
    expectNear((await vectorsOf(`hf:${sentence},file=onnx/model.onnx`, [text]))[0]!, expected!);
  });
});

test('the text tower of a CLIP-like model gives its embedding, at unit length', async () => {
  const [embedding] = await hidden(
    join(clip, 'onnx/text_model.onnx'),
    ['[CLS]', 'a', 'dog', '[SEP]'],
    'text_embeds',
  );
  const texts = ['a dog', 'the man', 'a dog on the beach'];
  const vectors = await vectorsOf(`hf:${clip}`, texts);
  expectNear(vectors[0]!, unit(embedding!));
  expectNear((await vectorsOf(`hf:${clip}`, ['the man']))[0]!, vectors[1]!);
});

describe('the text tower of a model like SigLIP 2', () => {
  const tokens = ['[CLS]', 'a', 'dog', ',', 'cafe', '[SEP]'];
  const filled = [...tokens, ...Array.from({ length: TOWER_LENGTH - tokens.length }, () => '[PAD]')];
  let tower: string;
  beforeAll(async () => {
    tower = join(folder, 'tower');
    await writeTowerModel(tower, WORDS);
  });
  const model = (place: string) => join(place, 'onnx/text_model.onnx');

  test('gives its embedding of lower case, filled up to 64 tokens', async () => {
    const [pooled] = await hidden(model(tower), filled, 'pooler_output');
    const [vector] = await vectorsOf(`hf:${tower}`, ['A Dog, CAFE']);
    expectNear(vector!, unit(pooled!));
    expectNear((await vectorsOf(`onnx:${model(tower)}`, ['a dog, cafe']))[0]!, vector!);
    const long = await vectorsOf(`hf:${tower}`, ['dog '.repeat(200), 'dog '.repeat(62)]);
    expectNear(long[0]!, long[1]!);
  });

  test('is known by its tokenizer, or by its file, where there is no configuration', async () => {
    const [pooled] = await hidden(model(tower), filled, 'pooler_output');
    const bare = join(folder, 'bare-tower');
    const tokenizer = { tokenizer_class: 'SiglipTokenizer', pad_token: '[PAD]', model_max_length: 64 };
    await writeTowerModel(bare, WORDS, { tokenizer });
    await rm(join(bare, 'config.json'));
    expectNear((await vectorsOf(`hf:${bare}`, ['A dog, cafe']))[0]!, unit(pooled!));
  });

  test('pools tokens where the name asks for it, and has a name of its own for that', async () => {
    const rows = await hidden(model(tower), filled, 'last_hidden_state');
    const mean = unit(rows[0]!.map((_, i) => rows.reduce((sum, one) => sum + one[i]!, 0) / rows.length));
    expectNear((await vectorsOf(`hf:${tower},pooling=mean`, ['a dog, cafe']))[0]!, mean);
    const encoders = await Promise.all(
      [`hf:${tower}`, `hf:${tower},pooling=mean`].map((name) => resolveSentenceEncoder(name)),
    );
    expect(new Set(encoders.map(({ id }) => id)).size).toBe(2);
    await Promise.all(encoders.map((encoder) => encoder.close()));
  });

  test('is refused where it has no embedding', async () => {
    const tokensOnly = join(folder, 'tokens-only');
    await writeTowerModel(tokensOnly, WORDS, { outputs: ['last_hidden_state'] });
    await expect(resolveSentenceEncoder(`hf:${tokensOnly}`)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('text_model.onnx'),
      hint: expect.stringContaining('last_hidden_state'),
    });
  });

  test('is published in the same revision as the vision tower of that name', () => {
    const text = sentenceEncoderRegistry.find(({ name }) => name === 'siglip')!;
    const vision = imageEncoderRegistry.find(({ name }) => name === 'siglip')!;
    const [owner, revision] = text.model.split('@');
    expect(revision).toMatch(/^[0-9a-f]{40}$/);
    expect(vision.url).toContain(`${owner}/resolve/${revision}/`);
  });
});

test('a sentence transformer that has a pooler too gives the mean of its tokens', async () => {
  const both = join(folder, 'both');
  const tokenizer = { tokenizer_class: 'BertTokenizer', pad_token: '[PAD]', model_max_length: 512 };
  await writeTowerModel(both, WORDS, { tokenizer, positions: 0, config: { model_type: 'bert' } });
  await rename(join(both, 'onnx/text_model.onnx'), join(both, 'onnx/model.onnx'));
  const rows = await hidden(
    join(both, 'onnx/model.onnx'),
    ['[CLS]', 'a', 'dog', '[SEP]'],
    'last_hidden_state',
  );
  const mean = unit(rows[0]!.map((_, i) => rows.reduce((sum, one) => sum + one[i]!, 0) / rows.length));
  expectNear((await vectorsOf(`hf:${both}`, ['a dog']))[0]!, mean);
});

test('a length of 1e30 is none, and positions that hold no token are left out', async () => {
  const text = 'dog '.repeat(600);
  const cut = async (config: object, count: number) => {
    const place = join(folder, `positions-${count}`);
    await writeSentenceModel(place, WORDS);
    await writeFile(join(place, 'tokenizer_config.json'), JSON.stringify({ model_max_length: 1e30 }));
    await writeFile(join(place, 'config.json'), JSON.stringify(config));
    const [got, expected] = await vectorsOf(`hf:${place}`, [text, 'dog '.repeat(count - 2)]);
    expectNear(got!, expected!);
    const [shorter] = await vectorsOf(`hf:${place}`, ['dog '.repeat(count - 3)]);
    expect(Math.hypot(...got!.map((value, i) => value - shorter![i]!))).toBeGreaterThan(1e-7);
  };
  await cut({ model_type: 'bert' }, 512);
  await cut({ model_type: 'xlm-roberta', max_position_embeddings: 34 }, 32);
});

describe('what cannot be used', () => {
  const failing = (name: string) =>
    resolveSentenceEncoder(name).then(
      () => undefined,
      (error) => error,
    );

  test('a name that is none', async () => {
    expect(await failing('minimini')).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('minilm'),
    });
    expect(await failing(`hf:${sentence},pooling=max`)).toMatchObject({ code: 'usage' });
    expect(await failing(`hf:${sentence},output=nothing`)).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('last_hidden_state'),
    });
    expect(await failing(`hf:${sentence},file=../x.onnx`)).toMatchObject({ code: 'usage' });
    expect(await failing('hf:/no/such/folder')).toMatchObject({ code: 'not-found' });
  });

  test('a pooling that is not there', async () => {
    const place = join(folder, 'weighted');
    await writeSentenceModel(place, WORDS);
    await mkdir(join(place, '1_Pooling'));
    const pooling = join(place, '1_Pooling/config.json');
    for (const modes of [['weightedmean_tokens'], ['max_tokens'], ['cls_token', 'mean_tokens']]) {
      const config = Object.fromEntries(modes.map((mode) => [`pooling_mode_${mode}`, true]));
      await writeFile(pooling, JSON.stringify({ word_embedding_dimension: 24, ...config }));
      expect(await failing(`hf:${place}`)).toMatchObject({
        code: 'bad-format',
        message: expect.stringContaining(modes[0]!),
      });
    }
    expect(await failing(`hf:${place},pooling=mean`)).toBeUndefined();
  });

  test('a folder without a tokenizer or a network', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    expect(await failing(`hf:${empty}`)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('tokenizer.json'),
    });
    await writeFile(join(empty, 'tokenizer.json'), bertTokenizer(WORDS));
    expect(await failing(`hf:${empty}`)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('ONNX'),
    });
  });

  test('files that are something else', async () => {
    const broken = join(folder, 'broken');
    await writeSentenceModel(broken, WORDS);
    await writeFile(join(broken, 'tokenizer.json'), '{"model": ');
    expect(await failing(`hf:${broken}`)).toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('tokenizer.json'),
    });
    await writeFile(join(broken, 'tokenizer.json'), bertTokenizer(WORDS));
    await writeFile(join(broken, 'onnx/model.onnx'), 'version https://git-lfs.github.com/spec/v1');
    expect(await failing(`hf:${broken}`)).toMatchObject({ code: 'bad-format' });
  });
});

describe('the cache of sentences', () => {
  /** Encodes a text as its length, and counts what it is asked. */
  class Counting implements SentenceEncoder {
    readonly id = 'counting';
    readonly size = 2;
    asked: string[] = [];
    async encode(texts: readonly string[]) {
      this.asked.push(...texts);
      return {
        rows: texts.length,
        columns: 2,
        data: Float32Array.from(texts.flatMap((text) => [text.length, text.charCodeAt(0)])),
      };
    }
    async close() {}
  }
  const texts = Array.from({ length: 5000 }, (_, i) => `${'x'.repeat(i % 7)}${i}`);
  const expected = texts.flatMap((text) => [text.length, text.charCodeAt(0)]);

  test('encodes each text once, in this process and the next', async () => {
    const place = join(folder, 'sentences');
    const first = new Counting();
    const cache = cachedSentences(first, place);
    expect([...(await cache.encode([...texts, ...texts])).data]).toEqual([...expected, ...expected]);
    expect(first.asked).toEqual(texts);
    await cache.close();
    expect(await readdir(join(place, 'counting'))).toHaveLength(2);
    const second = new Counting();
    const again = cachedSentences(second, place);
    const mixed = [...texts.toReversed(), 'new'];
    const { data } = await again.encode(mixed);
    expect([...data]).toEqual(mixed.flatMap((text) => [text.length, text.charCodeAt(0)]));
    expect(second.asked).toEqual(['new']);
    await again.close();
  });

  test('encodes the texts of a file again in which any number was damaged', async () => {
    const place = join(folder, 'bits');
    const cache = cachedSentences(new Counting(), place);
    await cache.encode(texts.slice(0, 300));
    await cache.close();
    const [name] = await readdir(join(place, 'counting'));
    const file = join(place, 'counting', name!);
    const bytes = await readFile(file);
    bytes[bytes.length - 9]! ^= 1;
    await writeFile(file, bytes);
    const encoder = new Counting();
    const again = cachedSentences(encoder, place);
    expect([...(await again.encode(texts.slice(0, 300))).data]).toEqual(expected.slice(0, 600));
    expect(encoder.asked).toHaveLength(300);
    await again.close();
  });

  test('passes over files that are damaged, and keeps no few queries', async () => {
    const place = join(folder, 'damaged');
    await mkdir(join(place, 'counting'), { recursive: true });
    await writeFile(join(place, 'counting/a.safetensors'), 'nothing');
    const encoder = new Counting();
    const cache = cachedSentences(encoder, place);
    expect([...(await cache.encode(texts)).data]).toEqual(expected);
    await cache.close();
    const query = new Counting();
    const small = cachedSentences(query, join(folder, 'queries'));
    await small.encode(['a dog']);
    await small.close();
    expect(await readdir(folder)).not.toContain('queries');
  });
});
