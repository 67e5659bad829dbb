import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CovistaError } from '../../src/base/errors.ts';
import {
  loadJointSpace,
  loadMoments,
  type Moments,
  saveJointSpace,
  saveMoments,
} from '../../src/cca/index.ts';
import { trainStarter } from '../../src/learning/starter/train-starter.ts';
import {
  decodeSafetensors,
  type Engine,
  encodeSafetensors,
  type Tensor,
  wasmEngine,
} from '../../src/linalg/index.ts';
import {
  loadModel,
  loadStarter,
  type Model,
  OWN_VECTORS,
  RECIPES,
  type Recipe,
  type Starter,
  saveModel,
  saveStarter,
  search,
  starterModel,
  tagFeatures,
  train,
} from '../../src/pipeline/index.ts';
import type { WordVectors } from '../../src/text/index.ts';
import { scratch } from '../cli/covista.ts';
import { DAMAGED_FILES, damagedBytes, damagedTensors, SEED } from '../damage.ts';
import {
  indexThings,
  learnThings,
  picturesOfThings,
  THING_ENCODER,
  thingVectors,
} from '../learning/things.ts';

/** A kind of file with a reader, and what a reader's result is used for. */
interface Kind<T> {
  readonly bytes: Uint8Array;
  readonly load: (bytes: Uint8Array) => Promise<T> | T;
  /** All of it as plain values, to compare. */
  readonly plain: (loaded: T) => unknown;
  readonly use: (loaded: T) => Promise<unknown> | unknown;
}

let engine: Engine;
let folder: string;
let vectors: WordVectors;
const pictures = picturesOfThings(120);
const few = picturesOfThings(3);
const wordVectors = async () => vectors;
const kinds = new Map<string, Kind<never>>();
const add = <T>(name: string, kind: Kind<T>) => kinds.set(name, kind as unknown as Kind<never>);

const joinedRecipe: Recipe = {
  ...RECIPES.default!,
  joined: [{ terms: { stems: false, pairs: true, keepStopWords: true, characters: 4 }, image: 'cube-root' }],
};

