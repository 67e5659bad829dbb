import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadMoments, Moments, saveMoments } from '../../../src/cca/index.ts';
import {
  createRandom,
  encodeSafetensors,
  type Matrix32,
  type Matrix64,
  type SparseRows,
} from '../../../src/linalg/index.ts';
import { densify, distance, innerProducts, random64, randomSparse } from '../../linalg/plain.ts';
import { engine, momentsOf, rowsOf } from '../data.ts';

/** Means and covariances by their definition: centre first, then multiply. */
function definition(a: Matrix64, b: Matrix64) {
  const mean = (m: Matrix64) =>
    Float64Array.from({ length: m.columns }, (_, c) => {
      let sum = 0;
      for (let i = 0; i < m.rows; i++) sum += m.data[i * m.columns + c]!;
      return sum / m.rows;
    });
  const [shiftA, shiftB] = [mean(a), mean(b)];
  const covariance = innerProducts(a, b, { shiftA, shiftB }).data.map((sum) => sum / (a.rows - 1));
  return { mean: shiftA, covariance };
}

/** Compares means and all covariances, relative to the largest covariance. */
function expectEqual(actual: Moments, expected: Moments, tolerance: number): void {
  expect(actual.count).toBe(expected.count);
  for (let i = 0; i < expected.sizes.length; i++) {
    expect(distance(actual.mean(i), expected.mean(i))).toBeLessThan(tolerance);
    for (let j = 0; j < expected.sizes.length; j++)
      expect(distance(actual.covariance(i, j).data, expected.covariance(i, j).data)).toBeLessThan(tolerance);
  }
}

function repeat(m: Matrix64, of: Uint32Array): Matrix64 {
  const data = new Float64Array(of.length * m.columns);
  of.forEach((r, p) => {
    data.set(m.data.subarray(r * m.columns, (r + 1) * m.columns), p * m.columns);
  });
  return { rows: of.length, columns: m.columns, data };
}

