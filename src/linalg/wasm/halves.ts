import { CovistaError } from '../../base/errors.ts';
import type { Engine, MultiplyOptions, TopK } from '../engine.ts';
import { productIndex } from '../joint-gram.ts';
import { type Matrix, type Matrix32, type Matrix64, zeros64 } from '../matrix.ts';
import { addPart, copyPart, subtractLower } from '../part.ts';
import { mirrorLower } from '../triangle.ts';
import { OutOfKernelMemory } from './memory.ts';

/** The operations that can be put together from those of halves. */
export type Divisible = Pick<
  Engine,
  'multiply' | 'gram' | 'crossGram' | 'jointGram' | 'cholesky' | 'solveTriangular' | 'topK'
>;

/** Smaller matrices are not divided further. */
const LEAST = 32;

/**
 * The same operations for matrices of any size: what has no room in the kernels' memory is computed from halves, these
 * from halves of theirs if need be. Relies on operations that throw before they change anything.
 */
export function byHalves(whole: Divisible): Divisible {
  const attempt = async <T>(size: number, run: () => Promise<T>, divided: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof OutOfKernelMemory) || size < 2 * LEAST) throw error;
    }
    return divided();
  };
  const self: Divisible = {
    multiply: <M extends Matrix32 | Matrix64>(a: M, b: M, how: MultiplyOptions = {}) => {
      const n = how.transposeB ? b.rows : b.columns;
      const size = Math.max(a.rows, a.columns, n);
      const divided = () => multiplyHalves(self, a, b, how);
      return attempt(
        size,
        () => whole.multiply(a, b, how),
        () => divided() as Promise<M>,
      );
    },
    gram: (x, into, how = {}) =>
      attempt(
        x.columns,
        () => whole.gram(x, into, how),
        () => gramHalves(self, x, into, how),
      ),
    crossGram: (x, y, into, how = {}) =>
      attempt(
        Math.max(x.columns, y.columns),
        () => whole.crossGram(x, y, into, how),
        () => crossGramHalves(self, x, y, into, how),
      ),
    jointGram: (blocks, into, how = {}) =>
      attempt(
        2 * LEAST,
        () => whole.jointGram(blocks, into, how),
        () => jointGramOneByOne(self, blocks, into, how.shifts),
      ),
    cholesky: (a, how = {}) =>
      attempt(
        a.rows,
        () => whole.cholesky(a, how),
        () => choleskyHalves(self, a, how),
      ),
    solveTriangular: (l, b, how = {}) =>
      attempt(
        Math.max(l.rows, b.columns),
        () => whole.solveTriangular(l, b, how),
        () => solveHalves(self, l, b, how),
      ),
    topK: (queries, gallery, count) =>
      attempt(
        queries.rows,
        () => whole.topK(queries, gallery, count),
        () => topKHalves(self, queries, gallery, count),
      ),
  };
  return self;
}

async function multiplyHalves(
  engine: Divisible,
  a: Matrix,
  b: Matrix,
  { transposeA = false, transposeB = false }: MultiplyOptions,
): Promise<Matrix> {
  const m = transposeA ? a.columns : a.rows;
  const k = transposeA ? a.rows : a.columns;
  const n = transposeB ? b.rows : b.columns;
  const how = { transposeA, transposeB };
  const largest = Math.max(m, n, k);
  const Data = a.data.constructor as Float64ArrayConstructor | Float32ArrayConstructor;
  const result: Matrix = { rows: m, columns: n, data: new Data(m * n) };
  const middle = largest >> 1;
  for (const [from, to] of [
    [0, middle],
    [middle, largest],
  ] as const) {
    const partA = (rows: boolean) =>
      rows !== transposeA ? copyPart(a, from, to, 0, a.columns) : copyPart(a, 0, a.rows, from, to);
    const partB = (rows: boolean) =>
      rows !== transposeB ? copyPart(b, from, to, 0, b.columns) : copyPart(b, 0, b.rows, from, to);
    const left = (largest === k ? partA(false) : largest === m ? partA(true) : a) as Matrix64;
    const right = (largest === k ? partB(true) : largest === m ? b : partB(false)) as Matrix64;
    const product = await engine.multiply(left, right, how);
    if (largest === k) addPart(product, result, 0, 0);
    else if (largest === m) addPart(product, result, from, 0);
    else addPart(product, result, 0, from);
  }
  return result;
}

