import { expect, it } from 'vitest';
import { createRandom, type Matrix32, referenceEngine, zeros32 } from '../../src/linalg/index.ts';
import { selectRows } from '../../src/linalg/matrix.ts';
import { evaluateFolds, evaluateModel, RECIPES, train } from '../../src/pipeline/index.ts';

const engine = referenceEngine();
const THINGS = ['dog', 'cat', 'boat', 'tree', 'bicycle', 'horse', 'bird', 'house', 'train', 'lamp'];

/** Pictures of two things each, whose features say which, with noise. */
function pictures(n: number): { features: Matrix32; captions: string[][] } {
  const random = createRandom(5);
  const features = zeros32(n, THINGS.length);
  const captions: string[][] = [];
  for (let i = 0; i < n; i++) {
    const things = [random.integer(THINGS.length), random.integer(THINGS.length)];
    for (let j = 0; j < THINGS.length; j++)
      features.data[i * THINGS.length + j] = (things.includes(j) ? 1 : 0) + 0.4 * random.normal();
    captions.push([`a ${THINGS[things[0]!]} and a ${THINGS[things[1]!]}`]);
  }
  return { features, captions };
}

it('is the mean over folds, each of them searched on its own', async () => {
  const all = pictures(125);
  const model = await train(
    {
      encoder: { id: 'test', size: THINGS.length, blocks: [{ name: 'features', size: THINGS.length }] },
      captions: all.captions,
      features: () => [all.features],
    },
    { ...RECIPES.default!, text: ['words'] },
    { engine },
  );
  const part = (from: number) => {
    const rows = Array.from({ length: 40 }, (_, i) => from + i);
    return { features: selectRows(all.features, rows), captions: rows.map((i) => all.captions[i]!) };
  };
  const folds = [0, 40, 80].map((from) => evaluateModel(model, part(from), engine));
  const [a, b, c] = await Promise.all(folds);

  const mean = await evaluateFolds(model, all, 40, 5, engine);
  expect(mean).toMatchObject({ folds: 3, pictures: 40 });
  for (const key of ['recall@1', 'recall@5', 'medianRank'] as const)
    expect(mean.textToImage[key]).toBeCloseTo(
      (a!.textToImage[key] + b!.textToImage[key] + c!.textToImage[key]) / 3,
    );
  expect(mean.imageToTag.map).toBeCloseTo((a!.imageToTag.map + b!.imageToTag.map + c!.imageToTag.map) / 3);
  expect(mean.tagToImage.map).toBeCloseTo((a!.tagToImage.map + b!.tagToImage.map + c!.tagToImage.map) / 3);
  expect(mean.chance.textToImage['recall@10']).toBeCloseTo(25);

  expect(await evaluateFolds(model, all, 40, 1, engine)).toMatchObject({
    folds: 1,
    textToImage: a!.textToImage,
  });
});
