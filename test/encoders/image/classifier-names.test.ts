import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  absoluteEncoderName,
  preprocessingPresets,
  resolveEncoder,
} from '../../../src/encoders/image/index.ts';
import {
  encodeOnnxModel,
  imageEncoderRegistry,
  isInCache,
  registryFile,
  writeOnnxModel,
} from '../../../src/encoders/index.ts';
import {
  classifier,
  expectClose,
  features,
  folder,
  inputs,
  pictures,
  reference,
  save,
  small,
} from './classifier-support.ts';

const before = env.COVISTA_CACHE;
beforeAll(() => {
  env.COVISTA_CACHE = join(folder, 'names');
});
afterAll(() => {
  if (before === undefined) delete env.COVISTA_CACHE;
  else env.COVISTA_CACHE = before;
});

const config = { size: { height: 12, width: 12 }, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };

describe('encoders by name', () => {
  test('onnx:<file>', async () => {
    const path = await save('named.onnx', classifier());
    const encoder = await resolveEncoder(`onnx:${path}`, { layer: 'maps', preprocessing: 'raw' });
    expect([encoder.size, encoder.blocks[0]!.name]).toEqual([8, 'maps']);
    expect(encoder.id).toMatch(/#maps raw 12x12$/);
    await encoder.close();
  });

  test('layer, preprocessing and size can be part of the name', async () => {
    const path = await save('named, too.onnx', classifier());
    const encoder = await resolveEncoder(`onnx:${path},layer=maps,preprocessing=unit`, { layer: 'flat' });
    expect(encoder.id).toMatch(/#maps unit 12x12$/);
    await encoder.close();
    const size = resolveEncoder(`onnx:${path},size=huge`);
    await expect(size).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('4096') });
  });

  test('onnx:<URL> is fetched once', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end(encodeOnnxModel(classifier()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/small.onnx?download=true`;
    for (let time = 0; time < 2; time++) {
      const encoder = await resolveEncoder(`onnx:${url}`);
      expect(encoder.size).toBe(8);
      await encoder.close();
    }
    expect(requests).toBe(1);
    await new Promise((resolve) => server.close(resolve));
  });

  test('hf:<folder> reads the layout of transformers.js', async () => {
    const model = classifier();
    const place = join(folder, 'my-model');
    await writeOnnxModel(join(place, 'onnx/model.onnx'), model);
    await writeFile(join(place, 'preprocessor_config.json'), JSON.stringify(config));
    const encoder = await resolveEncoder(`hf:${place}`);
    await encoder.close();
    expect(encoder.size).toBe(8);
    const preprocessing = { ...preprocessingPresets.tensorflow, width: 12, height: 12 };
    const { rows } = await features(join(place, 'onnx/model.onnx'), pictures, { preprocessing });
    expectClose(rows, await reference(model, 'flat', inputs, small));
  });

  test('of a model that joins pictures and text, the vision tower is taken', async () => {
    const place = join(folder, 'joint');
    await writeOnnxModel(join(place, 'onnx/model.onnx'), classifier());
    await cp(await save('tower.onnx', classifier()), join(place, 'onnx/vision_model.onnx'));
    await writeFile(join(place, 'preprocessor_config.json'), JSON.stringify(config));
    const encoder = await resolveEncoder(`hf:${place}`);
    await encoder.close();
    expect(encoder.id).toContain('onnx:vision_model-');
  });

  test('hf:<owner/name> uses what somebody put into the cache', async () => {
    const place = join(folder, 'names', 'hf', 'owner', 'name');
    await writeOnnxModel(join(place, 'onnx/vision_model.onnx'), classifier());
    await writeFile(join(place, 'preprocessor_config.json'), JSON.stringify(config));
    const encoder = await resolveEncoder('hf:owner/name');
    await encoder.close();
    expect(encoder.size).toBe(8);
  });

  test('a registry name uses what somebody put into the cache', async () => {
    const entry = imageEncoderRegistry.find(({ name }) => name === 'resnet50')!;
    expect(await isInCache(entry)).toBe(false);
    await mkdir(dirname(registryFile(entry)), { recursive: true });
    await writeOnnxModel(registryFile(entry), classifier());
    expect(await isInCache(entry)).toBe(true);
    const encoder = await resolveEncoder('resnet50');
    await encoder.close();
    expect(encoder.id).toMatch(/^onnx:resnet50-.* torchvision 12x12$/);
  });

  test.each([
    ['resnet9000', { code: 'usage', hint: expect.stringContaining('vgg16') }],
    ['hf:../../etc', { code: 'not-found' }],
    ['hf:justone', { code: 'usage' }],
    ['hf:a/b/c', { code: 'usage' }],
    [
      'onnx:/nowhere/vgg16.onnx',
      { code: 'not-found', message: expect.stringContaining('/nowhere/vgg16.onnx') },
    ],
  ])('%s is refused with a reason', async (spec, error) => {
    await expect(resolveEncoder(spec)).rejects.toMatchObject(error);
  });

  test('paths are made to hold from any folder, other names stay what they are', async () => {
    const here = process.cwd();
    expect(absoluteEncoderName('onnx:a/b.onnx,layer=x/y,size=64')).toBe(
      `onnx:${join(here, 'a/b.onnx')},layer=x/y,size=64`,
    );
    expect(absoluteEncoderName('hf:test')).toBe(`hf:${join(here, 'test')}`);
    for (const name of ['default,size=256', 'vgg16', 'hf:owner/name', 'onnx:https://example.org/a.onnx'])
      expect(absoluteEncoderName(name)).toBe(name);
  });

  test('the default encoder takes no layer', async () => {
    await expect(resolveEncoder('default', { layer: 'x' })).rejects.toMatchObject({ code: 'usage' });
    await expect(resolveEncoder('default,preprocessing=clip')).rejects.toMatchObject({ code: 'usage' });
    await expect(resolveEncoder('default,size=100')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('multiple of 32'),
    });
  });
});

describe('the registry', () => {
  test('names are unique, sources are addressed and pinned where a hash is known', () => {
    expect(new Set(imageEncoderRegistry.map(({ name }) => name)).size).toBe(imageEncoderRegistry.length);
    for (const entry of imageEncoderRegistry) {
      expect(new URL(entry.url).protocol).toBe('https:');
      expect(entry.sha256 ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
      expect(preprocessingPresets[entry.preprocessing]).toBeDefined();
    }
  });
});
