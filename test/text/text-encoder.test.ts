import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { openWordVectors } from '../../src/encoders/index.ts';
import { isSparse, type Matrix, type Rows, row, type SparseRows } from '../../src/linalg/index.ts';
import {
  inverseDocumentFrequency,
  TextEncoder,
  type WordVectors,
  wordVectorsOf,
} from '../../src/text/index.ts';
import { SHARED } from '../shared.ts';

const GLOVE = resolve(import.meta.dirname, '../fixtures/word-vectors/glove-50.txt');

/** The captions of four pictures. */
const PICTURES = [
  ['A man plays tennis.', 'The man swings a racket.'],
  ['A dog runs on the grass.', 'A brown dog is running.'],
  ['A boy and a dog on the beach.'],
  ['A man rides a bicycle.'],
];

let wordVectors: WordVectors;

beforeAll(async () => {
  wordVectors = await openWordVectors(GLOVE);
});

function dense(rows: Rows | undefined): Matrix {
  if (rows === undefined || isSparse(rows)) throw new Error('expected a dense block');
  return rows;
}

function sparse(rows: Rows | undefined): SparseRows {
  if (rows === undefined || !isSparse(rows)) throw new Error('expected a sparse block');
  return rows;
}

describe('the block of word vectors', () => {
  test('is the mean weighted by TF-IDF', async () => {
    const encoder = TextEncoder.fit(PICTURES, { wordVectors, blocks: ['vectors'] });
    expect(encoder.blocks).toEqual([{ name: 'vectors', size: 100 }]);
    const [block] = await encoder.encode(['The dog, a dog and a man']);
    // Both words are in two of the four pictures, so that only their counts differ.
    const expected = Array.from(
      wordVectors.vector('dog')!,
      (value, i) => (2 * value + wordVectors.vector('man')![i]!) / 3,
    );
    row(dense(block), 0).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });

  test('weighs rare words more, and words that no picture had the most', async () => {
    const encoder = TextEncoder.fit(PICTURES, { wordVectors, blocks: ['vectors'] });
    const mean = row(dense((await encoder.encode(['dog kitten']))[0]), 0);
    const dog = inverseDocumentFrequency(4, 2);
    const kitten = inverseDocumentFrequency(4, 0);
    expect(dog).toBeCloseTo(1.510825623766, 11);
    expect(kitten).toBeCloseTo(2.609437912434, 11);
    const expected =
      (dog * wordVectors.vector('dog')![0]! + kitten * wordVectors.vector('kitten')![0]!) / (dog + kitten);
    expect(mean[0]).toBeCloseTo(expected, 6);
  });

  test.each([2 ** -120, 2 ** -80, 2 ** -10, 2 ** 10, 2 ** 80, 2 ** 120])(
    'of vectors times %d is the same times a power of two, with squares that float32 holds',
    async (factor) => {
      const words = [...wordVectors.words()];
      const data = Float32Array.from(
        words.flatMap((word) => [...wordVectors.vector(word)!].map((x) => x * factor)),
      );
      const scaled = wordVectorsOf('scaled', words, { rows: words.length, columns: 100, data });
      const encoder = TextEncoder.fit(PICTURES, { wordVectors: scaled, blocks: ['vectors'] });
      const again = TextEncoder.fromJSON(encoder.toJSON(), { wordVectors: scaled });
      const usual = TextEncoder.fit(PICTURES, { wordVectors, blocks: ['vectors'] });
      const texts = ['a man and a dog', 'a boy on the beach'];
      const [expected, got, restored] = await Promise.all(
        [usual, encoder, again].map(async (one) => dense((await one.encode(texts))[0]).data),
      );
      const ratio = got![0]! / expected![0]!;
      expect(Math.log2(ratio) % 1).toBeCloseTo(0, 5);
      got!.forEach((value, i) => {
        expect(value / ratio).toBeCloseTo(expected![i]!, 5);
      });
      expect(Math.abs(Math.log2(ratio))).toBeLessThan(32);
      expect([...restored!]).toEqual([...got!]);
    },
  );
});

