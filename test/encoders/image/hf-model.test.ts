import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { resolveEncoder } from '../../../src/encoders/image/index.ts';
import { onnxModel, onnxNode, valueInfo, writeOnnxModel } from '../../../src/encoders/index.ts';

const SIDE = 4;
const MEAN = [0.48145466, 0.4578275, 0.40821073];
const DEVIATION = [0.26862954, 0.26130258, 0.27577711];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'covista-hf-'));
  vi.stubEnv('COVISTA_CACHE', join(folder, 'cache'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/**
 * A vision tower whose embedding is what it was fed, so that features show it, and whose tokens are that negated.
 * @param output the embedding's name
 */
async function writeVisionModel(name: string, output: string, config: object): Promise<string> {
  const place = join(folder, name);
  await mkdir(join(place, 'onnx'), { recursive: true });
  const size = 3 * SIDE * SIDE;
  const model = onnxModel({
    node: [
      onnxNode('Flatten', ['pixel_values'], [output], { axis: 1 }),
      onnxNode('Neg', [output], ['negated']),
      onnxNode('Unsqueeze', ['negated'], ['last_hidden_state'], { axes: [1] }),
    ],
    input: [valueInfo('pixel_values', ['n', 3, SIDE, SIDE])],
    output: [valueInfo('last_hidden_state', ['n', 1, size]), valueInfo(output, ['n', size])],
  });
  await writeOnnxModel(join(place, 'onnx/vision_model.onnx'), model);
  await writeFile(join(place, 'preprocessor_config.json'), JSON.stringify(config));
  return place;
}

/** A picture three times as wide as high, of another colour at both sides, each of 96 pixels `border` wide. */
function banner(side: string, middle: string, border = 32): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="32"><rect width="96" height="32" fill="${side}"/>
    <rect x="${border}" width="${96 - 2 * border}" height="32" fill="${middle}"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

async function featureOf(name: string, picture: Uint8Array): Promise<{ id: string; values: Float32Array }> {
  const encoder = await resolveEncoder(name);
  try {
    for await (const result of encoder.encode([picture])) {
      if ('error' in result) throw result.error;
      return { id: encoder.id, values: result.feature };
    }
    throw new Error('nothing was encoded');
  } finally {
    await encoder.close();
  }
}

const jinaClip = {
  fill_color: 0,
  image_processor_type: 'JinaCLIPImageProcessor',
  interpolation: 'bicubic',
  mean: MEAN,
  processor_class: 'JinaCLIPProcessor',
  resize_mode: 'shortest',
  size: SIDE,
  std: DEVIATION,
};

test('a model in the words of jina-clip sees the middle, normalised', async () => {
  const place = await writeVisionModel('jina', 'image_embeddings', jinaClip);
  const { values } = await featureOf(`hf:${place}`, await banner('#000', '#ff8000', 8));
  const colour = [1, 128 / 255, 0];
  values.forEach((value, i) => {
    const channel = Math.floor(i / SIDE ** 2);
    expect(value).toBeCloseTo((colour[channel]! - MEAN[channel]!) / DEVIATION[channel]!, 4);
  });
});

test('a tower as of SigLIP gives its pooled output, of the whole picture squeezed', async () => {
  const place = await writeVisionModel('siglip', 'pooler_output', {
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_processor_type: 'SiglipImageProcessor',
    image_std: [0.5, 0.5, 0.5],
    resample: 3,
    rescale_factor: 1 / 255,
    size: { height: SIDE, width: SIDE },
  });
  const { values } = await featureOf(`hf:${place}`, await banner('#fff', '#fff'));
  for (const value of values) expect(value).toBeCloseTo(1, 6);
  const mixed = await featureOf(`hf:${place}`, await banner('#000', '#fff'));
  expect(mixed.values[0]).toBeLessThan(-0.8);
  expect(mixed.values[1]).toBeGreaterThan(mixed.values[0]! + 0.5);
});

test('what a configuration says counts unless the name of the encoder says how pictures are prepared', async () => {
  const place = await writeVisionModel('unknown', 'image_embeds', { ...jinaClip, resize_mode: 'stretch' });
  const picture = await banner('#fff', '#fff');
  await expect(resolveEncoder(`hf:${place}`)).rejects.toMatchObject({
    code: 'bad-format',
    message: expect.stringMatching(/preprocessor_config\.json says "resize_mode": "stretch"/),
    hint: expect.stringContaining('preprocessing='),
  });
  const unit = await featureOf(`hf:${place},preprocessing=unit`, picture);
  for (const value of unit.values) expect(value).toBeCloseTo(1, 6);
});

test('features of another filter have another name', async () => {
  const picture = await banner('#000', '#fff');
  const cubic = await featureOf(`hf:${await writeVisionModel('cubic', 'image_embeds', jinaClip)}`, picture);
  const linear = await featureOf(
    `hf:${await writeVisionModel('linear', 'image_embeds', { ...jinaClip, interpolation: 'bilinear' })}`,
    picture,
  );
  expect(linear.id).not.toBe(cubic.id);
  expect([...linear.values]).not.toEqual([...cubic.values]);
});
