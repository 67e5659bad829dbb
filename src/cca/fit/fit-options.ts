import {
  amount,
  anEngine,
  aSignal,
  checkOptions as checkNames,
  either,
  listOf,
  type OptionRules,
  oneOf,
  required,
  whole,
} from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';
import type { Engine } from '../../linalg/engine.ts';
import { joinArrays } from '../../linalg/matrix.ts';
import { columnScales, type Normalization } from './normalization.ts';

/** Options of {@link fit} and {@link fitRows}. */
export interface FitOptions {
  readonly engine: Engine;
  /** Which blocks make up each view; every block is a view of its own when left out. */
  readonly views?: readonly (readonly number[])[] | undefined;
  /** How each block is scaled; `none` when left out. */
  readonly normalize?: readonly Normalization[] | undefined;
  /**
   * For each block the lengths of its stretches of columns that are normalised each on its own, such as the layers
   * of a network; they add up to the block. The block is one stretch when left out.
   */
  readonly parts?: readonly (readonly number[] | undefined)[] | undefined;
  /** A factor for each block after normalisation; 1 when left out. */
  readonly blockWeights?: readonly number[] | undefined;
  /**
   * What is added to the diagonal of each view's covariance, as a share of its mean diagonal after normalisation;
   * one number for all views or one each, from 0 on. 0 when left out.
   */
  readonly ridge?: number | readonly number[] | undefined;
  /** How many canonical dimensions (k) at most; the ranks of the views bound them too. */
  readonly dimensions?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the options of a fit may be, apart from the blocks that they are for. */
export const fitRules: OptionRules<FitOptions> = {
  engine: required(anEngine),
  views: listOf(listOf(whole(0))),
  normalize: listOf(oneOf(['none', 'energy', 'standardize'])),
  parts: listOf(listOf(whole(0)), { gaps: true }),
  blockWeights: listOf(amount(0)),
  ridge: either(amount(0), listOf(amount(0))),
  dimensions: whole(1),
  signal: aSignal,
};

/** @throws CovistaError `usage` naming an option that there is not, or that is not what it may be */
export function checkFitOptions(operation: string, options: FitOptions): void {
  checkNames(operation, options, fitRules);
}

/** A view as it is to be fitted. */
export interface ViewPlan {
  readonly blocks: readonly number[];
  /** The factor of each column of the view: normalisation times block weight. */
  readonly scales: Float64Array;
  /** Share of the mean diagonal that is added to the diagonal. */
  readonly ridge: number;
}

/**
 * Checks options and works out the scale of every column.
 * @param sizes the size of each block
 * @param variances gives the variances of a block's columns
 * @throws CovistaError `usage` for options that do not fit the blocks
 */
export function planViews(
  sizes: readonly number[],
  variances: (block: number) => Float64Array,
  options: FitOptions,
): ViewPlan[] {
  const views = options.views ?? sizes.map((_, block) => [block]);
  const ridges = checkOptions(sizes, views, options);
  return views.map((blocks, view) => {
    const scales = blocks.map((block) => {
      const weight = options.blockWeights?.[block] ?? 1;
      const scale = columnScales(
        variances(block),
        options.normalize?.[block] ?? 'none',
        options.parts?.[block],
      );
      return scale.map((value) => value * weight);
    });
    return { blocks, scales: joinArrays(Float64Array, scales), ridge: ridges[view]! };
  });
}

/** @returns the ridge of each view */
function checkOptions(
  sizes: readonly number[],
  views: readonly (readonly number[])[],
  options: FitOptions,
): readonly number[] {
  const { ridge = 0, dimensions = 1, normalize, parts = [], blockWeights } = options;
  const blocks = sizes.length;
  const fail = (why: string): never => {
    throw new CovistaError('usage', why);
  };
  const isAmount = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
  if (views.length < 2) return fail(`CCA needs at least two views, got ${views.length}.`);
  const used = views.flat();
  const known = used.every((block) => Number.isInteger(block) && block >= 0 && block < blocks);
  if (!known || new Set(used).size < used.length || views.some((view) => view.length === 0))
    return fail(`Each view must name blocks from 0 to ${blocks - 1}, each block at most once.`);
  if (!Number.isInteger(dimensions) || dimensions < 1)
    return fail(`dimensions must be a whole number from 1 on, got ${dimensions}.`);
  if (normalize && normalize.length !== blocks)
    return fail(`normalize must have one entry for each of ${blocks} blocks, got ${normalize.length}.`);
  for (const [block, lengths] of parts.entries())
    if (lengths && lengths.reduce((sum, length) => sum + length, 0) !== sizes[block])
      return fail(`The parts of block ${block} must add up to ${sizes[block]}, got [${lengths}].`);
  if (blockWeights && (blockWeights.length !== blocks || !blockWeights.every(isAmount)))
    return fail(`blockWeights must be ${blocks} numbers from 0 on, got [${blockWeights}].`);
  const ridges = typeof ridge === 'number' ? views.map(() => ridge) : ridge;
  if (ridges.length !== views.length || !ridges.every(isAmount))
    return fail(
      `ridge must be one number from 0 on or one for each of ${views.length} views, got [${ridge}].`,
    );
  return ridges;
}