describe('the bag of words', () => {
  test('holds the words of enough pictures, most frequent first', () => {
    const { terms: words } = TextEncoder.fit(PICTURES, { blocks: ['words'], minimumCount: 2 }).toJSON();
    expect(words.slice(0, 2)).toEqual(['dog', 'man']);
    const encoder = TextEncoder.fit(PICTURES, { blocks: ['words'], minimumCount: 2 });
    expect(encoder.blocks).toEqual([{ name: 'words', size: 2 }]);
  });

  test('is log counts times inverse document frequency at unit length', async () => {
    const encoder = TextEncoder.fit(PICTURES, { blocks: ['words'], minimumCount: 1 });
    const bag = sparse((await encoder.encode(['dog dog beach']))[0]);
    // Of the six captions three speak of dogs and one of a beach.
    const dog = Math.log(3) * Math.log(7 / 3);
    const beach = Math.log(2) * Math.log(7 / 1);
    const length = Math.hypot(dog, beach);
    const words = Array.from(bag.indices, (column) => encoder.toJSON().terms[column]);
    expect(words).toEqual(['dog', 'beach']);
    expect(bag.values[0]).toBeCloseTo(dog / length, 6);
    expect(bag.values[1]).toBeCloseTo(beach / length, 6);
  });

  test('counts stems and pairs of neighbours where asked to', async () => {
    // Pairs must occur in five times as many captions as words.
    const captions = Array.from({ length: 5 }, () => ['A dog jumps over hot dogs .', 'The dogs jumped']);
    const encoder = TextEncoder.fit(captions, {
      blocks: ['words'],
      minimumCount: 1,
      stems: true,
      pairs: true,
    });
    expect([...encoder.toJSON().terms].sort()).toEqual(
      ['dog', 'jump', 'hot', 'dog jump', 'jump hot', 'hot dog'].sort(),
    );
    const [jumping, jumped] = await Promise.all(
      ['dog jumping', 'dogs jumped'].map(async (text) => sparse((await encoder.encode([text]))[0])),
    );
    expect(jumping!.indices).toEqual(jumped!.indices);
    expect(jumping!.indices).toHaveLength(3);
    expect(encoder.known('jumping')).toBe(1);
  });

  test('counts runs of characters in five times as many captions as words, and finds misspelt words by them', async () => {
    const captions = ['dog', 'dogs', 'doggy', 'doge', 'a dog', 'cat'].map((caption) => [caption]);
    const encoder = TextEncoder.fit(captions, { blocks: ['words'], minimumCount: 1, characters: 3 });
    const terms = encoder.toJSON().terms.filter((term) => term.startsWith('@'));
    // Of the dogs' runs `#do`, `dog` and `og#` the last is in two captions only.
    expect(terms.toSorted()).toEqual(['@#do', '@dog']);
    const { offsets } = sparse((await encoder.encode(['dog', 'doggi', 'bird']))[0]);
    // The word and both runs, both runs, nothing.
    expect([...offsets]).toEqual([0, 3, 5, 5]);
    expect(['dog', 'doggi', 'bird'].map((word) => encoder.known(word))).toEqual([1, 1, 0]);
  });

  test('keeps the words of a language without a stemmer', () => {
    const encoder = TextEncoder.fit([['狗 跳']], {
      blocks: ['words'],
      language: 'zh',
      minimumCount: 1,
      stems: true,
    });
    expect([...encoder.toJSON().terms].sort()).toEqual(['狗', '跳'].sort());
  });

  test('is well formed for any texts', async () => {
    const encoder = TextEncoder.fit(PICTURES, { blocks: ['words'], minimumCount: 1 });
    const word = fc.constantFrom('dog', 'man', 'the', 'beach', 'zebra', 'tennis', '🎾');
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (texts) => {
        const bag = sparse((await encoder.encode(texts))[0]);
        expect(bag.rows).toBe(texts.length);
        expect(bag.offsets).toHaveLength(texts.length + 1);
        texts.forEach((one, i) => {
          const columns = bag.indices.subarray(bag.offsets[i], bag.offsets[i + 1]);
          const values = bag.values.subarray(bag.offsets[i], bag.offsets[i + 1]);
          for (let j = 1; j < columns.length; j++) expect(columns[j]).toBeGreaterThan(columns[j - 1]!);
          expect(Math.hypot(...values)).toBeCloseTo(encoder.known(one) > 0 ? 1 : 0, 5);
        });
      }),
    );
  });
});

describe('a text of unknown words only', () => {
  test('has zero rows, and known says so', async () => {
    const encoder = TextEncoder.fit(PICTURES, { wordVectors, blocks: ['vectors', 'words'] });
    expect(encoder.known('zyx the wvu')).toBe(0);
    expect(encoder.known('the dog kitten zyx')).toBe(2);
    const [vectors, words] = await encoder.encode(['zyx the wvu', '']);
    expect(dense(vectors).data.every((value) => value === 0)).toBe(true);
    expect(sparse(words).indices).toHaveLength(0);
  });
});

