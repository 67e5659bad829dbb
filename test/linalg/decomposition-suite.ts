import { describe, expect, it } from 'vitest';
import type { Engine, Matrix64 } from '../../src/linalg/index.ts';
import { transpose, zeros64 } from '../../src/linalg/index.ts';
import {
  distance,
  identity,
  innerProducts,
  largest,
  orthogonalityError,
  product,
  random64,
  randomOrthonormal,
  scaleColumns,
} from './plain.ts';

const spectra: Record<string, (size: number) => number[]> = {
  random: (size) => Array.from({ length: size }, (_, i) => 1 / (1 + ((i * 7919) % size))),
  graded: (size) => Array.from({ length: size }, (_, i) => 10 ** ((-14 * i) / size)),
  clustered: (size) => Array.from({ length: size }, (_, i) => (i < size / 2 ? 1 : 0.5 + 1e-13 * i)),
  'rank-deficient': (size) => Array.from({ length: size }, (_, i) => (i < size / 3 ? 1 + i : 0)),
};

/** Checks by reconstruction, to a modest multiple of size times rounding, as LAPACK's own tests do. */
export function decompositionSuite(engine: () => Engine): void {
  choleskySuite(engine);
  eigenSuite(engine);
  svdSuite(engine);
}

function choleskySuite(engine: () => Engine): void {
  describe('cholesky and solveTriangular', () => {
    for (const size of [1, 2, 5, 63, 64, 65, 150, 200]) {
      it(`L Lᵀ = A, ${size} x ${size}`, async () => {
        const a = positiveDefinite(size);
        const l = await engine().cholesky(a);
        expect(distance(product(l, transpose(l)).data, a.data)).toBeLessThan(1e-14 * size * largest(a.data));
        expect(l.data.every((value, p) => p % size <= Math.floor(p / size) || value === 0)).toBe(true);
      });

      for (const transposed of [false, true])
        it(`${transposed ? 'Lᵀ' : 'L'} X = B, ${size} x ${size}`, async () => {
          const l = await engine().cholesky(positiveDefinite(size));
          const b = random64(size, 37, 2);
          const x = await engine().solveTriangular(l, b, { transpose: transposed });
          const back = product(transposed ? transpose(l) : l, x);
          expect(distance(back.data, b.data)).toBeLessThan(1e-12 * size);
          expect(b).toEqual(random64(size, 37, 2));
        });
    }

    it('reads the lower triangle only', async () => {
      const a = positiveDefinite(70);
      const lower: Matrix64 = {
        ...a,
        data: a.data.map((v, p) => (p % 70 > Math.floor(p / 70) ? Number.NaN : v)),
      };
      expect((await engine().cholesky(lower)).data).toEqual((await engine().cholesky(a)).data);
    });

    it('factors an ill-conditioned matrix', async () => {
      const q = randomOrthonormal(80, 80, 3);
      const a = product(
        scaleColumns(
          q,
          Array.from({ length: 80 }, (_, i) => 10 ** (-i / 8)),
        ),
        transpose(q),
      );
      const l = await engine().cholesky(a);
      expect(distance(product(l, transpose(l)).data, a.data)).toBeLessThan(1e-14);
    });

    it('names the pivot of a matrix that is not positive definite', async () => {
      const a = identity(100);
      a.data[77 * 100 + 77] = -1;
      await expect(engine().cholesky(a)).rejects.toMatchObject({
        code: 'numeric',
        message: expect.stringContaining('77'),
      });
    });
  });
}

function eigenSuite(engine: () => Engine): void {
  describe('eigenSymmetric', () => {
    for (const [name, spectrum] of Object.entries(spectra))
      for (const size of [1, 2, 40, 130])
        for (const sign of [1, -1])
          it(`A V = V diag(values), ${name} ${sign < 0 ? 'indefinite ' : ''}${size} x ${size}`, async () => {
            const known = spectrum(size).map((value, i) => (i % 2 ? sign * value : value));
            const q = randomOrthonormal(size, size, 4);
            const a = symmetric(product(scaleColumns(q, known), transpose(q)));
            const { values, vectors } = await engine().eigenSymmetric(a);
            const tolerance = 2e-15 * Math.max(10, size) * largest(a.data) * Math.sqrt(size);
            expect(
              distance(
                values,
                [...known].sort((x, y) => y - x),
              ),
            ).toBeLessThan(tolerance);
            const residual = distance(product(a, vectors).data, scaleColumns(vectors, values).data);
            expect(residual).toBeLessThan(tolerance);
            expect(orthogonalityError(vectors)).toBeLessThan(1e-13 * Math.max(10, size));
          });

    it('has the eigenvalues of the discrete Laplacian', async () => {
      const size = 100;
      const a = zeros64(size, size);
      for (let i = 0; i < size; i++) {
        a.data[i * size + i] = 2;
        if (i > 0) a.data[i * size + i - 1] = a.data[(i - 1) * size + i] = -1;
      }
      const { values } = await engine().eigenSymmetric(a);
      const known = Array.from(
        { length: size },
        (_, i) => 2 - 2 * Math.cos(((size - i) * Math.PI) / (size + 1)),
      );
      expect(distance(values, known)).toBeLessThan(1e-13);
    });

    it('handles zeros, the identity and a diagonal matrix', async () => {
      for (const a of [zeros64(30, 30), identity(30), scaleColumns(identity(30), random64(1, 30, 1).data)]) {
        const { values, vectors } = await engine().eigenSymmetric(a);
        const residual = distance(product(a, vectors).data, scaleColumns(vectors, values).data);
        expect(residual).toBeLessThan(1e-14);
        expect(orthogonalityError(vectors)).toBeLessThan(1e-13);
      }
    });

    it('finds the leading ones alone', async () => {
      const x = random64(300, 260, 5);
      const a = innerProducts(x, x);
      const all = await engine().eigenSymmetric(a);
      for (const count of [1, 12, 100]) {
        const { values, vectors } = await engine().eigenSymmetric(a, { count });
        expect([vectors.rows, vectors.columns]).toEqual([260, count]);
        expect(distance(values, all.values.subarray(0, count))).toBeLessThan(1e-10 * all.values[0]!);
        const residual = distance(product(a, vectors).data, scaleColumns(vectors, values).data);
        expect(residual).toBeLessThan(1e-9 * all.values[0]!);
        expect(orthogonalityError(vectors)).toBeLessThan(1e-11);
      }
    });

    it('stops on request', async () => {
      await expect(
        engine().eigenSymmetric(positiveDefinite(150), { signal: AbortSignal.abort() }),
      ).rejects.toMatchObject({ code: 'aborted' });
    });
  });
}