beforeAll(async () => {
  engine = await wasmEngine();
  folder = await scratch();
  vectors = await thingVectors();
  await addModels();
  await addStarter();
  const { moments, space } = await smallSpace();
  add('joint space', {
    bytes: saveJointSpace(space),
    load: (bytes) => loadJointSpace(bytes, join(folder, 'joint space')),
    plain: (loaded) => loaded,
    use: () => undefined,
  });
  add('moments', {
    bytes: saveMoments(moments),
    load: (bytes) => loadMoments(bytes, join(folder, 'moments')),
    plain: (loaded: Moments) => loaded.sums,
    use: (loaded: Moments) => (loaded.count > 1 ? loaded.covariance(0, 1) : undefined),
  });
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function smallSpace() {
  const { model, moments } = await smallStarter();
  return { moments, space: model.space };
}

const pairsOfThings = () => ({
  encoder: THING_ENCODER,
  captions: pictures.captions,
  features: () => [pictures.features],
});

function smallStarter(): Promise<Starter> {
  const size = { terms: 20, dimensions: 6, pictures: 10 };
  return trainStarter(pairsOfThings(), RECIPES.default!, {
    engine,
    wordVectors: vectors,
    name: 'small',
    size,
  });
}

async function addStarter(): Promise<void> {
  const file = join(folder, 'starter');
  await saveStarter(file, await smallStarter());
  add('starter', {
    bytes: new Uint8Array(await readFile(file)),
    load: async (bytes) => {
      await writeFile(file, bytes);
      return loadStarter(file, { wordVectors });
    },
    plain: ({ model, moments, ...others }: Starter) => ({
      ...others,
      ...plainModel(model),
      moments: moments.sums,
    }),
    use: async (starter: Starter) => starterModel(starter, { engine }),
  });
}

async function addModels(): Promise<void> {
  const models = {
    model: await learnThings(pictures, RECIPES.default!, engine),
    'model of several members': await learnThings(pictures, joinedRecipe, engine),
    'model with its own word vectors': await train(
      pairsOfThings(),
      { ...RECIPES.article!, dimensions: 6 },
      { engine, vectors: OWN_VECTORS },
    ),
  };
  for (const [name, learned] of Object.entries(models)) {
    const file = join(folder, name);
    // What the pictures are too few for.
    const { tags, bank } = learned;
    const k = bank?.embeddings.columns ?? 0;
    const weights = { rows: tags.length, columns: k, data: new Float32Array(tags.length * k).fill(0.25) };
    const direct = bank && {
      regression: { weights, intercepts: new Float32Array(tags.length).fill(0.5) },
      combination: { weights: [0.5, 0.25], intercept: 0.125 },
    };
    const calibration = {
      bands: [{ minimumFrequency: 0, scores: [0, 0.5, 1], probabilities: [0, 0.25, 1] }],
    };
    const partial = bank && Uint32Array.of(1, 4);
    await saveModel(file, { ...learned, direct, calibration, bank: bank && { ...bank, partial } });
    add(name, {
      bytes: new Uint8Array(await readFile(file)),
      load: async (bytes) => {
        await writeFile(file, bytes);
        return (await loadModel(file, { wordVectors })).model;
      },
      plain: plainModel,
      use: async (model: Model) => {
        const index = await indexThings(few, model, engine);
        return [
          await search(index, model, { words: 'a dog near water' }, 2, engine),
          await tagFeatures(model, few.features, 3, engine),
        ];
      },
    });
  }
}

function plainModel({ text, joined, ...model }: Model) {
  const own =
    model.vectors === OWN_VECTORS
      ? [...text.wordVectors!.words()].map((w) => text.wordVectors!.vector(w))
      : [];
  return {
    ...model,
    own,
    text: text.toJSON(),
    joined: joined.map((one) => ({ ...one, text: one.text.toJSON() })),
  };
}

/** Runs, and gives the error where it is one that says what is wrong with the file. */
async function attempt<T>(run: () => Promise<T> | T): Promise<T | CovistaError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CovistaError) return error;
    throw error;
  }
}

const NAMES = [
  'joint space',
  'moments',
  'starter',
  'model',
  'model of several members',
  'model with its own word vectors',
];

describe.each(NAMES)('a damaged %s', (name) => {
  const damage = { numRuns: DAMAGED_FILES, seed: SEED };

  it('is an error that names the file, or reads the same', async () => {
    const { bytes, load, plain } = kinds.get(name)!;
    const right = plain((await load(bytes)) as never);
    const damaged = fc.oneof(damagedBytes(bytes), damagedTensors(bytes, { checksums: true }));
    await fc.assert(
      fc.asyncProperty(damaged, async (changed) => {
        const loaded = await attempt(() => load(changed));
        if (loaded instanceof CovistaError) expect(loaded.message).toContain(join(folder, name));
        else expect(plain(loaded)).toEqual(right);
      }),
      damage,
    );
  });

  it('without checksums is an error that names the file, or can be used', async () => {
    const { bytes, load, use } = kinds.get(name)!;
    await fc.assert(
      fc.asyncProperty(damagedTensors(bytes, { checksums: false }), async (changed) => {
        const loaded = await attempt(() => load(changed));
        if (loaded instanceof CovistaError) expect(loaded.message).toContain(join(folder, name));
        else await attempt(() => use(loaded));
      }),
      damage,
    );
  });
});

