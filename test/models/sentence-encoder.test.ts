import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { row } from '../../src/linalg/index.ts';
import { cachedSentences, resolveSentenceEncoder } from '../../src/models/index.ts';
import type { SentenceEncoder } from '../../src/text/index.ts';
import { scratch } from '../cli/covista.ts';
import { bertTokenizer, SENTENCE_SIZE, vocabularyOf, writeSentenceModel } from './sentence-model.ts';

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
