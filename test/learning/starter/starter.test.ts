import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/base/random.ts';
import { fitRows, type JointSpace, Moments } from '../../../src/cca/index.ts';
import { compactMoments, expandMoments } from '../../../src/cca/moments/compact-moments.ts';
import { defaultImageEncoder } from '../../../src/encoders/image/index.ts';
import { defaultWordVectors } from '../../../src/encoders/index.ts';
import { compareWithStarter } from '../../../src/experiments/compare.ts';
import { fitOptions, paired, solveRecipe } from '../../../src/learning/pairs.ts';
import { chooseStarterWeight } from '../../../src/learning/starter/choose-starter-weight.ts';
import { extendTextEncoder, inStarterColumns } from '../../../src/learning/starter/merge-starter.ts';
import { starterBanks } from '../../../src/learning/starter/starter.ts';
import { starterSpan } from '../../../src/learning/starter/starter-span.ts';
import { createEngine } from '../../../src/linalg/create-engine.node.ts';
import type { Engine } from '../../../src/linalg/engine.ts';
import { decodeSafetensors, encodeTensorFile, fromFloat16, TensorFile } from '../../../src/linalg/index.ts';
import { type Matrix32, matrix, type Rows, row, selectRows } from '../../../src/linalg/matrix.ts';
import { imageRows, pictureHubness } from '../../../src/model/model.ts';
import {
  BUILT_IN_STARTER,
  embedPictures,
  embedTexts,
  fitOnStarter,
  loadStarter,
  type PairSource,
  RECIPES,
  type Starter,
  saveStarter,
  starterMismatch,
  starterModel,
  tagFeatures,
  trainOnStarter,
} from '../../../src/pipeline/index.ts';
import { featureCacheFile } from '../../../src/showcases/cached-features.ts';
import { TextEncoder } from '../../../src/text/index.ts';
import { scratch } from '../../cli/covista.ts';
import { hasShared, SHARED } from '../../shared.ts';

/** The pictures that the built-in starter is made of, as `npm run train-starter` caches their features. */
const CACHED = featureCacheFile('starter-b54bbd438d58', 'centernet-2-384');

let engine: Engine;
let starter: Starter;

beforeAll(async () => {
  engine = await createEngine();
  starter = await loadStarter(undefined, { wordVectors: () => defaultWordVectors() });
});
afterAll(() => engine.close());

/** Own pairs: a colour that the starter's features cannot know, in a word that it does not know. */
function ownPairs(count: number) {
  const { size, blocks } = starter.model.encoder;
  const features = matrix(count, size, new Float32Array(count * size));
  for (let i = 0; i < count; i++) row(features, i).set(row(starter.pictures, i));
  const captions = Array.from({ length: count }, (_, i) => [
    i % 2 === 0 ? 'a blorple dog' : 'a quiet street',
  ]);
  return { encoder: { id: starter.model.encoder.id, size, blocks }, captions, features: () => [features] };
}

/** Pictures of the starter with captions of theirs: nothing can be as like. */
function likeItsOwn(count: number) {
  const step = starter.model.trained.pictures / starter.pictures.rows;
  const rows = Array.from({ length: count }, (_, i) => i * 5);
  const captions = rows.map((i) =>
    starter.captions.slice(Math.round(i * step) * 5, Math.round(i * step) * 5 + 2),
  );
  return { ...ownPairs(0), captions, features: () => [selectRows(starter.pictures, rows)] };
}

