import { planViews } from '../../cca/fit/fit-options.ts';
import { fit, type JointSpace, Moments, project, type ViewProjection } from '../../cca/index.ts';
import type { Engine } from '../../linalg/engine.ts';
import { joinArrays, type Matrix32, type Matrix64, type Rows } from '../../linalg/matrix.ts';
import { transpose } from '../../linalg/transpose.ts';
import type { Model } from '../../model/model.ts';
import type { Recipe } from '../../model/recipe.ts';
import { fitOptions } from '../pairs.ts';
import type { ViewWeights } from './merge-starter.ts';
import { quarters, type SpannedView, spanOf, type WideView, widen } from './span-basis.ts';
import type { Starter } from './starter.ts';
import { type ProductView, type StarterProducts, starterProducts } from './starter-products.ts';

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
interface StarterView extends Omit<SpannedView, 'directions'>, ProductView {
  /** Sum of what is added to the variances of all scaled columns. */
  readonly ridge: number;
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
  starter: Pick<Starter, 'moments' | 'model'>,
  recipe: Recipe,
  engine: Engine,
): StarterSpan {
  const { count, views, products } = takeMoments(starter.moments, starter.model.encoder, recipe, engine);
  const weights = starter.model.space.views.map((view) => view.weights);
  // The same for every model of own pairs.
  let known: Promise<SpannedStarter> | undefined;

  return {
    async with(own) {
      known ??= spannedStarter(views, weights, products, engine);
      const spanned = await known;
      const wide: WideView[] = [];
      for (const [i, view] of [spanned.image, spanned.text].entries())
        wide.push(await widen(view, own[i]!, engine));
      const reduced = await productsWith(spanned, wide[0]!.known, wide[1]!.known, products, engine);
      const span: JointSpace = {
        count,
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
            count: count * weight,
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

/** What is needed of a starter's moments, which are large and can be forgotten then. */
function takeMoments(moments: Moments, encoder: Model['encoder'], recipe: Recipe, engine: Engine) {
  const variances = moments.sizes.map((_, block) => moments.variances(block));
  const plans = planViews(moments.sizes, (block) => variances[block]!, {
    engine,
    ...fitOptions(recipe, encoder),
  });
  const views: StarterView[] = [];
  for (const { blocks, scales, ridge } of plans) {
    const spread = blocks.flatMap((block) => [...variances[block]!]);
    const trace = spread.reduce((sum, variance, c) => sum + variance * scales[c]! ** 2, 0);
    const mean = joinArrays(
      Float64Array,
      blocks.map((block) => moments.mean(block)),
    );
    const sizes = blocks.map((block) => moments.sizes[block]!);
    views.push({ blocks, sizes, scales, mean, ridge: ridge * trace });
  }
  return { count: moments.count, views, products: starterProducts(moments, views, engine) };
}

/** A starter's own directions, and the products of its columns with them and among them. */
interface SpannedStarter {
  readonly image: SpannedView & ProductView;
  readonly text: SpannedView & ProductView;
  /** Of image columns with image directions, of text columns with text directions, of image columns with text directions. */
  readonly by: { readonly images: Matrix64; readonly texts: Matrix64; readonly cross: Matrix64 };
  /** Of directions with each other: image with image, image with text, text with text. */
  readonly among: readonly [Matrix64, Matrix64, Matrix64];
}

async function spannedStarter(
  views: readonly StarterView[],
  weights: readonly Matrix64[],
  products: StarterProducts,
  engine: Engine,
): Promise<SpannedStarter> {
  const spanned = async (view: number) => ({
    ...views[view]!,
    directions: await spanOf(weights[view]!, views[view]!.scales, engine),
  });
  const [image, text] = [await spanned(0), await spanned(1)];
  const by = {
    images: await products.times(image, image, image.directions),
    texts: await products.times(text, text, text.directions),
    cross: await products.times(image, text, text.directions),
  };
  const among: SpannedStarter['among'] = [
    await within(image.directions, by.images, engine),
    await within(image.directions, by.cross, engine),
    await within(text.directions, by.texts, engine),
  ];
  return { image, text, by, among };
}

/**
 * The products of a starter's directions, with own ones beside them.
 * @param x own image directions in scaled columns of the starter
 * @param y own text directions
 * @returns image with image, image with text, text with text
 */
async function productsWith(
  { image, text, by, among: [images, cross, texts] }: SpannedStarter,
  x: Matrix64,
  y: Matrix64,
  products: StarterProducts,
  engine: Engine,
): Promise<Matrix64[]> {
  const square = async (view: ProductView, first: Matrix64, known: Matrix64, own: Matrix64) => {
    const mixed = await within(known, own, engine);
    const among = await within(own, await products.times(view, view, own), engine);
    return quarters(first, mixed, transpose(mixed), among);
  };
  const right = await products.times(image, text, y);
  return [
    await square(image, images, by.images, x),
    quarters(
      cross,
      await within(image.directions, right, engine),
      await within(x, by.cross, engine),
      await within(x, right, engine),
    ),
    await square(text, texts, by.texts, y),
  ];
}

/** Aᵀ B. */
function within(a: Matrix64, b: Matrix64, engine: Engine): Promise<Matrix64> {
  return engine.multiply(a, b, { transposeA: true });
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
