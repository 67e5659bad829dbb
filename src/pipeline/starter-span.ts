import { planViews } from '../cca/fit-options.ts';
import { fit, type JointSpace, Moments, project, type ViewProjection } from '../cca/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { productIndex } from '../linalg/joint-gram.ts';
import { type Matrix32, type Matrix64, type Rows, selectRows, zeros64 } from '../linalg/matrix.ts';
import { transpose } from '../linalg/transpose.ts';
import type { ViewWeights } from './merge-starter.ts';
import { fitOptions } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';

/** Directions that hold less than this share of the longest one's square are left out. */
const DEPENDENT = 1e-8;

/** A starter, ready to be merged with models of own pairs. */
export interface StarterSpan {
  /**
   * Opens the span of the starter and of one model of own pairs.
   * @param own for each view the own model's weights for raw features, whose columns begin with those of the starter
   */
  with(own: readonly ViewWeights[]): Promise<MergedSpan>;
}

/** The span of a starter's canonical weights and of those of own pairs: a few hundred coordinates for each view. */
export interface MergedSpan {
  /** Moments of no pairs yet, for {@link MergedSpan.add}. */
  none(): Moments;
  /** Features of one view in the coordinates of the span. */
  place(view: number, rows: readonly Rows[]): Promise<Matrix32>;
  /**
   * CCA of the starter, each of whose pairs counts `weight` times, and of own pairs.
   * @param own moments of placed pairs
   * @returns a space of placed rows
   */
  learn(weight: number, own: Moments): Promise<JointSpace>;
  /** What {@link MergedSpan.learn} gave, as a space of features. */
  expand(space: JointSpace): Promise<JointSpace>;
}

/** One view of a starter. */
interface StarterView {
  readonly blocks: readonly number[];
  /** Of the blocks. */
  readonly sizes: readonly number[];
  /** The factor of each column, as the recipe scales it. */
  readonly scales: Float64Array;
  readonly mean: Float64Array;
  /** Sum of what is added to the variances of all scaled columns. */
  readonly ridge: number;
  /** Canonical weights of raw features, d x k. */
  readonly weights: Matrix64;
}

/**
 * Merges a starter with own pairs in the span of two models: the starter's, and one of the own pairs alone.
 *
 * The whole merge would be CCA on the sum of both moments, some thousand columns a view. It is solved for the canonical
 * weights that are sums of the starter's and of the own ones (a Rayleigh-Ritz projection). Were the starter's weight
 * infinite or zero, the solution would lie there exactly; in between, docs/model-card.md compares both. Columns keep
 * the scale that they have in the starter.
 */
