import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Library } from '../../src/library/index.ts';
import { referenceEngine, row } from '../../src/linalg/index.ts';
import {
  type Model,
  placeLibrary,
  placePictures,
  RECIPES,
  search,
  tagFeatures,
} from '../../src/pipeline/index.ts';
import { scratch } from '../cli/covista.ts';
import { indexThings, learnThings, picturesOfThings, THING_ENCODER } from '../learning/things.ts';

const engine = referenceEngine();
const things = picturesOfThings(120);
const WEIGHT = 0.4;
let model: Model;
/** How probable each tag is of each picture. */
let probabilities: Map<string, number>[];

/** The score of each picture. */
async function scores(of: Model, words: string): Promise<Map<string, number>> {
  const index = await indexThings(things, of, engine);
  const hits = await search(index, of, { words }, things.paths.length, engine);
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

describe('placing the pictures of a library', () => {
  let folder: string;
  let library: Library;

  /** Stores some of the pictures; each call is a batch by itself. */
  const put = (numbers: readonly number[]) =>
    library.putPictures(
      numbers.map((i) => ({
        path: things.paths[i]!,
        bytes: 1,
        modified: 1,
        width: 8,
        height: 8,
        feature: row(things.features, i) as Float32Array,
      })),
    );
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  beforeAll(async () => {
    folder = await scratch();
    library = await Library.openOrCreate(join(folder, 'library'), { spec: 'test', ...THING_ENCODER });
    for (const from of [0, 30, 60]) await put(range(from, from + 30));
  });

  afterAll(async () => {
    library.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('goes on where it was interrupted, and places new pictures beside the others', async () => {
    const stop = new AbortController();
    const interrupted = placeLibrary(library, model, 'one', engine, {
      signal: stop.signal,
      onProgress: ({ done }) => {
        expect(done).toBe(30);
        stop.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
    const seen: number[] = [];
    const work = { onProgress: ({ done }: { done: number }) => seen.push(done) };
    const all = await placeLibrary(library, model, 'one', engine, work);
    expect(seen).toEqual([60, 90]);
    expect(new Set(all.paths)).toEqual(new Set(things.paths.slice(0, 90)));
    await placeLibrary(library, model, 'one', engine, work);
    expect(seen).toEqual([60, 90]);
    await put(range(90, 120));
    const more = await placeLibrary(library, model, 'one', engine, work);
    expect(seen).toEqual([60, 90, 120]);
    const whole = await placePictures(model, { paths: things.paths, vectors: things.features }, engine);
    more.paths.forEach((path, i) => {
      const at = things.paths.indexOf(path);
      row(more.vectors, i).forEach((value, c) => {
        expect(value).toBeCloseTo(row(whole.vectors, at)[c]!, 5);
      });
      expect(more.hubness[i]).toBeCloseTo(whole.hubness[at]!, 5);
    });
    // Another model's embeddings replace them.
    const other = await placeLibrary(library, model, 'two', engine, work);
    expect(seen.slice(3)).toEqual([30, 60, 90, 120]);
    expect(other.paths).toHaveLength(120);
  });
});
