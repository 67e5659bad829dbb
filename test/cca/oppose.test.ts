import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Moments, oppose } from '../../src/cca/index.ts';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import type { Engine } from '../../src/linalg/engine.ts';
import { type Matrix32, matrix, row } from '../../src/linalg/matrix.ts';
import { createRandom } from '../../src/linalg/random.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('reference');
});
afterAll(() => engine.close());

function block(random: () => number, rows: number, columns: number): Matrix32 {
  return matrix(rows, columns, Float32Array.from({ length: rows * columns }, random));
}

async function momentsOf(blocks: readonly Matrix32[]): Promise<Moments> {
  const moments = Moments.zero(blocks.map(({ columns }) => columns));
  await moments.add(blocks, { engine });
  return moments;
}

/** Rows reflected about a mean. */
function reflected(rows: Matrix32, mean: Float64Array): Matrix32 {
  return matrix(
    rows.rows,
    rows.columns,
    rows.data.map((value, i) => 2 * mean[i % rows.columns]! - value),
  );
}

describe('opposed pairs', () => {
  it('count like pairs, and their reflections, whose other view is reflected about its mean', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 6 }), async (seed, n) => {
        const random = createRandom(seed);
        const draw = () => random.uniform() * 3 + 5;
        const moments = await momentsOf([block(draw, 20, 3), block(draw, 20, 2), block(draw, 20, 4)]);
        const [x, y, z] = [block(draw, n, 3), block(draw, n, 2), block(draw, n, 4)];
        const result = oppose(moments, await momentsOf([x, y, z]), [0, 1, 1]);
        // The scatter of one opposed pair is half of that of both of its reflections, which leave means alone.
        const [mx, my, mz] = [0, 1, 2].map((i) => moments.mean(i)) as [
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        const expected = await momentsOf([x, y, z].map((one) => matrix(0, one.columns, new Float32Array())));
        await expected.add([x, reflected(y, my), reflected(z, mz)], { engine });
        await expected.add([reflected(x, mx), y, z], { engine });
        expect(result.count).toBe(20 + n);
        for (let i = 0; i < 3; i++) {
          result.mean(i).forEach((value, c) => {
            expect(value).toBeCloseTo(moments.mean(i)[c]!, 9);
          });
          for (let j = i; j < 3; j++) {
            const got = result.covariance(i, j);
            const before = moments.covariance(i, j);
            const added = expected.covariance(i, j);
            got.data.forEach((value, at) => {
              const scatter = before.data[at]! * 19 + (added.data[at]! * (2 * n - 1)) / 2;
              expect(Math.abs(value * (19 + n) - scatter)).toBeLessThan(1e-3);
            });
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('take the correlation off that a pair brought', async () => {
    const random = createRandom(1);
    const draw = () => random.uniform();
    const [x, y] = [block(draw, 30, 2), block(draw, 30, 2)];
    const moments = await momentsOf([x, y]);
    const far = matrix(1, 2, Float32Array.of(9, -4));
    const shown = matrix(1, 2, Float32Array.of(7, 3));
    const both = oppose(moments, await momentsOf([far, shown]), [0, 1]);
    const change = (r: number, c: number) =>
      both.covariance(0, 1).data[r * 2 + c]! * 30 - moments.covariance(0, 1).data[r * 2 + c]! * 29;
    for (const r of [0, 1])
      for (const c of [0, 1])
        expect(change(r, c)).toBeCloseTo(
          -(row(far, 0)[r]! - moments.mean(0)[r]!) * (row(shown, 0)[c]! - moments.mean(1)[c]!),
          4,
        );
  });

  it('are refused when their blocks differ', async () => {
    const moments = Moments.zero([2, 3]);
    expect(() => oppose(moments, Moments.zero([2, 4]), [0, 1])).toThrow('[2,4]');
  });
});
