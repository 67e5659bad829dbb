import { resolve } from 'node:path';
import { openWordVectors } from '../../src/encoders/index.ts';
import { createRandom, type Engine, type Matrix32, zeros32 } from '../../src/linalg/index.ts';
import {
  type Model,
  type PictureIndex,
  pictureIndex,
  placePictures,
  type Recipe,
  train,
} from '../../src/pipeline/index.ts';

const GLOVE = resolve(import.meta.dirname, '../fixtures/word-vectors/glove-50.txt');
const THINGS = ['dog', 'man', 'woman', 'boy', 'girl', 'water', 'grass', 'ball'];
const SIZE = THINGS.length;

/** Pictures of two things each, whose features say which, with noise, and two captions of each. */
export function picturesOfThings(n: number): { features: Matrix32; captions: string[][]; paths: string[] } {
  const random = createRandom(11);
  const features = zeros32(n, SIZE);
  const captions: string[][] = [];
  for (let i = 0; i < n; i++) {
    const [a, b] = [random.integer(SIZE), random.integer(SIZE)];
    for (let j = 0; j < SIZE; j++)
      features.data[i * SIZE + j] = (j === a || j === b ? 1 : 0) + 0.3 * random.normal();
    captions.push([`a ${THINGS[a]} near the ${THINGS[b]}`, `${THINGS[b]} with two ${THINGS[a]}s`]);
  }
  return { features, captions, paths: captions.map((_, i) => `/pictures/${i}.jpg`) };
}

/** What makes their features. */
export const THING_ENCODER = { id: 'test', size: SIZE, blocks: [{ name: 'features', size: SIZE }] };

/** What {@link learnThings} takes word vectors from. */
export const thingVectors = () => openWordVectors(GLOVE);

/** A model of such pictures. */
export async function learnThings(
  { features, captions }: Pick<ReturnType<typeof picturesOfThings>, 'features' | 'captions'>,
  recipe: Recipe,
  engine: Engine,
): Promise<Model> {
  const pairs = { encoder: THING_ENCODER, captions, features: () => [features] };
  return train(pairs, recipe, { engine, wordVectors: await thingVectors() });
}

/** Such pictures in the space of a model, ready to be searched. */
export async function indexThings(
  { features, paths }: Pick<ReturnType<typeof picturesOfThings>, 'features' | 'paths'>,
  model: Model,
  engine: Engine,
): Promise<PictureIndex> {
  return pictureIndex(await placePictures(model, { paths, vectors: features }, engine), engine);
}
