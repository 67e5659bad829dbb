import { describe, expect, it } from 'vitest';
import {
  captionRanks,
  firstRanks,
  pictureOfCaption,
  retrievalMetrics,
} from '../../../src/evaluation/index.ts';
import { createRandom, matrix, referenceEngine } from '../../../src/linalg/index.ts';
import {
  csls,
  dynamicInvertedSoftmax,
  innerProductScorer,
  matrixScorer,
  neighbourCorrection,
  neighbourMeans,
} from '../../../src/retrieval/index.ts';

const engine = referenceEngine();

/**
 * Pairs of noisy directions with one more coordinate, 1 for queries and of any size for items: it adds to the score
 * of an item whatever is asked, and so makes hubs.
 */
function pairsWithHubs(count: number, seed: number) {
  const random = createRandom(seed);
  const directions = 20;
  const columns = directions + 1;
  const queries = new Float32Array(count * columns);
  const items = new Float32Array(count * columns);
  for (let i = 0; i < count; i++) {
    for (let d = i * columns; d < i * columns + directions; d++) {
      items[d] = random.normal() / Math.sqrt(directions);
      queries[d] = items[d]! + (0.6 * random.normal()) / Math.sqrt(directions);
    }
    queries[(i + 1) * columns - 1] = 1;
    items[(i + 1) * columns - 1] = 0.3 * random.normal();
  }
  return { queries: matrix(count, columns, queries), items: matrix(count, columns, items) };
}

describe('neighbourMeans', () => {
  it('averages the largest similarities', async () => {
    const rows = matrix(1, 2, Float32Array.of(1, 0));
    const bank = matrix(3, 2, Float32Array.of(0.8, 0.6, 0, 1, 0.6, 0.8));
    expect((await neighbourMeans(engine, rows, bank, 2))[0]).toBeCloseTo(0.7, 6);
    expect((await neighbourMeans(engine, rows, bank, 9))[0]).toBeCloseTo(1.4 / 3, 6);
    const correction = await neighbourCorrection(engine, rows, bank, { neighbours: 1, weight: 0.5 });
    expect(correction[0]).toBeCloseTo(0.4, 6);
  });

  it('refuses an empty bank', async () => {
    const rows = matrix(1, 2, Float32Array.of(1, 0));
    await expect(neighbourMeans(engine, rows, matrix(0, 2, new Float32Array(0)), 2)).rejects.toThrow(/empty/);
  });
});

describe('hubness correction', () => {
  const test = pairsWithHubs(300, 1);
  const bank = pairsWithHubs(1500, 2).queries;
  const own = pictureOfCaption(Uint32Array.from({ length: 300 }, (_, i) => i));
  const plain = innerProductScorer(engine, test.queries, test.items);

  it('finds more where some items are near to every query, by each method', async () => {
    const recall = async (scorer: typeof plain) =>
      retrievalMetrics(await firstRanks(scorer, own))['recall@1'];
    const before = await recall(plain);
    const correction = await neighbourCorrection(engine, test.items, bank);
    const itemMeans = await neighbourMeans(engine, test.items, bank, 10);
    const queryMeans = await neighbourMeans(engine, test.queries, test.items, 10);
    const corrected = innerProductScorer(engine, test.queries, test.items, { correction });
    const softmax = await dynamicInvertedSoftmax(plain, innerProductScorer(engine, bank, test.items));
    expect(await recall(corrected)).toBeGreaterThan(before + 3);
    expect(await recall(csls(plain, queryMeans, itemMeans))).toBeGreaterThan(before + 3);
    expect(await recall(softmax)).toBeGreaterThan(before + 3);
  });

  it('orders by CSLS as by half of the neighbour means', async () => {
    const itemMeans = await neighbourMeans(engine, test.items, bank, 10);
    const queryMeans = await neighbourMeans(engine, test.queries, test.items, 10);
    const correction = await neighbourCorrection(engine, test.items, bank, { neighbours: 10, weight: 0.5 });
    const scaled = await csls(plain, queryMeans, itemMeans).block(0, 300);
    const halved = await innerProductScorer(engine, test.queries, test.items, { correction }).block(0, 300);
    for (let query = 0; query < 300; query++)
      for (let i = 0; i < 300; i += 17) {
        const position = query * 300 + i;
        expect(scaled.data[position]).toBeCloseTo(2 * halved.data[position]! - queryMeans[query]!, 4);
      }
  });

  it('changes nothing with a weight of 0', async () => {
    const images = await neighbourCorrection(engine, test.items, bank, { weight: 0 });
    const pictureOf = own.indices;
    const before = await captionRanks(engine, test.items, test.queries, pictureOf);
    const after = await captionRanks(engine, test.items, test.queries, pictureOf, { images });
    expect(after).toEqual(before);
  });
});

describe('dynamicInvertedSoftmax', () => {
  it('rescales queries that find a hub and leaves the others alone', async () => {
    // The bank's queries both find item 0; of the queries only the first does.
    const bank = matrixScorer(matrix(2, 2, Float32Array.of(0.9, 0.1, 0.7, 0.2)));
    const scorer = matrixScorer(matrix(2, 2, Float32Array.of(0.6, 0.5, 0.3, 0.4)));
    const { data } = await (await dynamicInvertedSoftmax(scorer, bank, { sharpness: 10, hubDepth: 1 })).block(
      0,
      2,
    );
    expect(data[0]).toBeCloseTo(6 - Math.log(Math.exp(9) + Math.exp(7)), 5);
    expect(data[1]).toBeCloseTo(5 - Math.log(Math.exp(1) + Math.exp(2)), 5);
    expect(data[2]).toBeCloseTo(0.3, 6);
    expect(data[3]).toBeCloseTo(0.4, 6);
  });

  it('does not overflow for sharp softmaxes', async () => {
    const bank = matrixScorer(matrix(2, 2, Float32Array.of(0.9, 0.1, 0.7, 0.2)));
    const scores = await (await dynamicInvertedSoftmax(bank, bank, { sharpness: 5000 })).block(0, 2);
    expect(scores.data.every(Number.isFinite)).toBe(true);
  });

  it('refuses a bank of other items', async () => {
    const scorer = matrixScorer(matrix(1, 2, new Float32Array(2)));
    const bank = matrixScorer(matrix(1, 3, new Float32Array(3)));
    await expect(dynamicInvertedSoftmax(scorer, bank)).rejects.toThrow(/3 items/);
  });
});
