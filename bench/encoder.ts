/**
 * Pictures a second through an image encoder, beside a bare onnxruntime session with the same network:
 * `node bench/encoder.ts <folder of pictures> [classifier.onnx]`; the default encoder when no file is named.
 * Rounds are interleaved, and ratios are of the fastest ones.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  decodePicture,
  isPicturePath,
  type Preprocessing,
  preprocessingPresets,
} from '../src/image/index.ts';
import { createOnnxEncoder } from '../src/image/onnx-encoder.ts';
import { writePixels } from '../src/image/preprocessing.ts';
import { centernetFile } from '../src/models/centernet.ts';
import { prepareFeatureModel } from '../src/models/onnx-feature-model.ts';
import { type Contender, measure, timed } from './measure.ts';

/** Pictures in a round, and rounds. */
const PICTURES = 96;
const ROUNDS = 4;
const BATCHES = [1, 4, 8];

const [folder, file] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder of pictures.');
const names = (await readdir(folder)).filter(isPicturePath).sort().slice(0, PICTURES);
const pictures = names.map((name) => join(folder, name));
const network = file === undefined ? await defaultNetwork() : await classifier(file);
const { preprocessing, input, outputs, model } = network;
const { width, height, layout } = preprocessing;
const values = width * height * 3;

/** Threads of the runtime spin while they wait, unless told not to, as the encoder does. */
const bareSessions = await Promise.all(
  ['1', '0'].map((spinning) =>
    InferenceSession.create(model, { extra: { session: { intra_op: { allow_spinning: spinning } } } }),
  ),
);
const decoded = await Promise.all(pictures.map((picture) => prepared(picture)));
const encoders = await Promise.all(
  BATCHES.map((batch) => createOnnxEncoder({ ...network, id: 'bench', run: { batch } })),
);

const bare: Contender[] = bareSessions.flatMap((session, i) =>
  BATCHES.map((batch) => ({
    name: `bare session, ${i === 0 ? 'spinning' : 'sleeping'}, decoded before, ${batch} at once`,
    run: () => timed(() => runBare(session, batch, (picture) => decoded[picture]!)),
  })),
);
const contenders: Contender[] = [
  ...bare,
  {
    name: 'bare session, each picture decoded and then run',
    run: () => timed(() => runBare(bareSessions[1]!, 1, (picture) => prepared(pictures[picture]!))),
  },
  ...encoders.map((encoder, i) => ({
    name: `encoder from files, ${BATCHES[i]} at once`,
    run: () =>
      timed(async () => {
        for await (const result of encoder.encode(pictures)) if ('error' in result) throw result.error;
      }),
  })),
];
const results = await measure(contenders, ROUNDS);
const best = Math.min(...results.slice(0, bare.length).map(({ wall }) => wall.min));
const sequential = results[bare.length]!.wall.min;
console.log(`${names.length} pictures of ${width} x ${height}, ${ROUNDS} rounds`);
for (const { name, wall } of results)
  console.log(
    `${name.padEnd(54)} ${(names.length / wall.min).toFixed(1)} pictures/s; ${(best / wall.min).toFixed(2)} of the best bare session, ${(sequential / wall.min).toFixed(2)} of the plain script`,
  );
await Promise.all(encoders.map((encoder) => encoder.close()));
await Promise.all(bareSessions.map((session) => session.release()));

async function prepared(picture: string): Promise<Float32Array> {
  const { pixels } = await decodePicture(picture, preprocessing);
  const data = new Float32Array(values);
  writePixels(pixels, preprocessing, data, 0);
  return data;
}

async function runBare(
  session: InferenceSession,
  batch: number,
  dataOf: (picture: number) => Float32Array | Promise<Float32Array>,
): Promise<void> {
  for (let start = 0; start < pictures.length; start += batch) {
    const count = Math.min(batch, pictures.length - start);
    const data = new Float32Array(count * values);
    for (let i = 0; i < count; i++) data.set(await dataOf(start + i), i * values);
    const shape = layout === 'nchw' ? [count, 3, height, width] : [count, height, width, 3];
    await session.run({ [input]: new Tensor('float32', data, shape) }, [...outputs]);
  }
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
  const blocks = [{ name: found.layer, size: found.size }];
  return { model: found.file, input: found.input.name, outputs: [found.output], blocks, preprocessing };
}