describe('a stored encoder', () => {
  test('encodes as the one that was stored', async () => {
    const encoder = TextEncoder.fit(PICTURES, { wordVectors, blocks: ['words', 'vectors'], minimumCount: 1 });
    const json = JSON.parse(JSON.stringify(encoder));
    const again = TextEncoder.fromJSON(json, { wordVectors });
    expect(again.blocks).toEqual(encoder.blocks);
    const texts = ['a man and a dog', 'tennis'];
    expect(await again.encode(texts)).toEqual(await encoder.encode(texts));
  });

  test('is refused without the same word vectors', () => {
    const json = TextEncoder.fit(PICTURES, { wordVectors, blocks: ['vectors'] }).toJSON();
    const other: WordVectors = {
      ...wordVectors,
      id: 'other',
      size: 100,
      count: 0,
      vector: () => undefined,
      words: () => [],
    };
    expect(() => TextEncoder.fromJSON(json, { wordVectors: other })).toThrow(/glove-50\.txt.*other/);
    expect(() => TextEncoder.fromJSON(json)).toThrow(/needs word vectors/);
    expect(() => TextEncoder.fromJSON({ ...json, words: 7 })).toThrow(/no text encoder/);
  });
});

describe('bad options', () => {
  test('are refused', () => {
    expect(() => TextEncoder.fit(PICTURES, { blocks: [] })).toThrow(/one or more/);
    expect(() => TextEncoder.fit(PICTURES, { blocks: ['vectors'] })).toThrow(/needs word vectors/);
  });
});

const tokens = join(SHARED, 'data/flickr8k/Flickr8k.token.txt');

describe.skipIf(!existsSync(tokens))('Flickr8k captions (skipped without ../shared)', () => {
  test('have the vocabulary and the zero rows that are to be expected', () => {
    const captions = new Map<string, string[]>();
    for (const line of readFileSync(tokens, 'utf8').trim().split('\n')) {
      const [name, caption] = line.split('\t');
      const picture = name!.split('#')[0]!;
      captions.set(picture, [...(captions.get(picture) ?? []), caption!]);
    }
    const split = join(SHARED, 'data/flickr8k/Flickr_8k.trainImages.txt');
    const training = readFileSync(split, 'utf8')
      .trim()
      .split('\n')
      .map((name) => captions.get(name)!);
    const encoder = TextEncoder.fit(training, { blocks: ['words'] });
    const words = encoder.toJSON().terms;
    const counts = new Map<string, number>();
    for (const caption of training.flat())
      for (const word of new Set(encoder.words(caption))) counts.set(word, (counts.get(word) ?? 0) + 1);
    const frequent = [...counts].filter(([, count]) => count >= 5).map(([word]) => word);
    expect([...words].sort()).toEqual(frequent.sort());
    // The reference counts 2,161 words of five photos, with a shorter list of stop words; these are among them.
    expect(encoder.blocks[0]!.size).toBeGreaterThan(2161 - 50);
    // Most frequent first, by captions.
    expect(words.map((word) => counts.get(word)!)).toEqual(
      frequent.map((word) => counts.get(word)!).sort((a, b) => b - a),
    );
    expect(training.flat().filter((caption) => encoder.known(caption) === 0)).toHaveLength(0);
  });
});

describe('the decomposition of a text', () => {
  const texts = ['The dogs run and the dog runs', 'dog dog dog', 'a kitten plays tennis', 'qqqxzzy', ''];

  test.each(texts.flatMap((text) => [true, false].map((keepStopWords) => ({ text, keepStopWords }))))(
    'of "$text" adds up to its features, stop words kept: $keepStopWords',
    async ({ text, keepStopWords }) => {
      const encoder = TextEncoder.fit(PICTURES, {
        wordVectors,
        blocks: ['vectors', 'words'],
        minimumCount: 1,
        stems: true,
        pairs: true,
        keepStopWords,
        characters: 3,
      });
      const encoded = await encoder.encode([text]);
      const { words, owners, blocks } = await encoder.decompose(text);
      blocks.forEach((block, b) => {
        expect(block.rows).toBe(owners.length);
        const whole = columnSums(encoded[b]!);
        columnSums(block).forEach((value, i) => {
          expect(value).toBeCloseTo(whole[i]!, 6);
        });
      });
      for (const own of owners) for (const word of own) expect(word).toBeLessThan(words.length);
    },
  );

  test('names the words that made each term', async () => {
    const captions = [['hot dogs'], ['hot dog']];
    const encoder = TextEncoder.fit(captions, { blocks: ['words'], minimumCount: 1, stems: true });
    const { words, owners } = await encoder.decompose('hot dog and hot dogs');
    expect(words).toEqual(['hot', 'dog', 'dogs']);
    // The stems are `hot` and `dog`, of which the latter has two words.
    expect(owners.toSorted((a, b) => a.length - b.length)).toEqual([[0], [1, 2]]);
  });
});

/** The sum of all rows. */
function columnSums(rows: Rows): Float64Array {
  const sums = new Float64Array(rows.columns);
  if (isSparse(rows)) {
    for (const [i, column] of rows.indices.entries()) sums[column]! += rows.values[i]!;
  } else for (const [i, value] of rows.data.entries()) sums[i % rows.columns]! += value;
  return sums;
}