async function gramHalves(
  engine: Divisible,
  x: Matrix,
  into: Matrix64,
  { weights, shift }: { weights?: Float64Array; shift?: Float64Array },
): Promise<void> {
  const d = x.columns;
  const middle = d >> 1;
  const halves = [copyPart(x, 0, x.rows, 0, middle), copyPart(x, 0, x.rows, middle, d)] as const;
  const shifts = [shift?.subarray(0, middle), shift?.subarray(middle)] as const;
  for (const [i, half] of halves.entries()) {
    const sum = zeros64(half.columns, half.columns);
    const options = { ...(weights ? { weights } : {}), ...(shifts[i] ? { shift: shifts[i] } : {}) };
    await engine.gram(half, sum, options);
    addPart(sum, into, i * middle, i * middle);
  }
  const [left, right] = halves;
  if (weights)
    for (let r = 0; r < x.rows; r++)
      for (let c = 0, p = r * right.columns; c < right.columns; c++, p++)
        right.data[p] = weights[r]! * (right.data[p]! - (shifts[1] ? shifts[1][c]! : 0));
  const cross = zeros64(right.columns, left.columns);
  const shiftX = weights || !shifts[1] ? {} : { shiftX: shifts[1] };
  await engine.crossGram(right, left, cross, { ...shiftX, ...(shifts[0] ? { shiftY: shifts[0] } : {}) });
  addPart(cross, into, middle, 0);
  mirrorLower(into.data, d);
}

async function crossGramHalves(
  engine: Divisible,
  x: Matrix,
  y: Matrix,
  into: Matrix64,
  { shiftX, shiftY }: { shiftX?: Float64Array; shiftY?: Float64Array },
): Promise<void> {
  const ofX = x.columns >= y.columns;
  const size = Math.max(x.columns, y.columns);
  for (const [from, to] of [
    [0, size >> 1],
    [size >> 1, size],
  ] as const) {
    const left = ofX ? copyPart(x, 0, x.rows, from, to) : x;
    const right = ofX ? y : copyPart(y, 0, y.rows, from, to);
    const sum = zeros64(left.columns, right.columns);
    await engine.crossGram(left, right, sum, {
      ...(shiftX ? { shiftX: ofX ? shiftX.subarray(from, to) : shiftX } : {}),
      ...(shiftY ? { shiftY: ofX ? shiftY : shiftY.subarray(from, to) } : {}),
    });
    addPart(sum, into, ofX ? from : 0, ofX ? 0 : from);
  }
}

async function jointGramOneByOne(
  engine: Divisible,
  blocks: readonly Matrix[],
  into: readonly Matrix64[],
  shifts: readonly Float64Array[] | undefined,
): Promise<Float64Array[]> {
  const sums: Float64Array[] = [];
  for (const [i, block] of blocks.entries()) {
    const ones: Matrix64 = { rows: block.rows, columns: 1, data: new Float64Array(block.rows).fill(1) };
    const sum = zeros64(block.columns, 1);
    await engine.crossGram(block, ones, sum, shifts ? { shiftX: shifts[i]! } : {});
    sums.push(sum.data);
  }
  if (!sums.every((sum) => sum.every(Number.isFinite))) return sums;
  for (const [i, x] of blocks.entries())
    for (let j = i; j < blocks.length; j++) {
      const product = into[productIndex(blocks.length, i, j)]!;
      if (i === j) mirrorLower(product.data, x.columns);
      if (i === j) await engine.gram(x, product, shifts ? { shift: shifts[i]! } : {});
      else
        await engine.crossGram(
          x,
          blocks[j]!,
          product,
          shifts ? { shiftX: shifts[i]!, shiftY: shifts[j]! } : {},
        );
    }
  return sums;
}

