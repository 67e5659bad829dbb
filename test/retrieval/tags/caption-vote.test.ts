import { describe, expect, it } from 'vitest';
import { createRandom, matrix, referenceEngine } from '../../../src/linalg/index.ts';
import {
  bankCorrection,
  captionVote,
  explainCaptionVote,
  softMaximum,
  softmaxInPlace,
  wordRows,
} from '../../../src/retrieval/index.ts';

const engine = referenceEngine();
const vocabulary = ['dog', 'grass', 'ball', 'water'];

function randomUnitRows(rows: number, columns: number, seed: number) {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: rows * columns }, () => random.normal());
  for (let i = 0; i < rows; i++) {
    const part = data.subarray(i * columns, (i + 1) * columns);
    const length = Math.hypot(...part);
    for (let j = 0; j < columns; j++) part[j]! /= length;
  }
  return matrix(rows, columns, data);
}

function randomVoters(captions: number, seed: number) {
  const random = createRandom(seed);
  const words = Array.from({ length: captions }, () => vocabulary.filter(() => random.uniform() < 0.4));
  return {
    embeddings: randomUnitRows(captions, 6, seed),
    words: wordRows(words, vocabulary),
    vocabulary: vocabulary.length,
  };
}

describe('softmax', () => {
  const random = createRandom(9);
  const scores = Float32Array.from({ length: 500 }, () => random.normal());

  it.each([1e-7, 0.01, 0.07, 1, 100])('agrees with its definition at temperature %d', (temperature) => {
    const largest = Math.max(...scores);
    const exponentials = Array.from(scores, (score) => Math.exp((score - largest) / temperature));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    const weights = scores.slice();
    softmaxInPlace(weights, temperature);
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(exponentials[i]! / sum, 7);
    });
    expect(softMaximum(scores, temperature)).toBeCloseTo(largest + temperature * Math.log(sum / 500), 8);
  });

  it('lies between the mean and the largest score', () => {
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    expect(softMaximum(scores, 1e4)).toBeCloseTo(mean, 3);
    expect(softMaximum(scores, 1e-6)).toBeCloseTo(Math.max(...scores), 4);
  });
});

