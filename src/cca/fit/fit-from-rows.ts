import { throwIfAborted } from '../../base/errors.ts';
import { isSparse, joinArrays, type Matrix64, row, zeros64 } from '../../linalg/matrix.ts';
import {
  type BlockRows,
  type CheckedBlock,
  checkBlock,
  columnSums,
  pairCount,
} from '../moments/block-rows.ts';
import type { JointSpace } from '../space/joint-space.ts';
import { type FitOptions, planViews, type ViewPlan } from './fit-options.ts';
import { fixSigns } from './fix-signs.ts';
import { isVaryingColumn, representationRounding } from './rounding.ts';
import { solveCanonical } from './solve-canonical.ts';
import { type RowWhitening, whitenByBasis, whitenByProducts } from './whiten-rows.ts';
import { scaleRows } from './whitening.ts';

/** From this ridge on, as a share of the mean variance, squaring the rows costs no digit that matters. */
export const SQUARABLE_RIDGE = 1e-6;

/**
 * CCA from the centred rows of each view. A view with a ridge and fewer pairs than columns is known by the n x n inner
 * products of its pairs ({@link whitenByProducts}); of others the columns are orthonormalised ({@link whitenByBasis}).
 * Memory: three times n x d for each view, sparse blocks included.
 */
export async function fitFromRows(blocks: readonly BlockRows[], options: FitOptions): Promise<JointSpace> {
  const { engine, signal, dimensions } = options;
  const n = pairCount(blocks[0]!);
  const sizes = blocks.map((block) => ('of' in block ? block.rows.columns : block.columns));
  const checked = blocks.map((block, i) => checkBlock(block, i, n, sizes[i]!));
  const means = checked.map((block, i) =>
    columnSums(block, new Float64Array(sizes[i]!), i).map((sum) => sum / n),
  );
  const rows = checked.map((block, i) => centredRows(block, n, means[i]!));
  const columns = checked.map((block, i) => columnVariances(rows[i]!, means[i]!, block, n));
  const views = planViews(sizes, (block) => columns[block]!.variances, options);

  const whitened: RowWhitening[] = [];
  for (const view of views) {
    throwIfAborted(signal);
    const parts = view.blocks.map((block) => ({ rows: rows[block]!, of: checked[block]!.of }));
    const width = view.scales.length;
    if (view.ridge >= SQUARABLE_RIDGE && n < width) {
      const { of, counts } = checked[view.blocks[0]!]!;
      const repeats = of && counts && parts.every((part) => part.of === of) ? { of, counts } : undefined;
      const centred = repeats ? joinRepeated(parts, view, repeats.counts) : joinPairs(parts, view, n);
      whitened.push(await whitenByProducts(centred, view.ridge, { ...options, repeats }));
    } else {
      const rounding = joinArrays(
        Float64Array,
        view.blocks.map((block) => columns[block]!.rounding),
      );
      whitened.push(await whitenByBasis(joinPairs(parts, view, n), rounding, view.ridge, options));
    }
  }
  const coherence = (i: number, j: number) =>
    engine.multiply(whitened[i]!.shrunk, whitened[j]!.shrunk, { transposeA: true });
  const { correlations, weights } = await solveCanonical(whitened, coherence, { engine, signal, dimensions });
  views.forEach((view, i) => {
    scaleRows(weights[i]!, view.scales);
  });
  fixSigns(weights);
  return {
    count: n,
    correlations,
    views: views.map((view, i) => ({
      blocks: view.blocks.map((block) => sizes[block]!),
      mean: joinArrays(
        Float64Array,
        view.blocks.map((block) => means[block]!),
      ),
      weights: weights[i]!,
      diagnostics: whitened[i]!.diagnostics,
    })),
  };
}

/**
 * The rows of a block less the mean of its n pairs, as a new float64 matrix. What rounding left of the mean is taken from
 * the rows and added to the mean (the corrected two-pass algorithm of Chan, Golub and LeVeque 1983): it would be a direction
 * that all columns with large means share.
 */
function centredRows({ rows, counts }: CheckedBlock, n: number, mean: Float64Array): Matrix64 {
  const { columns } = rows;
  const centred = zeros64(rows.rows, columns);
  for (let r = 0; r < rows.rows; r++) {
    const target = row(centred, r);
    if (isSparse(rows))
      for (let p = rows.offsets[r]!; p < rows.offsets[r + 1]!; p++)
        target[rows.indices[p]!] = rows.values[p]!;
    else target.set(row(rows, r));
    for (let c = 0; c < columns; c++) target[c]! -= mean[c]!;
  }
  const rest = new Float64Array(columns);
  for (let r = 0; r < rows.rows; r++) {
    const share = (counts ? counts[r]! : 1) / n;
    for (let c = 0; c < columns; c++) rest[c]! += share * centred.data[r * columns + c]!;
  }
  for (let r = 0; r < rows.rows; r++)
    for (let c = 0; c < columns; c++) centred.data[r * columns + c]! -= rest[c]!;
  for (let c = 0; c < columns; c++) mean[c]! += rest[c]!;
  return centred;
}

/** The variances of centred columns over n pairs, 0 where they are rounding, and what share of them rounding of their numbers may be. */
function columnVariances(
  { rows, columns, data }: Matrix64,
  mean: Float64Array,
  { rows: own, counts }: CheckedBlock,
  n: number,
) {
  const squares = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    const count = counts ? counts[r]! : 1;
    for (let c = 0; c < columns; c++) squares[c]! += count * data[r * columns + c]! ** 2;
  }
  const stored = representationRounding(
    isSparse(own) || own.data instanceof Float32Array ? 'float32' : 'float64',
  );
  const variances = squares.map((square) => square / (n - 1));
  const rounding = variances.map((variance, c) => stored * (variance + mean[c]! ** 2));
  return {
    variances: variances.map((variance, c) =>
      isVaryingColumn(variance, rounding[c]!, mean[c]!) ? variance : 0,
    ),
    rounding: rounding.map((value, c) => (variances[c]! > 0 ? value / variances[c]! : 0)),
  };
}

/** The centred rows of a block, and for each pair the number of its row where pairs share rows. */
interface Part {
  readonly rows: Matrix64;
  readonly of: Uint32Array | undefined;
}

/** The blocks of a view side by side for each row that pairs share, times the root of how many do, columns scaled. */
function joinRepeated(parts: readonly Part[], view: ViewPlan, counts: Float64Array): Matrix64 {
  const joined = joinPairs(
    parts.map(({ rows }) => ({ rows, of: undefined })),
    view,
    counts.length,
  );
  return scaleRows(joined, counts.map(Math.sqrt));
}

/** The blocks of a view side by side for each of n pairs, columns scaled. */
function joinPairs(parts: readonly Part[], view: ViewPlan, n: number): Matrix64 {
  const joined = zeros64(n, view.scales.length);
  let start = 0;
  for (const { rows, of } of parts) {
    for (let i = 0; i < n; i++) {
      const from = (of ? of[i]! : i) * rows.columns;
      const to = i * joined.columns + start;
      for (let c = 0; c < rows.columns; c++)
        joined.data[to + c] = rows.data[from + c]! * view.scales[start + c]!;
    }
    start += rows.columns;
  }
  return joined;
}
