import { throwIfAborted } from '../errors.ts';
import { isSparse, joinArrays, type Matrix64, row, zeros64 } from '../linalg/matrix.ts';
import { type BlockRows, type CheckedBlock, checkBlock, columnSums, pairCount } from './block-rows.ts';
import { type FitOptions, planViews, type ViewPlan } from './fit-options.ts';
import { fixSigns } from './fix-signs.ts';
import type { JointSpace } from './joint-space.ts';
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
  const columns = rows.map((block, i) => columnVariances(block, means[i]!, checked[i]!));
  const views = planViews(sizes, (block) => columns[block]!.variances, options);

  const whitened: RowWhitening[] = [];
  for (const view of views) {
    throwIfAborted(signal);
    const centred = joinScaled(
      view.blocks.map((block) => rows[block]!),
      view,
      n,
    );
    if (view.ridge >= SQUARABLE_RIDGE && n < centred.columns)
      whitened.push(await whitenByProducts(centred, view.ridge, options));
    else {
      const rounding = joinArrays(
        Float64Array,
        view.blocks.map((block) => columns[block]!.rounding),
      );
      whitened.push(await whitenByBasis(centred, rounding, view.ridge, options));
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
 * The rows of a block for each pair, less their mean, as a new float64 matrix. What rounding left of the mean is taken from
 * the rows and added to the mean (the corrected two-pass algorithm of Chan, Golub and LeVeque 1983): it would be a direction
 * that all columns with large means share.
 */
function centredRows(block: CheckedBlock, n: number, mean: Float64Array): Matrix64 {
  const { rows, of } = block;
  const { columns } = rows;
  const centred = zeros64(n, columns);
  for (let i = 0; i < n; i++) {
    const r = of ? of[i]! : i;
    const target = row(centred, i);
    if (isSparse(rows))
      for (let p = rows.offsets[r]!; p < rows.offsets[r + 1]!; p++)
        target[rows.indices[p]!] = rows.values[p]!;
    else target.set(row(rows, r));
    for (let c = 0; c < columns; c++) target[c]! -= mean[c]!;
  }
  const rest = new Float64Array(columns);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < columns; c++) rest[c]! += centred.data[i * columns + c]! / n;
  for (let i = 0; i < n; i++) for (let c = 0; c < columns; c++) centred.data[i * columns + c]! -= rest[c]!;
  for (let c = 0; c < columns; c++) mean[c]! += rest[c]!;
  return centred;
}

/** The variances of centred columns, 0 where they are rounding, and what share of them rounding of their numbers may be. */
function columnVariances(m: Matrix64, mean: Float64Array, { rows: own }: CheckedBlock) {
  const { rows, columns, data } = m;
  const squares = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let c = 0; c < columns; c++) squares[c]! += data[i * columns + c]! ** 2;
  const stored = representationRounding(
    isSparse(own) || own.data instanceof Float32Array ? 'float32' : 'float64',
  );
  const variances = squares.map((square) => square / (rows - 1));
  const rounding = variances.map((variance, c) => stored * (variance + mean[c]! ** 2));
  return {
    variances: variances.map((variance, c) =>
      isVaryingColumn(variance, rounding[c]!, mean[c]!) ? variance : 0,
    ),
    rounding: rounding.map((value, c) => (variances[c]! > 0 ? value / variances[c]! : 0)),
  };
}

/** The blocks of a view side by side, columns scaled. */
function joinScaled(blocks: readonly Matrix64[], view: ViewPlan, n: number): Matrix64 {
  const columns = view.scales.length;
  const joinedRows = zeros64(n, columns);
  let start = 0;
  for (const block of blocks) {
    for (let i = 0; i < n; i++)
      for (let c = 0; c < block.columns; c++)
        joinedRows.data[i * columns + start + c] =
          block.data[i * block.columns + c]! * view.scales[start + c]!;
    start += block.columns;
  }
  return joinedRows;
}
