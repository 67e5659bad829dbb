import type { ViewProjection } from '../../cca/index.ts';
import type { Engine } from '../../linalg/engine.ts';
import { type Matrix64, selectRows, zeros64 } from '../../linalg/matrix.ts';
import type { ViewWeights } from './merge-starter.ts';

/** Directions that hold less than this share of the longest one's square are left out. */
const DEPENDENT = 1e-8;

/** A view of a starter, and a basis of what its canonical weights span. */
export interface SpannedView {
  /** Of its blocks. */
  readonly sizes: readonly number[];
  /** The factor of each column, as the recipe scales it. */
  readonly scales: Float64Array;
  readonly mean: Float64Array;
  /** Orthonormal, in scaled columns, d x k. */
  readonly directions: Matrix64;
}

/** A view of a starter with columns for the words of another collection at the end of its blocks. */
export interface WideView {
  /** The factor of each column. */
  readonly scales: Float64Array;
  /** Places raw features about the starter's mean: the starter's directions, and what own weights add to them. */
  readonly projection: ViewProjection;
  /** What own weights add, in the starter's columns, scaled. */
  readonly known: Matrix64;
}

/**
 * An orthonormal basis, in scaled columns, of what weights span.
 * @param weights of raw features, d x k
 * @param scales the factor of each column
 */
export async function spanOf(weights: Matrix64, scales: Float64Array, engine: Engine): Promise<Matrix64> {
  const unit = unitColumns(weights, scales);
  return engine.multiply(unit, await orthonormaliser(unit, engine));
}

/** Adds to a view of a starter what the weights of own pairs alone span beside it. */
export async function widen(view: SpannedView, own: ViewWeights, engine: Engine): Promise<WideView> {
  const total = own.weights.rows;
  const k = view.directions.columns;
  const scales = new Float64Array(total);
  const centre = new Float64Array(total);
  const directions = zeros64(total, k);
  const columns: number[] = [];
  let from = 0;
  let to = 0;
  view.sizes.forEach((size, i) => {
    const end = from + size;
    for (let c = 0; c < size; c++) columns.push(to + c);
    scales.set(view.scales.subarray(from, end), to);
    // A word that the starter never saw is scaled like its neighbours, which share one factor.
    scales.fill(view.scales[end - 1]!, to + size, to + own.blocks[i]!);
    centre.set(view.mean.subarray(from, end), to);
    directions.data.set(view.directions.data.subarray(from * k, end * k), to * k);
    from = end;
    to += own.blocks[i]!;
  });
  const unit = unitColumns(own.weights, scales);
  // Less what the starter's directions hold of them.
  const along = await engine.multiply(directions, unit, { transposeA: true });
  const held = await engine.multiply(directions, along);
  for (let i = 0; i < held.data.length; i++) unit.data[i]! -= held.data[i]!;
  const added = await engine.multiply(unit, await orthonormaliser(unit, engine));
  const weights = sideBySide(directions, added);
  for (let r = 0, p = 0; r < total; r++)
    for (let c = 0; c < weights.columns; c++, p++) weights.data[p]! *= scales[r]!;
  return {
    scales,
    projection: { blocks: own.blocks, mean: centre, weights },
    known: selectRows(added, columns),
  };
}

/** Weights for scaled features, each column of length 1; what belongs to columns without scale is 0. */
function unitColumns(weights: Matrix64, scales: Float64Array): Matrix64 {
  const { rows, columns, data } = weights;
  const unit = zeros64(rows, columns);
  const squares = new Float64Array(columns);
  for (let r = 0; r < rows; r++)
    if (scales[r]! > 0)
      for (let c = 0, p = r * columns; c < columns; c++, p++) {
        unit.data[p] = data[p]! / scales[r]!;
        squares[c]! += unit.data[p]! ** 2;
      }
  const lengths = squares.map((square) => Math.sqrt(square) || 1);
  for (let p = 0, r = 0; r < rows; r++) for (let c = 0; c < columns; c++, p++) unit.data[p]! /= lengths[c]!;
  return unit;
}

/**
 * T such that A T is an orthonormal basis of the columns of A, from the eigenvectors of their Gram matrix.
 * @param columns no longer than 1; the squared length below which a direction is left out is a share of that
 */
async function orthonormaliser(columns: Matrix64, engine: Engine): Promise<Matrix64> {
  const gram = await engine.multiply(columns, columns, { transposeA: true });
  const count = gram.rows;
  const { values, vectors } = await engine.eigenSymmetric(gram);
  let rank = 0;
  while (rank < count && values[rank]! > DEPENDENT) rank++;
  const kept = zeros64(count, rank);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < rank; j++)
      kept.data[i * rank + j] = vectors.data[i * count + j]! / Math.sqrt(values[j]!);
  return kept;
}

function sideBySide(left: Matrix64, right: Matrix64): Matrix64 {
  return quarters(left, right, zeros64(0, left.columns), zeros64(0, right.columns));
}

/** Four matrices as the quarters of one. */
export function quarters(first: Matrix64, second: Matrix64, third: Matrix64, fourth: Matrix64): Matrix64 {
  const joined = zeros64(first.rows + third.rows, first.columns + second.columns);
  const put = ({ rows, columns, data }: Matrix64, top: number, start: number) => {
    for (let r = 0, p = 0; r < rows; r++) {
      const to = (top + r) * joined.columns + start;
      for (let c = 0; c < columns; c++, p++) joined.data[to + c] = data[p]!;
    }
  };
  put(first, 0, 0);
  put(second, 0, first.columns);
  put(third, first.rows, 0);
  put(fourth, first.rows, first.columns);
  return joined;
}
