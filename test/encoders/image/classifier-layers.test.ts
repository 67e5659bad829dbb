import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClassifier, resolveEncoder } from '../../../src/encoders/image/index.ts';
import { onnxModel, valueInfo, writeOnnxModel } from '../../../src/encoders/index.ts';
import { hasShared, SHARED } from '../../shared.ts';
import {
  channelsLast,
  classifier,
  expectClose,
  features,
  folder,
  inputs,
  pictures,
  reference,
  save,
  small,
  tensorflow,
  trunk,
} from './classifier-support.ts';

/** Maps and tokens of 8 numbers and a hidden layer of 6, for pictures of 12 x 12. */
function branches(batch: number | string = 'n') {
  const { builder, maps } = trunk();
  const pooled = builder.node('GlobalAveragePool', [maps]);
  const flat = builder.node('Reshape', [pooled, builder.int64([batch === 1 ? 1 : -1, 8])], {}, 'flat');
  const hidden = builder.node('Gemm', [flat, builder.weights([8, 6], 8, 3)], {}, 'hidden');
  builder.node('Gemm', [hidden, builder.weights([6, 5], 6, 2)], {}, 'output');
  const columns = builder.node('Reshape', [maps, builder.int64([0, 8, 144])]);
  builder.node('Transpose', [columns], { perm: [0, 2, 1] }, 'tokens');
  return builder;
}

/** A network that cannot be freed of its batch of one: the class token is there once. */
function withClassToken() {
  const builder = branches(1);
  const token = builder.values([1, 1, 8], [1, 2, 3, 4, 5, 6, 7, 8]);
  const joined = builder.node('Concat', [token, 'tokens'], { axis: 1 });
  builder.node('ReduceMean', [joined], { axes: [1], keepdims: 0 }, 'mean');
  return builder;
}

/** A network of a batch of one that adds the mean over its batch, so that several pictures would not be themselves. */
function withBatchMean() {
  const builder = branches(1);
  const mean = builder.node('ReduceMean', ['flat'], { axes: [0], keepdims: 1 });
  builder.node('Add', ['flat', mean], {}, 'mixed');
  return builder;
}

/** The rows of some matrices, each row's parts one after another. */
function sideBySide(...parts: Float32Array[][]): Float32Array[] {
  return parts[0]!.map((_, i) => Float32Array.from(parts.flatMap((rows) => [...rows[i]!])));
}

