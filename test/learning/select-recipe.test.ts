import { describe, expect, it } from 'vitest';
import { selectRecipe } from '../../src/learning/select-recipe.ts';
import { createRandom, type Matrix32, referenceEngine, zeros32 } from '../../src/linalg/index.ts';
import { RECIPES, type Recipe } from '../../src/pipeline/index.ts';

const engine = referenceEngine();
const words = [
  'dog',
  'cat',
  'horse',
  'beach',
  'street',
  'snow',
  'red',
  'green',
  'boat',
  'tree',
  'ball',
  'child',
];
const size = 16;
const recipe: Recipe = { ...RECIPES.default!, text: ['words'], ridge: [50, 50], dimensions: 10 };

/** Pictures whose features are sums of what stands for their words, with noise. */
function pictures(n: number) {
  const random = createRandom(1);
  const meanings = words.map(() => Float64Array.from({ length: size }, () => random.normal()));
  const features: Matrix32 = zeros32(n, size);
  const captions = Array.from({ length: n }, (_, i) => {
    const chosen = [0, 1, 2].map(() => random.integer(words.length));
    for (let c = 0; c < size; c++)
      features.data[i * size + c] = chosen.reduce(
        (sum, word) => sum + meanings[word]![c]!,
        0.5 * random.normal(),
      );
    return [chosen.map((word) => words[word]).join(' '), `a ${words[chosen[0]!]}`];
  });
  return {
    encoder: { id: 'made', size, blocks: [{ name: 'made', size }] },
    captions,
    *features() {
      for (let first = 0; first < n; first += 50) {
        const rows = Math.min(50, n - first);
        yield { rows, columns: size, data: features.data.subarray(first * size, (first + rows) * size) };
      }
    },
  };
}

describe('selectRecipe', () => {
  it('chooses what scores best on held-out pictures, the same each time', async () => {
    const choose = () => selectRecipe(pictures(240), recipe, { engine, candidates: 15, seconds: 1000 });
    const once = await choose();
    const { curve, score, startScore, parameters } = once.selection;
    expect(curve).toHaveLength(15);
    expect(curve[0]!.parameters).toMatchObject({ ridge: [50, 50], dimensions: 10 });
    expect(score).toBeGreaterThan(startScore);
    expect(score).toBeLessThanOrEqual(100);
    expect(once.recipe).toEqual({
      ...recipe,
      ridge: parameters.ridge,
      blockWeights: parameters.blockWeights,
      dimensions: parameters.dimensions,
      scaling: parameters.similarity.power,
    });
    expect(once.recipe.ridge).not.toEqual(recipe.ridge);
    const again = await choose();
    expect(again.recipe).toEqual(once.recipe);
    expect(again.selection.curve.map(({ scores }) => scores)).toEqual(curve.map(({ scores }) => scores));
  });

  it('holds out pictures of the same captions together', async () => {
    // Every picture twice: were one learned from and its twin tested, scores would be far higher.
    const once = pictures(120);
    const twice = {
      ...once,
      captions: [...once.captions, ...once.captions],
      *features() {
        yield* once.features();
        yield* once.features();
      },
    };
    const options = { engine, candidates: 1, seconds: 1000 };
    const plain: Recipe = { ...recipe, ridge: [0.01, 0.01], hubness: undefined };
    const single = await selectRecipe(once, plain, options);
    const double = await selectRecipe(twice, plain, options);
    expect(Math.abs(double.selection.score - single.selection.score)).toBeLessThan(10);
  });

  it('names too few pictures', async () => {
    await expect(selectRecipe(pictures(6), recipe, { engine })).rejects.toMatchObject({ code: 'no-data' });
  });
});