describe('compact moments', () => {
  it('keep correlations to 0.0003 and means and deviations to single precision', async () => {
    const random = createRandom(3);
    const [n, dx, dy] = [200, 7, 5];
    const x = matrix(
      n,
      dx,
      Float32Array.from({ length: n * dx }, (_, i) => random.uniform() + (i % dx) * 100),
    );
    const y = matrix(
      n,
      dy,
      Float32Array.from({ length: n * dy }, (_, i) => x.data[i % (n * dx)]! + random.uniform()),
    );
    const moments = Moments.zero([dx, dy]);
    await moments.add([x, y], { engine });
    const again = expandMoments(new TensorFile(compactMoments(moments)), n, 2);
    expect(again.count).toBe(n);
    for (const [i, j] of [
      [0, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      const [a, b] = [moments.covariance(i, j), again.covariance(i, j)];
      const scale = (r: number, c: number) => Math.sqrt(moments.variances(i)[r]! * moments.variances(j)[c]!);
      for (let r = 0; r < a.rows; r++)
        for (let c = 0; c < a.columns; c++) {
          const at = r * a.columns + c;
          expect(Math.abs(a.data[at]! - b.data[at]!) / scale(r, c)).toBeLessThan(3e-4);
        }
    }
    expect(again.mean(0)[6]! / moments.mean(0)[6]!).toBeCloseTo(1, 6);
  });
});

describe('the text encoder of a starter', () => {
  it('keeps the columns and values of what the starter knows, and gives new words columns of their own', async () => {
    const base = TextEncoder.fit([['a dog runs', 'a brown dog'], ['a red car']], {
      blocks: ['words'],
      minimumCount: 1,
    });
    const own = TextEncoder.fit([['ein blorple dog'], ['blorple']], { blocks: ['words'], minimumCount: 1 });
    const union = extendTextEncoder(base, own);
    const [before] = await base.encode(['a brown dog runs']);
    const [after] = await union.encode(['a brown dog runs']);
    if (!before || !after || !('indices' in before) || !('indices' in after)) throw new Error('not sparse');
    expect([...after.indices]).toEqual([...before.indices]);
    expect([...after.values]).toEqual([...before.values]);
    expect(union.known('blorple')).toBe(1);
    expect(base.known('blorple')).toBe(0);
    expect(after.columns).toBe(before.columns + own.toJSON().terms.filter((term) => term !== 'dog').length);
  });
});

describe('the weights of own words in the columns of a starter', () => {
  it('place texts as the own space does, up to the lengths of bags of words', async () => {
    const captions = [['a dog runs', 'a brown dog'], ['a red blorple'], ['a dog and a blorple']];
    const options = { blocks: ['words'], minimumCount: 1 } as const;
    const own = TextEncoder.fit(captions, options);
    const base = TextEncoder.fit([['a red car', 'a brown cat'], ['a dog'], ['a dog sleeps']], options);
    const union = extendTextEncoder(base, own);
    const rows = own.blocks[0]!.size;
    const weights = { rows, columns: 2, data: Float64Array.from({ length: rows * 2 }, (_, i) => i - 3) };
    const view = (size: number) => ({ blocks: [size], mean: new Float64Array(size), weights });
    const space = { count: 4, correlations: Float64Array.of(1, 1), views: [view(rows), view(rows)] };
    const moved = inStarterColumns(space, own, union)[1]!;
    expect(moved.blocks).toEqual([union.blocks[0]!.size]);
    for (const text of captions.flat()) {
      const places = [];
      for (const [encoder, some] of [
        [own, weights],
        [union, moved.weights],
      ] as const) {
        const place = [0, 0];
        for (const { index, value } of entries(await encoder.encode([text])))
          for (const k of [0, 1]) place[k]! += value * some.data[index * 2 + k]!;
        places.push(place);
      }
      const [before, after] = places as [number[], number[]];
      // The same direction: the ratio of both components, cross-multiplied.
      expect(after[0]! * before[1]!).toBeCloseTo(after[1]! * before[0]!, 6);
      expect(after[0]! * before[0]!).toBeGreaterThan(0);
    }
  });
});

function entries([block]: Rows[]): { index: number; value: number }[] {
  if (!block || !('indices' in block)) throw new Error('not sparse');
  return Array.from(block.indices, (index, i) => ({ index, value: block.values[i]! }));
}

describe('the span of a starter and own pairs', () => {
  const recipe = { ...RECIPES.default!, hubness: undefined };

  /** Own pairs in the starter's columns, the span with what they alone give, and their moments in both. */
  async function merged() {
    const pairs = likeItsOwn(40);
    const [image, ...texts] = await paired(
      imageRows(recipe, pairs.features()[0]!),
      pairs.captions,
      recipe,
      starter.model.text,
    );
    const rows = [image!, ...texts];
    const own = await fitRows(rows, { ...fitOptions(recipe, starter.model.encoder), engine });
    const span = await starterSpan(starter, recipe, engine).with(own.views);
    const { rows: images, of } = image as { rows: Matrix32; of: Uint32Array };
    const placed = [{ rows: await span.place(0, [images]), of }, await span.place(1, texts as Rows[])];
    const moments = span.none();
    await moments.add(placed, { engine });
    return { rows, span, moments };
  }

  /** Similarities of other pictures and texts in a space of features. */
  async function similarities(space: JointSpace): Promise<Float32Array> {
    const others = selectRows(
      starter.pictures,
      Array.from({ length: 30 }, (_, i) => 100 + i),
    );
    const model = { ...starter.model, recipe, space };
    const said = ['a dog runs on grass', 'a city street', 'two men play soccer', 'a child in a red shirt'];
    const [a, b] = [await embedPictures(model, others, engine), await embedTexts(model, said, engine)];
    return (await engine.multiply(a, b, { transposeB: true })).data;
  }

  it('places others as CCA on the sum of both moments does', async () => {
    const { rows, span, moments } = await merged();
    const added = Moments.zero(starter.moments.sizes);
    await added.add(rows, { engine });
    const whole = await solveRecipe(starter.moments.merge(added), recipe, starter.model.encoder, { engine });
    const inSpan = await span.expand(await span.learn(1, moments));
    expect(correlation(await similarities(inSpan), await similarities(whole))).toBeGreaterThan(0.97);
  });

  it('gives the starter back where its weight is great', async () => {
    const { span, moments } = await merged();
    const space = await span.expand(await span.learn(1e6, moments));
    const [found, known] = [await similarities(space), await similarities(starter.model.space)];
    found.forEach((value, i) => {
      expect(Math.abs(value - known[i]!)).toBeLessThan(0.01);
    });
  });

  it('counts each pair of the starter by its weight', async () => {
    const { span, moments } = await merged();
    const half = await span.learn(0.5, moments);
    const twice = await span.learn(1, moments.merge(moments));
    half.correlations.forEach((value, i) => {
      expect(Math.abs(value - twice.correlations[i]!)).toBeLessThan(1e-3);
    });
  });
});

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: Float32Array, mx: number, y: Float32Array, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}

describe('the choice of how much a starter counts', () => {
  it('stays with the starter where own pairs are like its own, and learns from own pairs where they are not', async () => {
    const wordVectors = await defaultWordVectors();
    const options = { engine, wordVectors };
    const like = likeItsOwn(60);
    const [features] = like.features();
    const near = await chooseStarterWeight(like, RECIPES.default!, starter, options);
    expect(near.weight).toBeGreaterThan(0);
    expect(near.from).not.toBe('own');
    // Words that say something else: which half of the photos is the brighter one in some features.
    const invented = like.captions.map((_, i) => {
      const [first, second] = [row(features!, i)[7]!, row(features!, i)[300]!];
      return [`${first > 0.2 ? 'blorple' : 'zindle'} ${second > 0.2 ? 'gromp' : 'quibber'} n${i % 40}`];
    });
    const far = await chooseStarterWeight(
      { ...like, captions: invented },
      RECIPES.default!,
      starter,
      options,
    );
    expect(far.from === 'own' || far.from === 'joined' || far.weight < 1).toBe(true);
  });

  it('is not made on accepted tags, which the starter gave itself', async () => {
    const options = { engine, wordVectors: await defaultWordVectors() };
    const choose = (pairs: PairSource) => chooseStarterWeight(pairs, RECIPES.default!, starter, options);
    const accepted = await choose({ ...likeItsOwn(60), isAccepted: () => true });
    expect(accepted).toMatchObject({ from: 'merged', weight: 1 });
    const of = (n: number, written: number): PairSource => ({
      ...likeItsOwn(n),
      isAccepted: (position) => position >= written,
    });
    expect(await choose(of(40, 24))).toEqual(await choose(likeItsOwn(24)));
    // They only tell that the starter knows such pictures, where they are as many as those with words of their own.
    expect(await choose(of(20, 12))).toMatchObject({ from: 'merged', weight: 0.1 });
    expect(await choose(of(24, 12))).toMatchObject({ from: 'merged', weight: 1 });
  });
});

describe('an evaluation beside a starter', () => {
  it('tests what would be learned on top of it, own pairs alone and the starter alone, on the same pictures', async () => {
    const options = { engine, wordVectors: await defaultWordVectors() };
    const { captions, features, encoder } = likeItsOwn(50);
    const rows = captions.map((_, i) => i);
    const experiment = {
      encoder,
      features: features()[0]!,
      captions,
      train: rows.filter((i) => i % 5 !== 0),
      validation: [],
      test: rows.filter((i) => i % 5 === 0),
    };
    const small = { ...starter, captions: starter.captions.slice(0, 2000) };
    const { results, choice } = await compareWithStarter(experiment, RECIPES.default!, small, options);
    expect(results.map(({ name }) => name)).toEqual([
      'own pictures and starter',
      'own pictures only',
      'starter only',
    ]);
    expect(choice.reason).toContain('40 own pictures');
    const [both, own, alone] = results.map(({ evaluation }) => evaluation);
    for (const one of [both!, own!, alone!]) expect(one.tested.pictures).toBe(10);
    expect(alone!.imageToTag.vocabulary).toBe(starter.model.tags.length);
    expect(both!.imageToTag.vocabulary).toBeGreaterThanOrEqual(starter.model.tags.length);
    expect(own!.imageToTag.vocabulary).toBeLessThan(starter.model.tags.length);
    // The starter was learned from these pictures.
    expect(both!.textToImage['recall@1']).toBeGreaterThan(own!.textToImage['recall@1']);
  });
});

describe('accepted tags', () => {
  it('take no other tag from their picture, whose own they would be by far the strongest vote', async () => {
    const options = { engine, wordVectors: await defaultWordVectors() };
    const small = { ...starter, captions: starter.captions.slice(0, 4000), banks: undefined };
    const { features, encoder } = likeItsOwn(30);
    const [pictures] = features();
    const before = await tagFeatures(await starterModel(small, options), pictures!, 6, engine);
    const pairs: PairSource = {
      encoder,
      captions: before.map(([best]) => [best!.word]),
      features,
      isAccepted: () => true,
    };
    const mix = { from: 'merged', weight: 0.1 } as const;
    const model = await trainOnStarter(pairs, RECIPES.default!, small, mix, options);
    const after = await tagFeatures(model, pictures!, model.tags.length, engine);
    const sums = { accepted: [0, 0], others: [0, 0] };
    before.forEach((tags, i) => {
      for (const [rank, { word, score }] of tags.entries()) {
        const sum = sums[rank === 0 ? 'accepted' : 'others'];
        sum[0]! += score;
        sum[1]! += after[i]!.find((tag) => tag.word === word)?.score ?? 0;
      }
    });
    expect(sums.accepted[1]).toBeGreaterThan(sums.accepted[0]!);
    // The space changes too, in which the starter's captions lie.
    expect(sums.others[1]).toBeGreaterThan(0.4 * sums.others[0]!);
  });
});

describe('a stored starter', () => {
  let folder: string;
  let small: Starter;
  beforeAll(async () => {
    folder = await scratch();
    small = { ...starter, captions: starter.captions.slice(0, 500), banks: undefined };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const load = (file: string) => loadStarter(file, { wordVectors: () => defaultWordVectors() });

  it('searches and tags as it did before it was stored', async () => {
    const file = join(folder, 'small.safetensors');
    await saveStarter(file, { ...small, banks: await starterBanks(small, { engine }) });
    const again = await load(file);
    expect(again.captions).toEqual(small.captions);
    expect(again.moments.covariance(0, 1).data.slice(0, 9)).toEqual(
      starter.moments.covariance(0, 1).data.slice(0, 9),
    );
    const [made, stored] = await Promise.all([small, again].map((one) => starterModel(one, { engine })));
    const pictures = selectRows(starter.pictures, [3, 100, 500]);
    const [before, after] = await Promise.all(
      [made!, stored!].map((model) => tagFeatures(model, pictures, 5, engine)),
    );
    before!.forEach((tags, i) => {
      tags.forEach(({ word, score }, rank) => {
        expect(after![i]![rank]!.word).toBe(word);
        expect(Math.abs(after![i]![rank]!.score - score)).toBeLessThan(2e-3);
      });
    });
    const hubness = await Promise.all(
      [made!, stored!].map(async (model) =>
        pictureHubness(model, await embedPictures(model, pictures, engine), engine),
      ),
    );
    expect(largestDifference(hubness[0]!, hubness[1]!)).toBeLessThan(1e-3);
  });

  it('makes its banks where an earlier version stored none', async () => {
    const file = join(folder, 'earlier.safetensors');
    await saveStarter(file, small);
    const again = await load(file);
    expect(again.banks).toBeUndefined();
    const model = await starterModel(again, { engine });
    expect(model.bank!.embeddings.rows).toBe(500);
    expect(model.queries!.pictures.rows).toBe(starter.pictures.rows);
  });

  it('is refused by name when its bank is damaged', async () => {
    const file = join(folder, 'damaged.safetensors');
    const { tensors, metadata } = decodeSafetensors(await readFile(BUILT_IN_STARTER));
    const wrong = new Map(tensors);
    wrong.set('bank.correction', { type: 'F32', shape: [2], data: Float32Array.of(0, 0) });
    const { checksums: _, ...others } = metadata;
    await writeFile(file, encodeTensorFile(wrong, others));
    await expect(load(file)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringMatching(/damaged\.safetensors: tensor bank\.correction has shape \[2\]/),
    });
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

describe('the built-in starter', () => {
  it('is at most 45 MB', async () => {
    expect((await stat(BUILT_IN_STARTER)).size).toBeLessThan(45e6);
  });

  it('holds its captions and pictures as its space places them, so that a first search need not', async () => {
    const { bank, queries } = await starterBanks(starter, { engine });
    const stored = await starterModel(starter, { engine });
    expect(stored.bank).toBe(starter.banks!.bank);
    expect(stored.bank!.words).toEqual(bank!.words);
    expect(stored.bank!.texts).toEqual(starter.captions);
    expect(largestDifference(stored.bank!.correction, bank!.correction)).toBeLessThan(1e-5);
    for (const [kept, made] of [
      [stored.bank!.embeddings, bank!.embeddings],
      [stored.queries!.pictures, queries!.pictures],
      [stored.queries!.captions, queries!.captions],
    ] as const) {
      expect([kept.rows, kept.columns]).toEqual([made.rows, made.columns]);
      // Half precision, whose steps are 0.0005 below 1.
      expect(largestDifference(kept.data, made.data)).toBeLessThan(3e-4);
    }
  });

  it('has the projections that its moments give, to 1e-3', async () => {
    const { model, moments } = starter;
    const solved = await solveRecipe(moments, model.recipe, model.encoder, { engine });
    solved.correlations.forEach((value, i) => {
      expect(Math.abs(value - model.space.correlations[i]!)).toBeLessThan(1e-3);
    });
    const texts = [
      'a dog on a beach',
      'two men play soccer',
      'a child in a red shirt',
      'a city street at night',
    ];
    const similarities = async (space: typeof solved) => {
      const { data, columns } = await embedTexts({ ...model, space }, texts, engine);
      return texts.map((_, i) => {
        let sum = 0;
        for (let c = 0; c < columns; c++) sum += data[c]! * data[i * columns + c]!;
        return sum;
      });
    };
    const [stored, fresh] = [await similarities(model.space), await similarities(solved)];
    stored.forEach((value, i) => {
      expect(Math.abs(value - fresh[i]!)).toBeLessThan(1e-3);
    });
  });

  it('fits libraries of its own encoder and recipe only, and says why not', () => {
    const { encoder } = starter.model;
    expect(starterMismatch(starter, encoder, RECIPES.default!)).toBeUndefined();
    expect(starterMismatch(starter, { ...encoder, id: 'other' })).toContain('other');
    expect(starterMismatch(starter, encoder, RECIPES.article!)).toContain('article');
    expect(starterMismatch(starter, encoder, RECIPES.default!, 'mine.vec')).toContain('word vectors');
  });

  it('reaches words outside of its captions by their vectors', async () => {
    const model = await starterModel(starter, { engine });
    expect(model.text.toJSON().words).not.toContain('whippet');
    const { data, columns } = await embedTexts(model, ['whippet', 'a dog', 'a skyscraper'], engine);
    const similarity = (i: number) =>
      data.subarray(0, columns).reduce((sum, value, c) => sum + value * data[i * columns + c]!, 0);
    expect(similarity(1)).toBeGreaterThan(similarity(2) + 0.2);
  });

  it('is what a library without captions gets, and takes up the words of the first few', async () => {
    const none = await fitOnStarter(ownPairs(0), RECIPES.default!, starter, { engine });
    expect(none.choice.from).toBe('starter');
    const wordVectors = await defaultWordVectors();
    const few = await trainOnStarter(
      ownPairs(6),
      RECIPES.default!,
      starter,
      { from: 'merged', weight: 1 },
      { engine, wordVectors },
    );
    expect(few.text.known('blorple')).toBe(1);
    expect(few.tags).toContain('blorple');
    expect(few.tags).toContain('dog');
  });
});

describe.skipIf(!hasShared)('the built-in starter, where the reference data are', () => {
  it('holds the features that the default encoder gives now', async () => {
    const folder = join(SHARED, 'data/flickr8k/photos');
    const split = await readFile(join(SHARED, 'data/flickr8k/Flickr_8k.trainImages.txt'), 'utf8');
    const validation = await readFile(join(SHARED, 'data/flickr8k/Flickr_8k.devImages.txt'), 'utf8');
    const names = `${split.trim()}\n${validation.trim()}`
      .split('\n')
      .map((name) => name.trim())
      .sort();
    // Every eighth of the 7,080 pictures is kept; the photos of Flickr8k come first.
    const kept = [0, 8, 16, 24, 3200, 6400];
    const encoder = await defaultImageEncoder();
    try {
      for await (const result of encoder.encode(kept.map((i) => join(folder, names[i]!)))) {
        if ('error' in result) throw result.error;
        const stored = row(starter.pictures, kept[result.index]! / 8);
        result.feature.forEach((value, c) => {
          expect(Math.abs(value - stored[c]!)).toBeLessThan(1e-3 + 1e-3 * Math.abs(value));
        });
      }
    } finally {
      await encoder.close();
    }
  });

  it.skipIf(!existsSync(CACHED))(
    'is what npm run train-starter makes (needs the features that it caches)',
    async () => {
      const folder = await scratch();
      try {
        const out = join(folder, 'again.safetensors');
        const root = resolve(import.meta.dirname, '../../..');
        const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
        const [, ...args] = scripts['train-starter'].split(' ');
        await promisify(execFile)(process.execPath, [...args, '--out', out], { cwd: root });
        const [made, committed] = await Promise.all(
          [out, BUILT_IN_STARTER].map(async (file) => decodeSafetensors(await readFile(file))),
        );
        const settings = (one: typeof made) => JSON.parse(one!.metadata.model!);
        expect(settings(made).text).toEqual(settings(committed).text);
        expect(settings(made).tags).toEqual(settings(committed).tags);
        for (const [name, tensor] of committed!.tensors) {
          // Projections are compared by what they do, above: signs and order of equal correlations may differ.
          if (/^space\.\d|^bank\.embeddings$|^queries\./.test(name)) continue;
          const again = made!.tensors.get(name)!;
          expect(again.shape).toEqual(tensor.shape);
          const numbers = (one: typeof tensor) => (one.type === 'F16' ? fromFloat16(one.data) : one.data);
          const [a, b] = [numbers(again), numbers(tensor)];
          let largest = 0;
          for (let i = 0; i < a.length; i++)
            largest = Math.max(largest, Math.abs(Number(a[i]) - Number(b[i])));
          expect(largest, name).toBeLessThan(2e-3);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