export function starterSpan(
  { moments, model }: Pick<Starter, 'moments' | 'model'>,
  recipe: Recipe,
  engine: Engine,
): StarterSpan {
  const plans = planViews(moments.sizes, (block) => moments.variances(block), {
    engine,
    ...fitOptions(recipe, model.encoder),
  });
  const views = plans.map(({ blocks, scales, ridge }, view): StarterView => {
    const variances = blocks.flatMap((block) => [...moments.variances(block)]);
    const trace = variances.reduce((sum, variance, c) => sum + variance * scales[c]! ** 2, 0);
    const mean = Float64Array.from(blocks.flatMap((block) => [...moments.mean(block)]));
    const sizes = blocks.map((block) => moments.sizes[block]!);
    return { blocks, sizes, scales, mean, ridge: ridge * trace, weights: model.space.views[view]!.weights };
  });
  const times = (left: SpannedView, right: SpannedView, directions: Matrix64) =>
    timesProducts(moments, left, right, directions, engine);
  const within = (left: Matrix64, right: Matrix64) => engine.multiply(left, right, { transposeA: true });
  const ofStarter = async () => {
    const [image, text] = [await spannedView(views[0]!, engine), await spannedView(views[1]!, engine)];
    return {
      image,
      text,
      images: await within(image.directions, await times(image, image, image.directions)),
      cross: await within(image.directions, await times(image, text, text.directions)),
      texts: await within(text.directions, await times(text, text, text.directions)),
    };
  };
  // The same for every model of own pairs.
  let known: ReturnType<typeof ofStarter> | undefined;
  /** The products of moments, with the directions of the starter and own ones beside them. */
  const productsWith = async (x: Matrix64, y: Matrix64): Promise<Matrix64[]> => {
    const { image, text, images, cross, texts } = await known!;
    const square = async (view: SpannedView, first: Matrix64, own: Matrix64) => {
      const product = await times(view, view, own);
      const mixed = await within(view.directions, product);
      return quarters(first, mixed, transpose(mixed), await within(own, product));
    };
    const right = await times(image, text, y);
    const left = await times(text, image, x);
    return [
      await square(image, images, x),
      quarters(
        cross,
        await within(image.directions, right),
        transpose(await within(text.directions, left)),
        await within(x, right),
      ),
      await square(text, texts, y),
    ];
  };

  return {
    async with(own) {
      known ??= ofStarter();
      const { image, text } = await known;
      const wide: WideView[] = [];
      for (const [i, view] of [image, text].entries()) wide.push(await widen(view, own[i]!, engine));
      const reduced = await productsWith(wide[0]!.known, wide[1]!.known);
      const span: JointSpace = {
        count: moments.count,
        correlations: new Float64Array(),
        views: wide.map(({ projection }) => projection),
      };
      const sizes = span.views.map(({ weights }) => weights.columns);
      return {
        none: () => Moments.zero(sizes),
        place: (view, rows) => project(span, view, rows, { engine }),
        async learn(weight, added) {
          const zeros = () => sizes.map((size) => new Float64Array(size));
          const total = new Moments({
            count: moments.count * weight,
            shifts: zeros(),
            sums: zeros(),
            rounding: zeros(),
            products: reduced.map((product) => ({
              ...product,
              data: product.data.map((value) => value * weight),
            })),
          }).merge(added);
          // A ridge is a share of the mean variance of all columns, and not of those of the span.
          const ridge = views.map(({ ridge: sum }, view) => {
            const share = sum / span.views[view]!.mean.length;
            return share / mean(total.variances(view));
          });
          return fit(total, { engine, ridge, dimensions: recipe.dimensions });
        },
        async expand(space) {
          const expanded: ViewProjection[] = [];
          for (const [view, { mean: centre, weights }] of space.views.entries()) {
            const { blocks, mean: from, weights: basis } = span.views[view]!;
            const moved = await engine.multiply(basis, {
              rows: centre.length,
              columns: 1,
              data: centre,
            });
            const { scales } = wide[view]!;
            // Scaled, the basis is orthonormal: of all features that are placed at the centre, this is the nearest one.
            const shifted = from.map((value, c) =>
              scales[c]! > 0 ? value + moved.data[c]! / scales[c]! ** 2 : value,
            );
            expanded.push({ blocks, mean: shifted, weights: await engine.multiply(basis, weights) });
          }
          return { ...space, views: expanded };
        },
      };
    },
  };
}

/** Σ_j P_ij D_j for the products of moments P about their means, over the blocks of two views. */
async function timesProducts(
  moments: Moments,
  left: StarterView,
  right: StarterView,
  directions: Matrix64,
  engine: Engine,
): Promise<Matrix64> {
  const { count, sums, products } = moments.sums;
  const blocks = moments.sizes.length;
  const k = directions.columns;
  const result = zeros64(left.mean.length, k);
  let top = 0;
  for (const i of left.blocks) {
    let start = 0;
    for (const j of right.blocks) {
      const size = moments.sizes[j]!;
      const part = {
        rows: size,
        columns: k,
        data: directions.data.subarray(start * k, (start + size) * k),
      };
      const product = products[productIndex(blocks, Math.min(i, j), Math.max(i, j))]!;
      const added = await engine.multiply(product, part, { transposeA: i > j });
      const sum = { rows: 1, columns: size, data: sums[j]! };
      const along = await engine.multiply(sum, part);
      for (let r = 0; r < added.rows; r++) {
        const about = sums[i]![r]! / count;
        for (let c = 0; c < k; c++)
          result.data[(top + r) * k + c]! += added.data[r * k + c]! - about * along.data[c]!;
      }
      start += size;
    }
    top += moments.sizes[i]!;
  }
  return result;
}