/** Checks that the feature of several layers is theirs side by side, each as it is alone. */
async function expectSideBySide(path: string, layers: string[], sizes: number[]) {
  const { rows, encoder } = await features(path, pictures, { ...tensorflow, layer: layers.join('+') });
  const alone: Float32Array[][] = [];
  for (const layer of layers) alone.push((await features(path, pictures, { ...tensorflow, layer })).rows);
  expect(encoder.blocks).toEqual(layers.map((name, i) => ({ name, size: sizes[i] })));
  expect(encoder.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
  expectClose(rows, sideBySide(...alone), 1e-5);
  return { rows, encoder };
}

describe('several layers side by side', () => {
  test('vectors, maps and tokens, in the order of their names', async () => {
    const path = await save('branches.onnx', onnxModel(branches().graph(['n', 3, 12, 12], 'output'), 13));
    const { rows, encoder } = await expectSideBySide(path, ['hidden', 'tokens', 'maps'], [6, 8, 8]);
    expect(encoder.id).toMatch(/^onnx:branches-[0-9a-f]{12}#hidden\+tokens\+maps tensorflow 12x12$/);
    const turned = await expectSideBySide(path, ['maps', 'hidden'], [8, 6]);
    expect(turned.rows[1]!.slice(8)).toEqual(rows[1]!.slice(0, 6));
  });

  test('channels last and second in one network', async () => {
    await expectSideBySide(
      await save('mixed.onnx', channelsLast()),
      ['maps', 'convolved', 'mean'],
      [8, 8, 8],
    );
  });

  test('are what onnxruntime computes', async () => {
    const model = onnxModel(branches().graph(['n', 3, 12, 12], 'output'), 13);
    const path = await save('branches.onnx', model);
    const { rows } = await features(path, pictures, { ...tensorflow, layer: 'hidden+flat' });
    const expected = [
      await reference(model, 'hidden', inputs, small),
      await reference(model, 'flat', inputs, small),
    ];
    expectClose(rows, sideBySide(...expected));
  });

  test.each([
    ['freed of a batch of one', branches(1), ['hidden', 'maps'], [6, 8], 'n'],
    ['left at a batch of one that one of them needs', withClassToken(), ['flat', 'mean'], [8, 8], 1],
    ['left at a batch of one where pictures would mix', withBatchMean(), ['flat', 'mixed'], [8, 8], 1],
  ] as const)('%s', async (name, builder, layers, sizes, batch) => {
    const path = await save(`${name}.onnx`, onnxModel(builder.graph([1, 3, 12, 12], 'output'), 13));
    const { rows } = await expectSideBySide(path, [...layers], [...sizes]);
    const cache = join(folder, name);
    const options = { ...tensorflow, cache, layer: layers.join('+'), run: { batch: 2 } };
    expectClose((await features(path, pictures, options)).rows, rows, 1e-5);
    const [file] = (await readdir(join(cache, 'encoders'))).filter((file) => file.endsWith('.onnx'));
    const session = await InferenceSession.create(join(cache, 'encoders', file!), { logSeverityLevel: 3 });
    expect(session.outputMetadata).toMatchObject([{ shape: [batch, sizes[0] + sizes[1]] }]);
    await session.release();
  });

  test('are averaged over views', async () => {
    const path = await save('branches.onnx', onnxModel(branches().graph(['n', 3, 12, 12], 'output'), 13));
    const seen = async (layer: string) =>
      (await features(path, pictures, { ...tensorflow, layer, views: 7 })).rows;
    const joined = await seen('hidden+maps');
    expectClose(joined, sideBySide(await seen('hidden'), await seen('maps')), 1e-5);
    const { rows } = await features(path, pictures, { ...tensorflow, layer: 'hidden+maps' });
    expect(joined).not.toEqual(rows);
  });

  test('come from the cache the second time', async () => {
    const path = await save('branches.onnx', onnxModel(branches().graph(['n', 3, 12, 12], 'output'), 13));
    const options = { ...tensorflow, cache: join(folder, 'twice'), layer: 'hidden+maps' };
    const [first, second] = [
      await features(path, pictures, options),
      await features(path, pictures, options),
    ];
    expect(second.encoder.blocks).toEqual(first.encoder.blocks);
    expect(second.encoder.id).toBe(first.encoder.id);
    expect(second.rows).toEqual(first.rows);
  });

  test('a layer whose name holds a plus wins over its parts', async () => {
    const builder = branches();
    builder.node('Relu', ['hidden'], {}, 'hidden+maps');
    const path = await save('plus.onnx', onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 13));
    const { encoder } = await features(path, pictures, { ...tensorflow, layer: 'hidden+maps' });
    expect(encoder.blocks).toEqual([{ name: 'hidden+maps', size: 6 }]);
    const { encoder: turned } = await features(path, pictures, { ...tensorflow, layer: 'maps+hidden' });
    expect(turned.blocks.map(({ name }) => name)).toEqual(['maps', 'hidden']);
  });
});

describe('several layers by an encoder name', () => {
  const before = env.COVISTA_CACHE;
  beforeAll(() => {
    env.COVISTA_CACHE = join(folder, 'layers');
  });
  afterAll(() => {
    if (before === undefined) delete env.COVISTA_CACHE;
    else env.COVISTA_CACHE = before;
  });

  test('of a file, in the name or as an option', async () => {
    const path = await save('named.onnx', classifier());
    const named = await resolveEncoder(`onnx:${path},layer=flat+maps,preprocessing=unit`);
    const optional = await resolveEncoder(`onnx:${path},preprocessing=unit`, { layer: 'flat+maps' });
    await Promise.all([named.close(), optional.close()]);
    expect(named.id).toMatch(/#flat\+maps unit 12x12$/);
    expect(optional.id).toBe(named.id);
    expect(named.size).toBe(16);
  });

  test('of a model of Hugging Face and of a published network', async () => {
    const place = join(folder, 'my-model');
    await writeOnnxModel(join(place, 'onnx/model.onnx'), classifier());
    await writeFile(join(place, 'preprocessor_config.json'), JSON.stringify({ size: 12 }));
    await writeOnnxModel(join(folder, 'layers/models/resnet50.onnx'), classifier());
    for (const name of [`hf:${place}`, 'resnet50']) {
      const encoder = await resolveEncoder(`${name},layer=maps+flat`);
      await encoder.close();
      expect(encoder.blocks.map((block) => block.name)).toEqual(['maps', 'flat']);
    }
  });
});

describe('several layers are refused with a reason', () => {
  const refuse = async (layer: string, error: object) => {
    const builder = branches();
    builder.node('Relu', [builder.values([1, 3], [1, 2, 3])], {}, 'constant');
    builder.node('Mul', ['hidden', 'words'], {}, 'joint');
    const graph = builder.graph(['n', 3, 12, 12], 'output');
    const input = [...graph.input!, valueInfo('words', ['n', 6])];
    const path = await save('refused.onnx', onnxModel({ ...graph, input }, 13));
    await expect(openClassifier(path, { layer, cache: join(folder, 'refused') })).rejects.toMatchObject(
      error,
    );
  };

  test.each([
    ['a part that is no layer', 'flat+fc99', 'no layer named fc99'],
    ['a layer named twice', 'flat+maps+flat', 'names flat twice'],
    ['an empty part', 'flat+', 'An empty name is among the layers "flat+"'],
    ['nothing', '', 'An empty name'],
    ['a part that does not depend on the pictures', 'flat+constant', 'constant does not depend on'],
    ['a part that depends on words too', 'flat+joint', 'joint needs the input words'],
  ])('%s', async (_, layer, message) => {
    await refuse(layer, { code: 'usage', message: expect.stringContaining(message) });
  });

  test('the hint at a part that is no layer says where layers are listed', async () => {
    await refuse('fc99+flat', { code: 'usage', hint: expect.stringContaining('covista models inspect') });
  });
});

describe.skipIf(!hasShared)('MobileNetV2 of ImageNet', () => {
  test('the default layer beside maps before the last convolution', async () => {
    const path = join(SHARED, 'models/mobilenet_v2_imagenet.onnx');
    const { rows, encoder } = await features(path, pictures, { layer: 'pooled+t58' });
    expect(encoder.blocks).toEqual([
      { name: 'pooled', size: 1280 },
      { name: 't58', size: 960 },
    ]);
    const { rows: pooled } = await features(path, pictures);
    const { rows: maps } = await features(path, pictures, { layer: 't58' });
    expectClose(rows, sideBySide(pooled, maps), 1e-5);
  });
});
