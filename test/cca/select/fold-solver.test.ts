import { describe, expect, it } from 'vitest';
import { fit } from '../../../src/cca/index.ts';
import { foldSolver } from '../../../src/cca/select/fold-solver.ts';
import { distance, random64, randomSparse } from '../../linalg/plain.ts';
import { correlatedViews, engine, momentsOf } from '../data.ts';

const [x, y] = correlatedViews(500, 12, 8, 3, 1);
const bag = randomSparse(500, 15, 0.2, 2);

describe('foldSolver', () => {
  it('gives what fit gives, whatever was solved before', async () => {
    const moments = await momentsOf(x, y, bag);
    const shared = {
      engine,
      views: [[0], [1, 2]],
      normalize: ['standardize', 'energy', 'energy'],
      parts: [[5, 7]],
    } as const;
    const solve = foldSolver(moments, shared);
    const candidates = [
      { ridge: [0.5, 1], blockWeights: [1, 1, 1] },
      { ridge: [2, 1], blockWeights: [1, 1, 1] },
      { ridge: [2, 0.01], blockWeights: [1, 1, 1] },
      { ridge: [2, 0.01], blockWeights: [1, 1, 0.3] },
      { ridge: [0.5, 1], blockWeights: [1, 1, 1] },
    ] as const;
    for (const candidate of candidates) {
      const found = await solve({ ...candidate, dimensions: 6 });
      const known = await fit(moments, { ...shared, ...candidate, dimensions: 6 });
      expect(distance(found.correlations, known.correlations)).toBeLessThan(1e-9);
      for (const view of [0, 1]) {
        const scale = Math.max(...known.views[view]!.weights.data.map(Math.abs));
        const error = distance(found.views[view]!.weights.data, known.views[view]!.weights.data);
        expect(error).toBeLessThan(1e-8 * scale);
        expect(found.views[view]!.mean).toEqual(known.views[view]!.mean);
      }
    }
  });

  it('leaves out directions without variance', async () => {
    // Fewer pairs than columns, so that the covariances are singular.
    const few = await momentsOf(random64(10, 14, 3), random64(10, 12, 4));
    const found = await foldSolver(few, { engine })({
      ridge: [0.1, 0.2],
      blockWeights: [1, 1],
      dimensions: 9,
    });
    const known = await fit(few, { engine, ridge: [0.1, 0.2], dimensions: 9 });
    expect(distance(found.correlations, known.correlations)).toBeLessThan(1e-9);
  });
});