async function choleskyHalves(
  engine: Divisible,
  a: Matrix64,
  { overwrite = false }: { overwrite?: boolean },
): Promise<Matrix64> {
  const n = a.rows;
  const middle = n >> 1;
  const first = await engine.cholesky(copyPart(a, 0, middle, 0, middle), { overwrite: true });
  const result = zeros64(n, n);
  addPart(first, result, 0, 0);
  // L21 = A21 L11⁻ᵀ, from its transpose.
  const upper = zeros64(middle, n - middle);
  for (let i = middle; i < n; i++)
    for (let j = 0; j < middle; j++) upper.data[j * upper.columns + i - middle] = a.data[i * n + j]!;
  const beside = await engine.solveTriangular(first, upper);
  for (let j = 0; j < middle; j++)
    for (let i = middle; i < n; i++) result.data[i * n + j] = beside.data[j * upper.columns + i - middle]!;
  const rest = copyPart(a, middle, n, middle, n);
  subtractLower(await engine.multiply(beside, beside, { transposeA: true }), rest);
  try {
    addPart(await engine.cholesky(rest, { overwrite: true }), result, middle, middle);
  } catch (error) {
    if (!(error instanceof CovistaError) || error instanceof OutOfKernelMemory) throw error;
    throw new CovistaError(
      'numeric',
      `cholesky: the ${n} x ${n} matrix is not positive definite: a pivot from ${middle} on is not positive.`,
      { cause: error, ...(error.hint ? { hint: error.hint } : {}) },
    );
  }
  if (!overwrite) return result;
  a.data.set(result.data);
  return a;
}

async function solveHalves(
  engine: Divisible,
  l: Matrix64,
  b: Matrix64,
  { transpose = false }: { transpose?: boolean },
): Promise<Matrix64> {
  const result = zeros64(b.rows, b.columns);
  if (b.columns > l.rows) {
    const middle = b.columns >> 1;
    addPart(await engine.solveTriangular(l, copyPart(b, 0, b.rows, 0, middle), { transpose }), result, 0, 0);
    const right = copyPart(b, 0, b.rows, middle, b.columns);
    addPart(await engine.solveTriangular(l, right, { transpose }), result, 0, middle);
    return result;
  }
  const n = l.rows;
  const middle = n >> 1;
  const diagonal = [copyPart(l, 0, middle, 0, middle), copyPart(l, middle, n, middle, n)] as const;
  const rows = [copyPart(b, 0, middle, 0, b.columns), copyPart(b, middle, n, 0, b.columns)] as const;
  // Forward from the first half, or backward from the second.
  const [first, second] = transpose ? ([1, 0] as const) : ([0, 1] as const);
  const solved = await engine.solveTriangular(diagonal[first], rows[first], { transpose });
  const below = copyPart(l, middle, n, 0, middle);
  const known = await engine.multiply(below, solved, { transposeA: transpose });
  for (let p = 0; p < known.data.length; p++) rows[second].data[p]! -= known.data[p]!;
  addPart(solved, result, first * middle, 0);
  addPart(
    await engine.solveTriangular(diagonal[second], rows[second], { transpose }),
    result,
    second * middle,
    0,
  );
  return result;
}

async function topKHalves(
  engine: Divisible,
  queries: Matrix32,
  gallery: Matrix32,
  wanted: number,
): Promise<TopK> {
  const middle = queries.rows >> 1;
  const first = await engine.topK(copyPart(queries, 0, middle, 0, queries.columns), gallery, wanted);
  const second = await engine.topK(
    copyPart(queries, middle, queries.rows, 0, queries.columns),
    gallery,
    wanted,
  );
  const indices = new Uint32Array(first.indices.length + second.indices.length);
  const scores = new Float32Array(indices.length);
  indices.set(first.indices);
  indices.set(second.indices, first.indices.length);
  scores.set(first.scores);
  scores.set(second.scores, first.scores.length);
  return { count: first.count, indices, scores };
}