function repeatSparse(s: SparseRows, of: Uint32Array): SparseRows {
  const offsets = new Uint32Array(of.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  of.forEach((r, p) => {
    indices.push(...s.indices.subarray(s.offsets[r]!, s.offsets[r + 1]!));
    values.push(...s.values.subarray(s.offsets[r]!, s.offsets[r + 1]!));
    offsets[p + 1] = indices.length;
  });
  return {
    rows: of.length,
    columns: s.columns,
    offsets,
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
  };
}

/** Values that sums of a few hundred hold exactly in float32, as counts of words are. */
function wholeNumbers(s: SparseRows): SparseRows {
  return { ...s, values: s.values.map((value) => 1 + Math.floor(value * 4)) };
}

describe('Moments', () => {
  const x = random64(90, 6, 1);
  const y = random64(90, 4, 2);
  const bag = wholeNumbers(randomSparse(90, 11, 0.2, 3));

  it('are means and covariances as defined', async () => {
    const moments = await momentsOf(x, y, bag);
    const dense = [x, y, densify(bag)];
    expect(moments.count).toBe(90);
    expect(moments.sizes).toEqual([6, 4, 11]);
    dense.forEach((a, i) => {
      expect(distance(moments.mean(i), definition(a, a).mean)).toBeLessThan(1e-14);
      dense.forEach((b, j) => {
        expect(distance(moments.covariance(i, j).data, definition(a, b).covariance)).toBeLessThan(1e-13);
      });
      const diagonal = definition(a, a).covariance.filter((_, p) => p % (a.columns + 1) === 0);
      expect(distance(moments.variances(i), diagonal)).toBeLessThan(1e-13);
    });
  });

  it('of sparse rows equal those of dense ones', async () => {
    expectEqual(await momentsOf(bag, x, bag), await momentsOf(densify(bag), x, densify(bag)), 1e-12);
  });

  it('do not depend on how rows are split into batches', async () => {
    const whole = await momentsOf(x, y);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 89 }), fc.integer({ min: 0, max: 89 }), async (a, b) => {
        const cuts = [0, Math.min(a, b), Math.max(a, b), 90];
        const moments = Moments.zero([6, 4]);
        for (let c = 0; c < 3; c++) {
          const part = (m: Matrix64) => rowsOf(m, cuts[c]!, cuts[c + 1]!);
          await moments.add([part(x), part(y)], { engine });
        }
        expectEqual(moments, whole, 1e-12);
      }),
      { numRuns: 20 },
    );
  });

  it('keep small variances beside large means', async () => {
    const offset = (m: Matrix64): Matrix64 => ({
      ...m,
      data: m.data.map((value) => 1e8 + Math.fround(value)),
    });
    const exact = (m: Matrix64): Matrix64 => ({ ...m, data: m.data.map((value) => value - 1e8) });
    const moved = offset(x);
    const moments = await momentsOf(moved, y);
    expect(
      distance(moments.covariance(0, 0).data, definition(exact(moved), exact(moved)).covariance),
    ).toBeLessThan(1e-12);
    expect(distance(moments.covariance(0, 1).data, definition(exact(moved), y).covariance)).toBeLessThan(
      1e-12,
    );
  });

  it('merge and subtract to 1e-12, though the parts have different means', async () => {
    const moved = { ...x, data: x.data.map((value, p) => value + (p < 40 * 6 ? 5 : -3)) };
    const part = (from: number, to: number) =>
      momentsOf(rowsOf(moved, from, to), rowsOf(y, from, to), densifyRows(bag, from, to));
    const whole = await part(0, 90);
    const first = await part(0, 40);
    const second = await part(40, 90);
    expectEqual(first.merge(second), whole, 1e-12);
    expectEqual(whole.subtract(first), second, 1e-12);
    expectEqual(whole.subtract(second), first, 1e-12);
    expectEqual(first.merge(second).subtract(second), first, 1e-12);
    expectEqual(Moments.zero([6, 4, 11]).merge(first), first, 1e-15);
    expectEqual(first.merge(Moments.zero([6, 4, 11])), first, 1e-15);
    expect(first.count).toBe(40);
  });

  it('are values: merging changes neither part, and what is merged can grow on its own', async () => {
    const first = await momentsOf(x, y);
    const before = first.covariance(0, 1);
    const merged = first.merge(await momentsOf(x, y));
    await merged.add([x, y], { engine });
    expect(first.covariance(0, 1)).toEqual(before);
    expect(merged.count).toBe(270);
    expect(first.count).toBe(90);
  });

  it('take a block as sparse rows after dense ones', async () => {
    const moments = await momentsOf(x, densify(bag));
    await moments.add([x, bag], { engine });
    expectEqual(moments, (await momentsOf(x, bag)).merge(await momentsOf(x, bag)), 1e-12);
  });

  describe('of rows that pairs share', () => {
    const random = createRandom(5);
    const of = Uint32Array.from({ length: 240 }, () => random.integer(90));
    const other = Uint32Array.from({ length: 240 }, () => random.integer(90));
    const caption = random64(240, 4, 6);
    const words = wholeNumbers(randomSparse(240, 11, 0.2, 7));

    it('equal those of repeated rows', async () => {
      const shared = await momentsOf({ rows: x, of }, caption, words);
      expectEqual(shared, await momentsOf(repeat(x, of), caption, words), 1e-12);
    });

    it('equal them on either side, and when both sides share', async () => {
      const repeated = await momentsOf(repeat(y, of), repeat(x, other), repeatSparse(bag, of), words);
      const shared = await momentsOf({ rows: y, of }, { rows: x, of: other }, { rows: bag, of }, words);
      expectEqual(shared, repeated, 1e-12);
      const reversed = await momentsOf(words, { rows: bag, of }, { rows: x, of: other }, { rows: y, of });
      const plain = await momentsOf(words, repeatSparse(bag, of), repeat(x, other), repeat(y, of));
      expectEqual(reversed, plain, 1e-12);
    });

    it('leave out rows that no pair has', async () => {
      const few = Uint32Array.of(3, 3, 8, 1);
      const rows = rowsOf(caption, 0, 4);
      expectEqual(await momentsOf({ rows: x, of: few }, rows), await momentsOf(repeat(x, few), rows), 1e-12);
    });

    it('refuse rows that are not there', async () => {
      const wrong = Uint32Array.of(0, 90);
      await expect(momentsOf({ rows: x, of: wrong }, rowsOf(y, 0, 2))).rejects.toMatchObject({
        code: 'bad-values',
        message: expect.stringMatching(/pair 1 .*row 90/),
      });
    });
  });

  describe('variances', () => {
    it('of constant columns are 0', async () => {
      const constant: Matrix64 = { rows: 90, columns: 2, data: new Float64Array(180).fill(0.1) };
      const moments = await momentsOf(constant, y);
      await moments.add([constant, y], { engine });
      expect(moments.variances(0)).toEqual(new Float64Array(2));
      const ones: SparseRows = {
        rows: 90,
        columns: 1,
        offsets: Uint32Array.from({ length: 91 }, (_, i) => i),
        indices: new Uint32Array(90),
        values: new Float32Array(90).fill(0.1),
      };
      expect((await momentsOf(ones, y)).variances(0)).toEqual(new Float64Array(1));
    });
  });

  describe('bad input', () => {
    it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
      'names block, row and column of %s, and adds nothing',
      async (value) => {
        const single: Matrix32 = { rows: 90, columns: 4, data: Float32Array.from(y.data) };
        single.data[4 * 17 + 2] = value;
        const moments = await momentsOf(x, y);
        await expect(moments.add([x, single], { engine })).rejects.toMatchObject({
          code: 'bad-values',
          message: expect.stringContaining('Block 1, row 17, column 2'),
        });
        expectEqual(moments, await momentsOf(x, y), 1e-15);

        const sparse = { ...bag, values: bag.values.slice() };
        sparse.values[0] = value;
        await expect(momentsOf(x, sparse)).rejects.toMatchObject({
          message: expect.stringContaining('Block 1'),
        });
      },
    );

    it('names shapes that do not fit', async () => {
      const moments = Moments.zero([6, 4]);
      const code = 'bad-values';
      await expect(moments.add([x], { engine })).rejects.toMatchObject({ code });
      await expect(moments.add([x, x], { engine })).rejects.toMatchObject({ code });
      await expect(moments.add([x, rowsOf(y, 0, 89)], { engine })).rejects.toMatchObject({ code });
      expect(() => moments.merge(Moments.zero([6, 5]))).toThrow(expect.objectContaining({ code }));
      expect(() => moments.covariance(0, 1)).toThrow(expect.objectContaining({ code: 'no-data' }));
      const full = await momentsOf(x, y);
      expect(() => full.covariance(0, 2)).toThrow(expect.objectContaining({ code }));
      expect(() => moments.subtract(full)).toThrow(expect.objectContaining({ code }));
    });

    it('refuses sparse rows whose columns do not ascend', async () => {
      const wrong: SparseRows = {
        rows: 1,
        columns: 5,
        offsets: Uint32Array.of(0, 2),
        indices: Uint32Array.of(3, 3),
        values: Float32Array.of(1, 1),
      };
      await expect(momentsOf(wrong)).rejects.toMatchObject({ code: 'bad-values' });
    });

    it('an empty batch changes nothing', async () => {
      const moments = await momentsOf(x, y);
      await moments.add([rowsOf(x, 0, 0), rowsOf(y, 0, 0)], { engine });
      expectEqual(moments, await momentsOf(x, y), 1e-15);
    });
  });

  describe('saved', () => {
    it('come back, and can grow', async () => {
      const moments = await momentsOf(x, y, bag);
      const loaded = loadMoments(saveMoments(moments));
      expectEqual(loaded, moments, 1e-15);
      await loaded.add([x, y, bag], { engine });
      await moments.add([x, y, bag], { engine });
      expectEqual(loaded, moments, 1e-15);
    });

    it('refuse what is something else, damaged or of another version', async () => {
      const bytes = saveMoments(await momentsOf(x, y));
      expect(() => loadMoments(bytes.subarray(0, 100), 'm.safetensors')).toThrow(
        expect.objectContaining({ code: 'bad-format', message: expect.stringContaining('m.safetensors') }),
      );
      const other = encodeSafetensors(new Map(), { format: 'something' });
      expect(() => loadMoments(other)).toThrow(expect.objectContaining({ code: 'bad-format' }));
      const metadata = { format: 'covista-moments', count: '1', blocks: '1' };
      const later = encodeSafetensors(new Map(), { ...metadata, version: '99' });
      expect(() => loadMoments(later)).toThrow(expect.objectContaining({ code: 'version' }));
      const empty = encodeSafetensors(new Map(), { ...metadata, version: '2' });
      expect(() => loadMoments(empty)).toThrow(expect.objectContaining({ code: 'bad-format' }));
    });
  });
});

function densifyRows(s: SparseRows, from: number, to: number): Matrix64 {
  return rowsOf(densify(s), from, to);
}
