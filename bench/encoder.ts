/**
 * Pictures a second through an image encoder, beside a script on onnxruntime and sharp as one would write it by hand:
 * `node bench/encoder.ts <folder of pictures> [classifier.onnx]`; the default encoder when no file is named.
 * Rounds are interleaved, and ratios are of the fastest ones.
 */
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { centernetFile } from '../src/encoders/image/centernet.ts';
import {
  decodePicture,
  isPicturePath,
  type Preprocessing,
  preprocessingPresets,
} from '../src/encoders/image/index.ts';
import { createOnnxEncoder } from '../src/encoders/image/onnx-encoder.ts';
import { writePixels } from '../src/encoders/image/preprocessing.ts';
import { prepareFeatureModel } from '../src/onnx/graph/onnx-feature-model.ts';
import type { RunSettings } from '../src/onnx/run/run-settings.ts';
import { type Contender, measure, timed } from './measure.ts';

/** Pictures in a round, and rounds. */
const PICTURES = 96;
const ROUNDS = 4;

const cores = availableParallelism();
const SETTINGS: readonly RunSettings[] = [
  {},
  { batch: 4 },
  { sessions: cores, threads: 1 },
  { sessions: cores, threads: 1, batch: 4 },
];

const [folder, file] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder of pictures.');
const names = (await readdir(folder)).filter(isPicturePath).sort().slice(0, PICTURES);
const pictures = names.map((name) => join(folder, name));
const network = file === undefined ? await defaultNetwork() : await classifier(file);
const { preprocessing, input, outputs, model } = network;
const { width, height, layout } = preprocessing;
const values = width * height * 3;
const shape = layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3];

/** Threads of the runtime spin while they wait, unless told not to, as the encoder does. */
const [spinning, sleeping] = await Promise.all(
  ['1', '0'].map((allowed) =>
    InferenceSession.create(model, { extra: { session: { intra_op: { allow_spinning: allowed } } } }),
  ),
);
const decoded = await Promise.all(pictures.map((picture) => prepared(picture)));
const encoders = await Promise.all(
  SETTINGS.map((run) => createOnnxEncoder({ ...network, id: 'bench', run })),
);

const bare = (name: string, run: () => Promise<void>): Contender => ({ name, run: () => timed(run) });
const contenders: Contender[] = [
  bare('script: decode, then run', () => script(sleeping!, 1)),
  bare('script: the same, decoding ahead', () => script(sleeping!, 2 * cores)),
  bare('script: the same, threads spinning as they come', () => script(spinning!, 2 * cores)),
  bare('session alone, pictures decoded before', async () => {
    for (const data of decoded) await infer(sleeping!, data);
  }),
  ...encoders.map((encoder, i) =>
    bare(`encoder ${JSON.stringify(SETTINGS[i])}`, async () => {
      for await (const result of encoder.encode(pictures)) if ('error' in result) throw result.error;
    }),
  ),
];
const results = await measure(contenders, ROUNDS);
const peer = Math.min(...results.slice(0, 3).map(({ wall }) => wall.min));
const alone = results[3]!.wall.min;
console.log(`${names.length} pictures to ${width} x ${height}, ${ROUNDS} rounds, ${cores} cores\n`);
console.log('| | pictures/s | of the best script | of the session alone | processor s |');
console.log('| --- | --- | --- | --- | --- |');
for (const { name, wall, cpu } of results)
  console.log(
    `| ${name} | ${(names.length / wall.min).toFixed(1)} | ${(peer / wall.min).toFixed(2)} | ${(alone / wall.min).toFixed(2)} | ${cpu.min.toFixed(2)} |`,
  );
await Promise.all(encoders.map((encoder) => encoder.close()));
await Promise.all([spinning!.release(), sleeping!.release()]);

/** What one would write by hand: some pictures are decoded ahead while the session runs on one. */
async function script(session: InferenceSession, ahead: number): Promise<void> {
  const waiting: Promise<Float32Array>[] = [];
  let next = 0;
  while (next < pictures.length || waiting.length > 0) {
    while (next < pictures.length && waiting.length < ahead) waiting.push(byHand(pictures[next++]!));
    await infer(session, await waiting.shift()!);
  }
}

async function infer(session: InferenceSession, data: Float32Array): Promise<void> {
  await session.run({ [input]: new Tensor('float32', data, shape) }, [...outputs]);
}

async function byHand(picture: string): Promise<Float32Array> {
  const pixels = await sharp(picture).resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer();
  const data = new Float32Array(values);
  writePixels(pixels, preprocessing, data, 0);
  return data;
}

async function prepared(picture: string): Promise<Float32Array> {
  const { pixels } = await decodePicture(picture, preprocessing);
  const data = new Float32Array(values);
  writePixels(pixels, preprocessing, data, 0);
  return data;
}

async function defaultNetwork() {
  const { path, blocks } = await centernetFile();
  const preset = preprocessingPresets.raw;
  const preprocessing: Preprocessing = { ...preset, width: 384, height: 384 };
  return { model: path, input: 'image', outputs: ['feature'], blocks, preprocessing };
}

async function classifier(path: string) {
  const found = await prepareFeatureModel(path);
  const preset = preprocessingPresets.tensorflow;
  const preprocessing: Preprocessing = {
    ...preset,
    width: found.input.width ?? preset.width,
    height: found.input.height ?? preset.height,
    layout: found.input.channelsLast ? 'nhwc' : 'nchw',
  };
  const { file: model, blocks, output } = found;
  return { model, input: found.input.name, outputs: [output], blocks, preprocessing };
}
