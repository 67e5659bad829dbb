import fc from 'fast-check';
import { Matrix as Dense, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';
import { afterAll, describe, expect, it } from 'vitest';
import { fit, fitRows, type JointSpace, Moments } from '../../../src/cca/index.ts';
import {
  createRandom,
  type Engine,
  type Matrix64,
  referenceEngine,
  wasmEngine,
} from '../../../src/linalg/index.ts';
import { loadNativeLibrary } from '../../../src/linalg/native/library.node.ts';
import { nativeEngine } from '../../../src/linalg/native-engine.node.ts';
import { distance, random64, toSingle } from '../../linalg/plain.ts';

const native = loadNativeLibrary() === undefined ? [] : [await nativeEngine()];
const engines: Engine[] = [referenceEngine(), await wasmEngine({ threads: 1 }), ...native];
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

type Column = (i: number) => number;

function matrixOf(n: number, columns: readonly Column[]): Matrix64 {
  const size = columns.length;
  return {
    rows: n,
    columns: size,
    data: Float64Array.from({ length: n * size }, (_, p) => columns[p % size]!(Math.floor(p / size))),
  };
}

function columnsOf({ columns, data }: Matrix64): Column[] {
  return Array.from({ length: columns }, (_, c) => (i) => data[i * columns + c]!);
}

const asStored = (m: Matrix64): Matrix64 => ({ ...m, data: new Float64Array(toSingle(m).data) });

/** Correlations of views of full rank by Householder QR and SVD of the rows (Björck and Golub 1973), as R's cancor. */
function byQr(x: Matrix64, y: Matrix64): number[] {
  const basis = ({ rows, columns, data }: Matrix64) => {
    const dense = new Dense(rows, columns);
    for (let c = 0; c < columns; c++) {
      let mean = 0;
      for (let i = 0; i < rows; i++) mean += data[i * columns + c]! / rows;
      for (let i = 0; i < rows; i++) dense.set(i, c, data[i * columns + c]! - mean);
    }
    return new QrDecomposition(dense).orthogonalMatrix;
  };
  return new SingularValueDecomposition(basis(x).transpose().mmul(basis(y)), { autoTranspose: true })
    .diagonal;
}

async function fitMoments(x: Matrix64, y: Matrix64, engine: Engine, single: boolean): Promise<JointSpace> {
  const moments = Moments.zero([x.columns, y.columns]);
  await moments.add(single ? [toSingle(x), toSingle(y)] : [x, y], { engine });
  return fit(moments, { engine });
}

/** Fits by every engine, route and element type. */
async function everyFit(
  x: Matrix64,
  y: Matrix64,
  check: (space: JointSpace, route: 'moments' | 'rows', single: boolean) => void | Promise<void>,
): Promise<void> {
  for (const engine of engines)
    for (const single of [false, true]) {
      await check(await fitMoments(x, y, engine, single), 'moments', single);
      const rows = single ? [toSingle(x), toSingle(y)] : [x, y];
      await check(await fitRows(rows, { engine }), 'rows', single);
    }
}

const seed = fc.integer({ min: 1, max: 1e6 });

describe('the rank of a view', () => {
  it('near-collinear columns: correlations are those of LAPACK-like QR on the same numbers', async () => {
    const gap = fc.double({ min: -4.5, max: -1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(seed, gap, async (s, power) => {
        const n = 200;
        const z = columnsOf(random64(n, 5, s));
        const x = matrixOf(n, [z[0]!, (i) => z[0]!(i) + 10 ** power * z[1]!(i), z[2]!]);
        const y = matrixOf(n, [(i) => z[1]!(i) + 0.6 * z[3]!(i), (i) => z[2]!(i) + z[4]!(i)]);
        const exact = [byQr(x, y), byQr(asStored(x), asStored(y))];
        await everyFit(x, y, (space, route, single) => {
          const known = exact[single ? 1 : 0]!;
          // Both the fit and QR err; moments square the condition number.
          const { condition } = space.views[0]!.diagnostics!;
          const rounding = 1e-15 * condition * (route === 'rows' ? 1 : condition);
          expect(distance(space.correlations, known)).toBeLessThan(1e-11 + 10 * rounding);
          expect(space.views[0]!.diagnostics).toMatchObject({ rank: 3, dropped: new Uint32Array(0) });
        });
      }),
      { numRuns: 6 },
    );
  });

  it('a column that differs by 1e-6 counts, and by 1e-11 where rows are at hand', async () => {
    const n = 300;
    const z = columnsOf(random64(n, 3, 7));
    const y = matrixOf(n, [(i) => z[1]!(i) + 0.5 * z[2]!(i)]);
    const near = (gap: number) => matrixOf(n, [z[0]!, (i) => z[0]!(i) + gap * z[1]!(i)]);
    const exact = byQr(near(1), y)[0]!;
    for (const engine of engines) {
      expect((await fitMoments(near(1e-6), y, engine, false)).correlations[0]).toBeCloseTo(exact, 2);
      expect((await fitRows([near(1e-11), y], { engine })).correlations[0]).toBeCloseTo(exact, 3);
      const lost = await fitMoments(near(1e-9), y, engine, false);
      expect(lost.views[0]!.diagnostics).toMatchObject({ rank: 1, dropped: Uint32Array.of(1) });
    }
  });

  it('constant, zero and repeated columns change nothing beside a common factor and little noise', async () => {
    const level = fc.double({ min: -4.5, max: -2, noNaN: true });
    await fc.assert(
      fc.asyncProperty(seed, level, async (s, power) => {
        const n = 300;
        const z = columnsOf(random64(n, 24, s));
        const factor = z.slice(0, 20).map(
          (noise): Column =>
            (i) =>
              z[20]!(i) + 10 ** power * noise(i),
        );
        const y = matrixOf(n, [(i) => z[0]!(i) - z[1]!(i) + z[21]!(i), (i) => z[2]!(i) + z[22]!(i), z[23]!]);
        const x = matrixOf(n, factor);
        const more = matrixOf(n, [
          () => 1,
          ...factor,
          () => 0.1,
          factor[3]!,
          () => 0,
          (i) => -2 * factor[5]!(i),
        ]);
        await everyFit(x, y, async (plain, route, single) => {
          expect(plain.correlations.length).toBe(3);
          const engine = engines[0]!;
          const rows = single ? [toSingle(more), toSingle(y)] : [more, y];
          const space =
            route === 'rows' ? await fitRows(rows, { engine }) : await fitMoments(more, y, engine, single);
          expect(distance(space.correlations, plain.correlations)).toBeLessThan(
            route === 'rows' ? 1e-8 : 1e-5,
          );
          const { dropped, rank } = space.views[0]!.diagnostics!;
          expect(rank).toBe(20);
          expect([...dropped]).toEqual(expect.arrayContaining([0, 21, 23]));
          expect(dropped.length).toBe(5);
          for (const c of dropped)
            expect([...space.views[0]!.weights.data.subarray(3 * c, 3 * c + 3)]).toEqual([0, 0, 0]);
        });
      }),
      { numRuns: 4 },
    );
  });

  it('repeated and constant columns do not move the limit of what counts', async () => {
    const n = 200;
    const powers = Array.from({ length: 25 }, (_, i) => -8 + i * 0.1);
    for (const s of [1, 2])
      for (const power of powers) {
        const z = columnsOf(random64(n, 4, s));
        const x = [z[0]!, (i: number) => z[0]!(i) + 10 ** power * z[1]!(i), z[2]!];
        const y = matrixOf(n, [(i) => z[1]!(i) + 0.5 * z[3]!(i)]);
        for (const engine of engines)
          for (const single of [false, true]) {
            const ranks = await Promise.all(
              [x, [...x, z[2]!], [() => 1, ...x, z[2]!, z[2]!]].map(async (columns) => {
                const space = await fitMoments(matrixOf(n, columns), y, engine, single);
                return space.views[0]!.diagnostics!.rank;
              }),
            );
            expect(ranks, `1e${power}`).toEqual([ranks[0], ranks[0], ranks[0]]);
          }
      }
  });

  it('graded columns: units do not matter', async () => {
    await fc.assert(
      fc.asyncProperty(seed, async (s) => {
        const n = 150;
        const x = random64(n, 6, s);
        const y = matrixOf(
          n,
          columnsOf(random64(n, 3, s + 1)).map((noise, c) => (i) => noise(i) + x.data[i * 6 + c]!),
        );
        const graded = { ...x, data: x.data.map((value, p) => value * 10 ** (3 * (p % 6) - 8)) };
        const known = byQr(x, y);
        await everyFit(graded, y, (space, _, single) => {
          expect(distance(space.correlations, known)).toBeLessThan(single ? 1e-6 : 1e-11);
          expect(space.views[0]!.diagnostics!.rank).toBe(6);
        });
      }),
      { numRuns: 4 },
    );
  });

  it('dummy-coded categories: every level, their sums and products with others', async () => {
    await fc.assert(
      fc.asyncProperty(seed, fc.integer({ min: 2, max: 5 }), async (s, levels) => {
        const n = 240;
        const random = createRandom(s);
        const first = Array.from({ length: n }, () => random.integer(levels));
        const second = Array.from({ length: n }, () => random.integer(2));
        const noise = columnsOf(random64(n, 3, s));
        const level =
          (of: number[], l: number): Column =>
          (i) =>
            of[i] === l ? 1 : 0;
        const main = Array.from({ length: levels - 1 }, (_, l) => level(first, l));
        const full = [
          ...Array.from({ length: levels }, (_, l) => level(first, l)),
          level(second, 0),
          level(second, 1),
          () => 1,
        ];
        const y = matrixOf(n, [
          (i) => (first[i] === 0 ? 1 : 0) + noise[0]!(i),
          (i) => second[i]! + 0.5 * noise[1]!(i),
          noise[2]!,
        ]);
        const reduced = matrixOf(n, [...main, level(second, 0)]);
        const known = byQr(reduced, y).slice(0, Math.min(levels, 3));
        await everyFit(matrixOf(n, full), y, (space, _, single) => {
          expect(space.views[0]!.diagnostics!.rank).toBe(levels);
          expect(space.correlations.length).toBe(Math.min(levels, 3));
          expect(distance(space.correlations, known)).toBeLessThan(single ? 1e-6 : 1e-9);
        });
      }),
      { numRuns: 5 },
    );
  });

  it('sums of others about large and unequal means are told from rounding', async () => {
    await fc.assert(
      fc.asyncProperty(seed, fc.integer({ min: 1, max: 4 }), async (s, power) => {
        const n = 300;
        const factors = random64(n, 8, s);
        const loadings = random64(8, 30, s + 1).data;
        const means = random64(1, 30, s + 2).data.map((value) => 10 ** power * value);
        const x = matrixOf(
          n,
          Array.from({ length: 30 }, (_, c) => (i) => {
            let sum = means[c]!;
            for (let f = 0; f < 8; f++) sum += factors.data[8 * i + f]! * loadings[30 * f + c]!;
            return sum;
          }),
        );
        const noise = columnsOf(random64(n, 3, s + 3));
        const y = matrixOf(
          n,
          noise.map((own, c) => (i) => own(i) + factors.data[8 * i + c]!),
        );
        const known = byQr(factors, y);
        await everyFit(x, y, (space, _, single) => {
          expect(space.views[0]!.diagnostics!.rank).toBe(8);
          // A float32 number of 10^4 errs by up to 5e-4.
          expect(distance(space.correlations, known)).toBeLessThan(single ? 1e-3 : 1e-9);
        });
      }),
      { numRuns: 5 },
    );
  });

  it('of fewer pairs than columns is the number of pairs less one, and variates have unit variance', async () => {
    const [x, y] = [random64(50, 80, 5), random64(50, 60, 6)];
    await everyFit(x, y, (space) => {
      expect(space.correlations.length).toBe(49);
      expect(Math.min(...space.correlations)).toBeGreaterThan(1 - 1e-6);
      expect(space.views.map((view) => view.diagnostics!.rank)).toEqual([49, 49]);
    });
  });

  it('is told by float32 products too where these were asked for', async () => {
    const n = 400;
    const x = random64(n, 10, 3);
    const doubled = matrixOf(n, [
      ...columnsOf(x),
      ...columnsOf(x).map(
        (c): Column =>
          (i) =>
            3 * c(i) + 1,
      ),
    ]);
    const y = matrixOf(
      n,
      columnsOf(random64(n, 4, 4)).map((noise, c) => (i) => noise(i) + x.data[10 * i + c]!),
    );
    for (const engine of engines) {
      const moments = Moments.zero([20, 4]);
      await moments.add([toSingle(doubled), toSingle(y)], { engine, products: 'float32' });
      const space = await fit(moments, { engine });
      expect(space.views[0]!.diagnostics!.rank).toBe(10);
      expect(distance(space.correlations, byQr(x, y))).toBeLessThan(1e-4);
    }
  });

  it('the condition number is that of the columns at unit variance', async () => {
    for (const correlation of [0, 0.9, 0.9999]) {
      const n = 500;
      const z = columnsOf(random64(n, 2, 9));
      const x = matrixOf(n, [
        z[0]!,
        (i) => correlation * z[0]!(i) + Math.sqrt(1 - correlation ** 2) * z[1]!(i),
      ]);
      const y = matrixOf(n, [z[1]!]);
      await everyFit(x, y, ({ views }) => {
        const moments = views[0]!.diagnostics!.condition;
        const mean = (c: 0 | 1) => x.data.reduce((sum, v, p) => (p % 2 === c ? sum + v / n : sum), 0);
        const [a, b] = [mean(0), mean(1)];
        let [xx, xy, yy] = [0, 0, 0];
        for (let i = 0; i < n; i++) {
          const [u, v] = [x.data[2 * i]! - a, x.data[2 * i + 1]! - b];
          [xx, xy, yy] = [xx + u * u, xy + u * v, yy + v * v];
        }
        const r = Math.abs(xy / Math.sqrt(xx * yy));
        expect(moments / Math.sqrt((1 + r) / (1 - r))).toBeGreaterThan(0.9);
        expect(moments / Math.sqrt((1 + r) / (1 - r))).toBeLessThan(1.1);
      });
    }
  });
});

describe('moments of which a part was subtracted', () => {
  it('have no columns that occur in that part only, whatever multiplied them', async () => {
    const n = 400;
    for (const engine of engines)
      for (const products of ['float32', 'float64'] as const)
        for (let trial = 1; trial <= 6; trial++) {
          const held = 100;
          const base = random64(n, 12, trial);
          // The last three columns are 0 but for the held-out part, as words that only its captions use.
          const x = { ...base, data: base.data.map((v, p) => (p % 12 > 8 && p >= 12 * held ? 0 : v)) };
          const y = random64(n, 5, 100 + trial);
          const part = (m: Matrix64, from: number, to: number) =>
            toSingle({ ...m, rows: to - from, data: m.data.slice(from * m.columns, to * m.columns) });
          const whole = Moments.zero([12, 5]);
          const removed = Moments.zero([12, 5]);
          const kept = Moments.zero([12, 5]);
          await whole.add([toSingle(x), toSingle(y)], { engine, products });
          await removed.add([part(x, 0, held), part(y, 0, held)], { engine, products });
          await kept.add([part(x, held, n), part(y, held, n)], { engine });
          const rest = whole.subtract(removed);
          expect([...rest.variances(0).subarray(9)]).toEqual([0, 0, 0]);
          const space = await fit(rest, { engine });
          expect([...space.views[0]!.diagnostics!.dropped]).toEqual([9, 10, 11]);
          const exact = await fit(kept, { engine });
          expect(distance(space.correlations, exact.correlations)).toBeLessThan(
            products === 'float32' ? 1e-4 : 1e-10,
          );
        }
  });
});