function svdSuite(engine: () => Engine): void {
  describe('svd', () => {
    const shapes = [
      [1, 1],
      [1, 6],
      [40, 40],
      [130, 50],
      [50, 130],
    ] as const;
    for (const [name, spectrum] of Object.entries(spectra))
      for (const [rows, columns] of shapes)
        it(`U diag(s) Vᵀ = A, ${name} ${rows} x ${columns}`, async () => {
          const count = Math.min(rows, columns);
          const known = spectrum(count);
          const left = scaleColumns(randomOrthonormal(rows, count, 6), known);
          const a = product(left, transpose(randomOrthonormal(columns, count, 7)));
          const { u, s, v } = await engine().svd(a);
          const norm = Math.max(...known);
          // Rounding of the largest value, not its square root: a squared condition number fails this.
          expect(
            distance(
              s,
              known.sort((x, y) => y - x),
            ),
          ).toBeLessThan(1e-14 * count * norm + 1e-15 * norm);
          expect(distance(product(scaleColumns(u, s), transpose(v)).data, a.data)).toBeLessThan(
            1e-14 * Math.max(10, count) * norm,
          );
          expect(orthogonalityError(u)).toBeLessThan(1e-12);
          expect(orthogonalityError(v)).toBeLessThan(1e-12);
        });

    it('finds the leading triplets alone', async () => {
      for (const [rows, columns] of [
        [200, 300],
        [300, 200],
      ] as const) {
        const a = random64(rows, columns, 8);
        const all = await engine().svd(a);
        for (const count of [1, 20, 90, 150]) {
          const { u, s, v } = await engine().svd(a, { count });
          expect([u.rows, u.columns, v.rows, v.columns]).toEqual([rows, count, columns, count]);
          expect(distance(s, all.s.subarray(0, count))).toBeLessThan(1e-9);
          expect(distance(product(a, v).data, scaleColumns(u, s).data)).toBeLessThan(1e-8);
          expect(orthogonalityError(u)).toBeLessThan(1e-10);
          expect(orthogonalityError(v)).toBeLessThan(1e-10);
        }
      }
    });

    it('finds leading values that fall far', async () => {
      const known = Array.from({ length: 150 }, (_, i) => 10 ** (-i / 5));
      const left = scaleColumns(randomOrthonormal(180, 150, 9), known);
      const a = product(left, transpose(randomOrthonormal(150, 150, 10)));
      const { u, s, v } = await engine().svd(a, { count: 50 });
      expect(distance(s, known.slice(0, 50))).toBeLessThan(1e-13);
      expect(orthogonalityError(u)).toBeLessThan(1e-10);
      expect(orthogonalityError(v)).toBeLessThan(1e-10);
    });

    it('completes the vectors where the rank is below the count', async () => {
      const a = product(random64(160, 9, 12), random64(9, 140, 13));
      for (const count of [20, 140]) {
        const { u, s, v } = await engine().svd(a, { count });
        expect(Math.max(...s.subarray(9))).toBeLessThan(1e-11);
        expect(distance(product(scaleColumns(u, s), transpose(v)).data, a.data)).toBeLessThan(1e-11);
        expect(orthogonalityError(u)).toBeLessThan(1e-11);
        expect(orthogonalityError(v)).toBeLessThan(1e-11);
      }
    });

    it('handles zeros and extreme scales', async () => {
      const { u, s, v } = await engine().svd(zeros64(9, 7));
      expect(s).toEqual(new Float64Array(7));
      expect(orthogonalityError(u)).toBeLessThan(1e-13);
      expect(orthogonalityError(v)).toBeLessThan(1e-13);
      const a = random64(20, 12, 11);
      const reference = (await engine().svd(a)).s;
      for (const scale of [1e-200, 1e200]) {
        const scaled = await engine().svd({ ...a, data: a.data.map((value) => value * scale) });
        expect(
          distance(
            scaled.s.map((value) => value / scale),
            reference,
          ),
        ).toBeLessThan(1e-12);
      }
    });
  });
}

function positiveDefinite(size: number): Matrix64 {
  const x = random64(2 * size + 10, size, 1);
  return innerProducts(x, x);
}

function symmetric(a: Matrix64): Matrix64 {
  const other = transpose(a);
  return { ...a, data: a.data.map((value, p) => (value + other.data[p]!) / 2) };
}
