import { anEngine, checkOptions, required } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import {
  type Floats,
  isSparse,
  type Matrix,
  type Matrix32,
  type Matrix64,
  type Rows,
  zeros32,
  zeros64,
} from '../../linalg/matrix.ts';
import type { JointSpace, ViewProjection } from './joint-space.ts';

/** Rows of dense features that are centred at a time, so that no second copy of all of them is made. */
const chunk = 1024;

/** Larger numbers have no place in float32 sums. */
const LARGEST_SINGLE = 1e30;

/**
 * Projects features of one view into the joint space: (x - mean) weights. Sparse rows stay sparse.
 * @param rows the features of each block of the view, all for the same items
 * @returns the embeddings (n x k), as canonical variates: neither scaled nor normalised
 * @throws CovistaError `bad-values` when shapes do not fit the view or a feature is not finite
 */
export async function project(
  space: JointSpace,
  view: number,
  rows: readonly Rows[],
  options: { readonly engine: Engine },
): Promise<Matrix32> {
  checkOptions('project', options, { engine: required(anEngine) });
  const projection = space.views[view];
  if (!projection)
    throw new CovistaError('bad-values', `There is no view ${view}; the space has ${space.views.length}.`);
  const n = checkRows(projection, view, rows);
  const k = projection.weights.columns;
  const embeddings = zeros32(n, k);
  let start = 0;
  for (const [i, block] of rows.entries()) {
    const size = projection.blocks[i]!;
    const data = projection.weights.data.subarray(start * k, (start + size) * k);
    // Features in float64 may be of any scale, and their weights of its inverse.
    const wide = (!isSparse(block) && block.data instanceof Float64Array) || !fitsSingle(data);
    const weights = { rows: size, columns: k, data: wide ? data : new Float32Array(data) };
    const mean = projection.mean.subarray(start, start + size);
    if (isSparse(block)) {
      add(
        await options.engine.sparseMultiply(block, weights as Matrix64),
        embeddings,
        0,
        projected(mean, weights),
      );
    } else {
      for (let first = 0; first < n; first += chunk) {
        const centred = centredRows(block, mean, first, Math.min(first + chunk, n), wide);
        add(await product(options.engine, centred, weights), embeddings, first);
      }
    }
    start += size;
  }
  requireFinite(embeddings, view, rows);
  return embeddings;
}

/** Of two matrices of one element type. */
function product(engine: Engine, a: Matrix, b: Matrix): Promise<Matrix> {
  return engine.multiply(a as Matrix64, b as Matrix64);
}

function fitsSingle(values: Floats): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) < LARGEST_SINGLE)) return false;
  return true;
}

/**
 * @returns how many rows the blocks have
 * @throws CovistaError `bad-values` for blocks that are not those of the view, or differ in rows
 */
export function checkRows(projection: ViewProjection, view: number, rows: readonly Rows[]): number {
  const { blocks } = projection;
  const n = rows[0]?.rows ?? 0;
  if (rows.length !== blocks.length || rows.some((r, i) => r.columns !== blocks[i] || r.rows !== n))
    throw new CovistaError(
      'bad-values',
      `View ${view} takes blocks of [${blocks}] columns with equal numbers of rows, got ` +
        `${rows.map((r) => `${r.rows} x ${r.columns}`).join(', ')}.`,
      { hint: 'Use the encoder that the space was learned with.' },
    );
  return n;
}

/** Subtracting the mean before rounding to float32 keeps the digits that a large mean would take. */
function centredRows(rows: Matrix, mean: Float64Array, first: number, end: number, wide: boolean): Matrix {
  const { columns, data } = rows;
  const centred = wide ? zeros64(end - first, columns) : zeros32(end - first, columns);
  for (let i = 0; i < centred.rows; i++) {
    const from = (first + i) * columns;
    for (let c = 0; c < columns; c++) centred.data[i * columns + c] = data[from + c]! - mean[c]!;
  }
  return centred;
}

/** meanᵀ weights. */
function projected(mean: Float64Array, weights: Matrix): Float64Array {
  const k = weights.columns;
  const result = new Float64Array(k);
  for (let i = 0; i < mean.length; i++)
    for (let c = 0; c < k; c++) result[c]! += mean[i]! * weights.data[i * k + c]!;
  return result;
}

/** Adds rows, less an offset, to the embeddings from row `first` on. */
function add(part: Matrix, embeddings: Matrix32, first: number, offset?: Float64Array): void {
  const k = part.columns;
  const start = first * k;
  for (let i = 0; i < part.rows; i++)
    for (let c = 0; c < k; c++)
      embeddings.data[start + i * k + c]! += part.data[i * k + c]! - (offset ? offset[c]! : 0);
}

function requireFinite(embeddings: Matrix32, view: number, rows: readonly Rows[]): void {
  const { data } = embeddings;
  // A loop without a function: embeddings are millions of numbers.
  let position = 0;
  while (position < data.length && Number.isFinite(data[position])) position++;
  if (position === data.length) return;
  const row = Math.floor(position / embeddings.columns);
  const isFiniteBlock = rows.every((block) => {
    const [from, end] = isSparse(block)
      ? [block.offsets[row]!, block.offsets[row + 1]!]
      : [row * block.columns, (row + 1) * block.columns];
    return (isSparse(block) ? block.values : block.data).subarray(from, end).every(Number.isFinite);
  });
  if (isFiniteBlock)
    throw new CovistaError(
      'bad-values',
      `The embedding of row ${row} of view ${view} exceeds the largest float32 number.`,
      { hint: 'Its features are of another scale than those that the space was learned from.' },
    );
  throw new CovistaError('bad-values', `The features of row ${row} of view ${view} are not finite.`, {
    hint: 'Leave this item out, or encode it again.',
  });
}
