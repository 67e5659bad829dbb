import { beforeAll, describe, expect, it } from 'vitest';
import { referenceEngine } from '../../src/linalg/index.ts';
import {
  type Model,
  pictureIndex,
  placePictures,
  RECIPES,
  search,
  tagFeatures,
} from '../../src/pipeline/index.ts';
import { learnThings, picturesOfThings } from './things.ts';

const engine = referenceEngine();
const things = picturesOfThings(120);
const WEIGHT = 0.4;
let model: Model;
/** How probable each tag is of each picture. */
let probabilities: Map<string, number>[];

/** The score of each picture. */
async function scores(of: Model, words: string): Promise<Map<string, number>> {
  const { paths, features } = things;
  const index = pictureIndex(await placePictures(of, { paths, vectors: features }, engine), engine);
  const hits = await search(index, of, { words }, paths.length, engine);
  return new Map(hits.map(({ path, score }) => [path, score]));
}

beforeAll(async () => {
  model = await learnThings(things, RECIPES.default!, engine);
  const tags = await tagFeatures(model, things.features, model.tags.length, engine);
  probabilities = tags.map((some) => new Map(some.map(({ word, score }) => [word, score])));
});

const evidence = (probability: number) => Math.log1p(probability / 0.01);

describe('the tags that a query names', () => {
  /** For each query the tags of the words, or of the words of a phrase, that count, and how much. */
  const QUERIES: [string, [string[], number][]][] = [
    ['dog', [[['dog'], 1]]],
    [
      'dog ball',
      [
        [['dog'], 1 / 4],
        [['ball'], 1 / 4],
      ],
    ],
    ['"dog ball"', [[['dog', 'ball'], 1]]],
    [
      'man -"dog ball"',
      [
        [['man'], 1 / 4],
        [['dog', 'ball'], -1 / 8],
      ],
    ],
    [
      'man without a dog ball',
      [
        [['man'], 1 / 4],
        [['dog', 'ball'], -1 / 8],
      ],
    ],
    [
      '2:"dog ball" man',
      [
        [['dog', 'ball'], 1 / 4],
        [['man'], 1 / 8],
      ],
    ],
    ['"dog qqqxzzy"', []],
  ];

  it.each(QUERIES)(
    'raise pictures by how probable each is, those of a phrase together: %s',
    async (query, named) => {
      const tags = { ...model.recipe.tags, search: 0 } as Model['recipe']['tags'];
      const without = await scores({ ...model, recipe: { ...model.recipe, tags } }, query);
      const found = await scores(model, query);
      const most = named.reduce((sum, [, weight]) => sum + Math.abs(weight) * WEIGHT * evidence(1), 0);
      things.paths.forEach((path, i) => {
        const added = named.map(
          ([words, weight]) =>
            weight *
            WEIGHT *
            evidence(words.reduce((product, word) => product * (probabilities[i]!.get(word) ?? 0), 1)),
        );
        const expected = added.reduce((sum, value) => sum + value, without.get(path)!) / (1 + most);
        expect(found.get(path)).toBeCloseTo(expected, 4);
      });
    },
  );
});
