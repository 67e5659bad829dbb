import { describe, expect, it } from 'vitest';
import { type Matrix32, referenceEngine } from '../../src/linalg/index.ts';
import { engineSuite } from './engine-suite.ts';

engineSuite('reference', referenceEngine);

describe('reference engine', () => {
  it('orders equal scores by row', async () => {
    const queries: Matrix32 = { rows: 1, columns: 1, data: Float32Array.of(1) };
    const gallery: Matrix32 = { rows: 5, columns: 1, data: Float32Array.of(0, 1, 0, 1, 1) };
    const best = await referenceEngine().topK(queries, gallery, 4);
    expect(best.indices).toEqual(Uint32Array.of(1, 3, 4, 0));
  });
});