/** A file in which somebody changed tensors, and left out the checksums. */
function changed(name: string, change: (tensors: Map<string, Tensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(kinds.get(name)!.bytes);
  const copies = new Map(
    [...tensors].map(([key, tensor]) => [key, { ...tensor, data: tensor.data.slice() } as Tensor]),
  );
  change(copies);
  const { checksums, ...others } = metadata;
  return encodeSafetensors(copies, others);
}

const element = (key: string, position: number, value: number) => (tensors: Map<string, Tensor>) => {
  (tensors.get(key)!.data as Float64Array)[position] = value;
};

describe('what is wrong in a file is named', () => {
  it.each<[string, string, (tensors: Map<string, Tensor>) => void, RegExp]>([
    [
      'model',
      'an offset that is too large',
      element('bank.offsets', 3, 4e9),
      /bank\.offsets falls from 4000000000/,
    ],
    ['model', 'offsets that begin late', element('bank.offsets', 0, 1), /bank\.offsets begins with 1/],
    [
      'model',
      'a word that is none',
      element('bank.words', 0, 1e6),
      /bank\.words holds 1000000 at position 0/,
    ],
    ['model', 'a picture that is none', element('bank.pictures', 5, 1e6), /bank\.pictures holds 1000000/],
    ['model', 'captions out of order', element('bank.partial', 0, 9), /bank\.partial does not ascend/],
    [
      'model',
      'a weight that is no number',
      element('space.view.0.weights', 2, Number.NaN),
      /space\.view\.0\.weights holds NaN/,
    ],
    [
      'model',
      'an infinite correction',
      element('bank.correction', 1, -Infinity),
      /bank\.correction holds -Infinity/,
    ],
    ['model', 'an infinite half', element('direct.weights', 1, 0x7c00), /direct\.weights holds Infinity/],
    [
      'model',
      'an embedding of another length',
      element('queries.captions', 0, 0x4900),
      /queries\.captions has a row 0 of length 10/,
    ],
    [
      'model',
      'correlations out of order',
      element('space.correlations', 1, 1),
      /space\.correlations does not descend/,
    ],
    [
      'model',
      'transposed weights',
      (tensors) => {
        const { shape, ...others } = tensors.get('space.view.1.weights')!;
        tensors.set('space.view.1.weights', { ...others, shape: shape.toReversed() } as Tensor);
      },
      /space\.view\.1\.weights has shape \[\d+,\d+\], not \[\d+, k = \d+\]/,
    ],
    [
      'model',
      'a tensor that nobody asked for',
      (tensors) => tensors.set('extra', tensors.get('bank.correction')!),
      /tensor extra does not belong there/,
    ],
    ['model', 'no bank', (tensors) => tensors.delete('bank.embeddings'), /bank\.embeddings is missing/],
    ['starter', 'a word that is none', element('captions.words', 0, 1e6), /captions\.words holds 1000000/],
    ['starter', 'a negative deviation', element('deviation.1', 0, -1), /deviation\.1 holds -1/],
    ['starter', 'a correlation of 2', element('correlation.0.1', 0, 0x4000), /correlation\.0\.1 holds 2/],
    ['moments', 'an infinite sum', element('sum.1', 0, Infinity), /sum\.1 holds Infinity/],
    [
      'joint space',
      'a mean that is no number',
      element('view.1.mean', 0, Number.NaN),
      /view\.1\.mean holds NaN/,
    ],
  ])('%s: %s', async (name, _, change, message) => {
    const error = await attempt(() => kinds.get(name)!.load(changed(name, change)));
    expect(error).toBeInstanceOf(CovistaError);
    expect(error).toMatchObject({ code: 'bad-format', hint: expect.any(String) });
    expect((error as CovistaError).message).toMatch(message);
    expect((error as CovistaError).message).toContain(join(folder, name));
  });

  it('every one of them by its checksum, where nothing else tells', async () => {
    const { bytes, load } = kinds.get('model')!;
    const { tensors, metadata } = decodeSafetensors(bytes);
    for (const name of tensors.keys()) {
      const copy = bytes.slice();
      const { data } = decodeSafetensors(copy).tensors.get(name)!;
      if (data.length === 0) continue;
      copy[data.byteOffset]! ^= 1;
      await expect(load(copy)).rejects.toThrow(`tensor ${name} is not what was written`);
    }
    const others = { ...metadata, model: metadata.model!.replace('"captions":', '"captions":1') };
    await expect(load(encodeSafetensors(tensors, others))).rejects.toThrow(
      'metadata are not what was written',
    );
  });
});