/** A view of a starter, and a basis of what its canonical weights span: orthonormal for scaled columns, d x k. */
interface SpannedView extends StarterView {
  readonly directions: Matrix64;
}

async function spannedView(view: StarterView, engine: Engine): Promise<SpannedView> {
  const unit = unitColumns(view.weights, view.scales);
  const combine = await orthonormaliser(divideRows(unit, view.scales), engine);
  return { ...view, directions: await engine.multiply(unit, combine) };
}

/** A view of a starter with columns for the words of another collection at the end of its blocks. */
interface WideView {
  /** The factor of each column. */
  readonly scales: Float64Array;
  /** Places raw features about the starter's mean: the starter's directions, and what own weights add to them. */
  readonly projection: ViewProjection;
  /** What own weights add, in the starter's columns. */
  readonly known: Matrix64;
}

async function widen(view: SpannedView, own: ViewWeights, engine: Engine): Promise<WideView> {
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
  const along = await engine.multiply(directions, divideRows(divideRows(unit, scales), scales), {
    transposeA: true,
  });
  const held = await engine.multiply(directions, along);
  for (let i = 0; i < held.data.length; i++) unit.data[i]! -= held.data[i]!;
  const added = await engine.multiply(unit, await orthonormaliser(divideRows(unit, scales), engine));
  return {
    scales,
    projection: { blocks: own.blocks, mean: centre, weights: sideBySide(directions, added) },
    known: selectRows(added, columns),
  };
}

/** Columns whose length is 1 for scaled features; what belongs to columns without scale is 0. */
function unitColumns(weights: Matrix64, scales: Float64Array): Matrix64 {
  const { rows, columns } = weights;
  const squares = new Float64Array(columns);
  const unit = zeros64(rows, columns);
  for (let r = 0; r < rows; r++) {
    const scale = scales[r]!;
    if (scale > 0)
      for (let c = 0; c < columns; c++) squares[c]! += (weights.data[r * columns + c]! / scale) ** 2;
  }
  for (let r = 0; r < rows; r++)
    if (scales[r]! > 0)
      for (let c = 0; c < columns; c++)
        unit.data[r * columns + c] = weights.data[r * columns + c]! / (Math.sqrt(squares[c]!) || 1);
  return unit;
}

/** Each row divided by its scale, those without scale 0. */
function divideRows({ rows, columns, data }: Matrix64, scales: Float64Array): Matrix64 {
  const result = zeros64(rows, columns);
  for (let r = 0; r < rows; r++) {
    const scale = scales[r]!;
    if (scale > 0)
      for (let c = 0; c < columns; c++) result.data[r * columns + c] = data[r * columns + c]! / scale;
  }
  return result;
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
function quarters(first: Matrix64, second: Matrix64, third: Matrix64, fourth: Matrix64): Matrix64 {
  const joined = zeros64(first.rows + third.rows, first.columns + second.columns);
  const put = ({ rows, columns, data }: Matrix64, top: number, start: number) => {
    for (let r = 0; r < rows; r++)
      joined.data.set(data.subarray(r * columns, (r + 1) * columns), (top + r) * joined.columns + start);
  };
  put(first, 0, 0);
  put(second, 0, first.columns);
  put(third, first.rows, 0);
  put(fourth, first.rows, first.columns);
  return joined;
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
