import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRandom, referenceEngine } from '../../../src/linalg/index.ts';
import { Candidates, largestNorm } from '../../../src/linalg/native/candidates.ts';
import { random32 } from '../plain.ts';

it('finds the best rows from scores that are off by rounding, equal rows in their order', async () => {
  const few = fc.integer({ min: 1, max: 8 });
  await fc.assert(
    fc.asyncProperty(
      few,
      fc.integer({ min: 1, max: 800 }),
      few,
      fc.integer({ min: 1, max: 30 }),
      fc.nat(),
      async (queries, rows, different, wanted, seed) => {
        const columns = 24;
        const q = random32(queries, columns, seed);
        const kinds = random32(different, columns, seed + 1);
        const g = { rows, columns, data: new Float32Array(rows * columns) };
        for (let i = 0; i < rows; i++) {
          const kind = (i * 5) % different;
          g.data.set(kinds.data.subarray(kind * columns, (kind + 1) * columns), i * columns);
        }
        const exact = await referenceEngine().multiply(q, g, { transposeB: true });
        const random = createRandom(seed);
        const count = Math.min(wanted, rows);
        const norm = largestNorm(g, rows);
        const candidates = new Candidates(q, g, count, norm);
        const rounding = columns * 2 ** -24 * norm;
        for (let start = 0; start < rows; start += 100) {
          const width = Math.min(100, rows - start);
          const scores = new Float32Array(queries * width);
          for (let i = 0; i < queries; i++)
            for (let j = 0; j < width; j++)
              scores[i * width + j] =
                exact.data[i * rows + start + j]! +
                rounding *
                  largestNorm(
                    { rows: 1, columns, data: q.data.subarray(i * columns, (i + 1) * columns) },
                    1,
                  ) *
                  (2 * random.uniform() - 1);
          candidates.offer(scores, start, width);
        }
        expect(candidates.best()).toEqual(await referenceEngine().topK(q, g, count));
      },
    ),
    { numRuns: 60 },
  );
});