describe('captionVote', () => {
  const voters = randomVoters(60, 1);
  const pictures = randomUnitRows(5, 6, 2);

  it('adds up softmax weights of the captions that hold a word', async () => {
    // At temperature 0.1, similarities 0.5 and 0.4 weigh e to 1.
    const two = {
      embeddings: matrix(2, 1, Float32Array.of(0.5, 0.4)),
      words: wordRows(
        [
          ['dog', 'grass'],
          ['dog', 'ball', 'dog', 'zebra'],
        ],
        vocabulary,
      ),
      vocabulary: 4,
    };
    const picture = matrix(1, 1, Float32Array.of(1));
    const { data } = await captionVote(engine, picture, two, { temperature: 0.1 }).block(0, 1);
    const first = Math.E / (Math.E + 1);
    expect([...data]).toEqual([1, first, 1 - first, 0].map((score) => expect.closeTo(score, 6)));
  });

  it('gives the same scores for a part of the pictures', async () => {
    const scorer = captionVote(engine, pictures, voters);
    const all = await scorer.block(0, 5);
    const part = await scorer.block(2, 4);
    expect([...part.data]).toEqual([...all.data.subarray(8, 16)]);
  });

  it('listens less to captions whose similarity is corrected', async () => {
    const correction = new Float32Array(60);
    for (let caption = 0; caption < 60; caption++)
      if (
        voters.words.indices.subarray(voters.words.offsets[caption], voters.words.offsets[caption + 1])[0] ===
        0
      )
        correction[caption] = 5;
    const scores = await captionVote(engine, pictures, { ...voters, correction }).block(0, 5);
    for (let picture = 0; picture < 5; picture++) expect(scores.data[picture * 4]).toBeLessThan(1e-6);
  });

  it('is explained by the captions that hold the word, with weights that add up to the score', async () => {
    const correction = await bankCorrection(engine, voters.embeddings, randomUnitRows(30, 6, 4), {
      weight: 0.5,
    });
    const corrected = { ...voters, correction };
    const scores = await captionVote(engine, pictures, corrected).block(0, 5);
    for (let picture = 0; picture < 5; picture++) {
      const one = matrix(1, 6, pictures.data.slice(picture * 6, (picture + 1) * 6));
      const similarity = await engine.multiply(one, voters.embeddings, { transposeB: true });
      for (let word = 0; word < 4; word++) {
        const votes = await explainCaptionVote(engine, one, corrected, word);
        const sum = votes.reduce((total, vote) => total + vote.weight, 0);
        expect(sum).toBeCloseTo(scores.data[picture * 4 + word]!, 5);
        for (const [i, vote] of votes.entries()) {
          const { offsets, indices } = voters.words;
          expect([...indices.subarray(offsets[vote.caption], offsets[vote.caption + 1])]).toContain(word);
          expect(vote.similarity).toBeCloseTo(similarity.data[vote.caption]!, 5);
          if (i > 0) expect(vote.weight).toBeLessThanOrEqual(votes[i - 1]!.weight);
        }
      }
    }
  });

  it('gives half of each vote to what the captions of a picture agree on', async () => {
    const [first, second] = [Math.E / (Math.E + 1), 1 / (Math.E + 1)];
    const three = {
      // The first two captions are of one picture and weigh e / 2 each, the third weighs 1.
      embeddings: matrix(3, 1, Float32Array.of(0.5, 0.5, 0.4)),
      correction: Float32Array.of(0.1 * Math.log(2), 0.1 * Math.log(2), 0),
      words: wordRows([['dog', 'grass'], ['dog', 'ball'], ['water']], vocabulary),
      pictures: { of: Uint32Array.of(0, 0, 1), words: wordRows([['dog'], []], vocabulary) },
      vocabulary: 4,
    };
    const picture = matrix(1, 1, Float32Array.of(1));
    const { data } = await captionVote(engine, picture, three, { temperature: 0.1 }).block(0, 1);
    expect([...data]).toEqual(
      [first, first / 4, first / 4, second / 2].map((score) => expect.closeTo(score, 6)),
    );
    for (let word = 0; word < 4; word++) {
      const votes = await explainCaptionVote(engine, picture, three, word, { temperature: 0.1 });
      expect(votes.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(data[word]!, 6);
    }
  });

  it('lets partial captions raise their own words and lower none', async () => {
    // A partial caption lies nearest and weighs e; the two others weigh 1.
    const captions = [['ball'], ['dog', 'grass'], ['dog']];
    const three = {
      embeddings: matrix(3, 1, Float32Array.of(0.5, 0.4, 0.4)),
      words: wordRows(captions, vocabulary),
      pictures: { of: Uint32Array.of(0, 1, 1), words: wordRows([[], ['dog']], vocabulary) },
      vocabulary: 4,
    };
    const picture = matrix(1, 1, Float32Array.of(1));
    const share = Math.E / (Math.E + 2);
    const expected: [readonly number[], number[]][] = [
      [[0], [1, 1 / 4, share, 0]],
      // Where all are partial, each of them speaks for its words alone.
      [
        [0, 1, 2],
        [1 - share, (1 - share) / 2, share, 0],
      ],
    ];
    for (const [numbers, scores] of expected) {
      const voting = { ...three, partial: Uint32Array.from(numbers) };
      const { data } = await captionVote(engine, picture, voting, { temperature: 0.1 }).block(0, 1);
      expect([...data]).toEqual(scores.map((score) => expect.closeTo(score, 6)));
      for (let word = 0; word < 4; word++) {
        const votes = await explainCaptionVote(engine, picture, voting, word, { temperature: 0.1 });
        expect(votes.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(data[word]!, 6);
      }
    }
    // A partial caption that says what the others say counts where it makes that more probable.
    const agreeing = { ...three, words: wordRows([['grass'], ...captions.slice(1)], vocabulary) };
    const voting = { ...agreeing, pictures: undefined, partial: Uint32Array.of(0) };
    const { data } = await captionVote(engine, picture, voting, { temperature: 0.1 }).block(0, 1);
    expect(data[1]).toBeCloseTo(share + (1 - share) / 2, 6);
    const votes = await explainCaptionVote(engine, picture, voting, 1, { temperature: 0.1 });
    expect(votes.map(({ caption }) => caption)).toEqual([0, 1]);
  });

  it('names what does not fit', () => {
    expect(() => captionVote(engine, pictures, { ...voters, partial: Uint32Array.of(3, 60) })).toThrow(
      /Caption 60 is called partial/,
    );
    const elsewhere = { of: new Uint32Array(60).fill(1), words: wordRows([['dog']], vocabulary) };
    expect(() => captionVote(engine, pictures, { ...voters, pictures: elsewhere })).toThrow(/pictures of 60/);
    expect(() => captionVote(engine, pictures, { ...voters, vocabulary: 2 })).toThrow(/vocabulary of 2/);
    expect(() => captionVote(engine, pictures, voters, { temperature: 0 })).toThrow(/temperature/);
    expect(() =>
      captionVote(engine, pictures, { ...voters, words: wordRows([['dog']], vocabulary) }),
    ).toThrow(/words of 1 captions came with 60/);
    expect(() => captionVote(engine, randomUnitRows(2, 3, 1), voters)).toThrow(/3 dimensions/);
    const none = { embeddings: matrix(0, 6, new Float32Array(0)), words: wordRows([], []), vocabulary: 4 };
    expect(() => captionVote(engine, pictures, none)).toThrow(/no training caption/);
  });
});

describe('bankCorrection', () => {
  it('is the soft maximum of the similarities to the bank', async () => {
    const items = matrix(1, 2, Float32Array.of(1, 0));
    const bank = matrix(2, 2, Float32Array.of(0.8, 0.6, 0.6, 0.8));
    const expected = 0.1 * Math.log((Math.exp(8) + Math.exp(6)) / 2);
    const correction = await bankCorrection(engine, items, bank, { temperature: 0.1 });
    expect(correction[0]).toBeCloseTo(expected, 6);
    const half = await bankCorrection(engine, items, bank, { temperature: 0.1, weight: 0.5 });
    expect(half[0]).toBeCloseTo(expected / 2, 6);
  });

  it('makes the corrected scores of an item a distribution over the bank', async () => {
    const items = randomUnitRows(20, 6, 5);
    const bank = randomUnitRows(80, 6, 6);
    const correction = await bankCorrection(engine, items, bank);
    const scores = await engine.multiply(items, bank, { transposeB: true });
    for (let item = 0; item < 20; item++) {
      let mean = 0;
      for (let query = 0; query < 80; query++)
        mean += Math.exp((scores.data[item * 80 + query]! - correction[item]!) / 0.07) / 80;
      expect(mean).toBeCloseTo(1, 4);
    }
  });

  it('refuses an empty bank, other dimensions, numbers that are not finite and options out of range', async () => {
    const items = randomUnitRows(2, 3, 1);
    await expect(bankCorrection(engine, items, matrix(0, 3, new Float32Array(0)))).rejects.toThrow(/empty/);
    await expect(bankCorrection(engine, items, randomUnitRows(2, 4, 1))).rejects.toThrow(/3 dimensions/);
    const broken = matrix(1, 3, Float32Array.of(1, Number.NaN, 0));
    await expect(bankCorrection(engine, broken, items)).rejects.toThrow(/item 0/);
    await expect(bankCorrection(engine, items, items, { temperature: -1 })).rejects.toThrow(/temperature/);
  });
});
