import type { JointSpace } from '../cca/index.ts';
import { project } from '../cca/space/project.ts';
import { normalizeRows, scaleComponents } from '../cca/space/similarity.ts';
import type { FeatureBlock } from '../encoders/image/image-encoder.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, type Rows, zeros32 } from '../linalg/matrix.ts';
import {
  bankCorrection,
  type IndexRows,
  type TagCalibration,
  type TagCombination,
  type VoterPictures,
  type WordRegression,
} from '../retrieval/index.ts';
import type { TextEncoder } from '../text/index.ts';
import { memberRecipes, type Recipe } from './recipe.ts';

/** The training captions as they vote for tags: their embeddings, and the tag words that each one holds. */
export interface CaptionBank {
  /** Captions x k, unit length. */
  readonly embeddings: Matrix32;
  /** The words of each caption, as positions in the model's tags. */
  readonly words: IndexRows;
  /** How much the similarity of each caption is lowered because it is a hub. */
  readonly correction: Float32Array;
  /** The pictures that the captions belong to, and what is agreed to be right of each; banks without it vote by captions only. */
  readonly pictures?: VoterPictures | undefined;
  /** The captions that are nothing but accepted tags: see {@link CaptionVoters}. None when left out. */
  readonly partial?: Uint32Array | undefined;
  /** The captions themselves, to show which of them spoke for a result; banks that are large are without. */
  readonly texts?: readonly string[] | undefined;
}

/** Queries of the training set, as they tell which items are hubs. */
export interface QueryBank {
  /** An even selection of the training pictures, n x k, unit length. */
  readonly pictures: Matrix32;
  /** An even selection of the training captions, n x k, unit length. */
  readonly captions: Matrix32;
}

/** Scores of words straight from a picture's embedding, and how much they count beside the vote of captions. */
export interface DirectTags {
  readonly regression: WordRegression;
  /** Of the vote and the regression, in this order. */
  readonly combination: TagCombination;
}

/** One of the spaces of a model, with the text encoder that it belongs to. */
export interface Member {
  readonly text: TextEncoder;
  readonly space: JointSpace;
}

/** Names word vectors that are trained on the captions and stored with the model. */
export const OWN_VECTORS = 'own';

/** All that was learned from a collection, and all that is needed to search it. */
export interface Model {
  readonly recipe: Recipe;
  readonly encoder: { readonly id: string; readonly size: number; readonly blocks: readonly FeatureBlock[] };
  readonly text: TextEncoder;
  /** Where its word vectors come from: `default`, a file, or `own` when they were trained on the captions. */
  readonly vectors: string;
  /** The sentence encoder of its text view by name, as `resolveSentenceEncoder` takes it; most models have none. */
  readonly sentences: string | undefined;
  readonly space: JointSpace;
  /** Further spaces, whose embeddings are joined to those of the first; most models have none. */
  readonly joined: readonly Member[];
  /** Tags that can be given, most frequent first. */
  readonly tags: readonly string[];
  /** In how many training pictures each tag occurs. */
  readonly tagCounts: readonly number[];
  /** Missing where there were too few pictures to learn how much it counts, and in recipes without it. */
  readonly direct?: DirectTags | undefined;
  /** How scores of tags become probabilities; missing where there were too few pictures to learn it from. */
  readonly calibration: TagCalibration | undefined;
  /** Missing in recipes that do not vote. */
  readonly bank: CaptionBank | undefined;
  /** Missing in recipes that do not correct hubs. */
  readonly queries: QueryBank | undefined;
  readonly trained: { readonly pictures: number; readonly captions: number };
}

const IMAGE = 0;
const TEXT = 1;

/** Places pictures in the joint space: unit-length rows (n x k) of image features (n x dx). */
export function embedPictures(model: Model, features: Matrix32, engine: Engine): Promise<Matrix32> {
  const recipes = memberRecipes(model.recipe);
  return joinedEmbeddings(model, (member, i) =>
    embed(model.recipe, member.space, IMAGE, [imageRows(recipes[i]!, features)], engine),
  );
}

/** Places texts in the joint space: unit-length rows (n x k). A text of unknown words only lands anywhere. */
export function embedTexts(model: Model, texts: readonly string[], engine: Engine): Promise<Matrix32> {
  return joinedEmbeddings(model, async (member) =>
    embed(model.recipe, member.space, TEXT, await member.text.encode(texts), engine),
  );
}

/** The text view of a joint space: rows of text features, n x k, before they are brought to unit length. */
export function projectText(
  recipe: Recipe,
  space: JointSpace,
  rows: readonly Rows[],
  engine: Engine,
): Promise<Matrix32> {
  return projectScaled(recipe, space, TEXT, rows, engine);
}

/** Projects, scales each component by its correlation to the recipe's power, and brings rows to unit length. */
async function embed(
  recipe: Recipe,
  space: JointSpace,
  view: number,
  rows: readonly Rows[],
  engine: Engine,
): Promise<Matrix32> {
  return normalizeRows(await projectScaled(recipe, space, view, rows, engine));
}

async function projectScaled(
  recipe: Recipe,
  space: JointSpace,
  view: number,
  rows: readonly Rows[],
  engine: Engine,
): Promise<Matrix32> {
  const projected = await project(space, view, rows, { engine });
  return scaleComponents(projected, space.correlations, recipe.scaling);
}

/** Length of an embedding (k), all members together. */
export function embeddingSize(model: Pick<Model, 'space' | 'joined'>): number {
  return [model, ...model.joined].reduce((sum, { space }) => sum + space.correlations.length, 0);
}

/** The embeddings of all members side by side, brought to unit length: cosines become the mean of the members'. */
async function joinedEmbeddings(
  model: Model,
  embedOne: (member: Member, i: number) => Promise<Matrix32>,
): Promise<Matrix32> {
  if (model.joined.length === 0) return embedOne(model, 0);
  const parts: Matrix32[] = [];
  for (const [i, member] of [model, ...model.joined].entries()) parts.push(await embedOne(member, i));
  const rows = parts[0]!.rows;
  const joined = zeros32(rows, embeddingSize(model));
  let start = 0;
  for (const { columns, data } of parts) {
    for (let i = 0; i < rows; i++)
      joined.data.set(data.subarray(i * columns, (i + 1) * columns), i * joined.columns + start);
    start += columns;
  }
  return normalizeRows(joined);
}

/** How much the scores of pictures are lowered when texts query them; zeros where the recipe corrects nothing. */
export function pictureHubness(model: Model, pictures: Matrix32, engine: Engine): Promise<Float32Array> {
  return hubness(model, pictures, model.queries?.captions, engine);
}

/** How much the scores of texts are lowered when pictures query them; zeros where the recipe corrects nothing. */
export function textHubness(model: Model, texts: Matrix32, engine: Engine): Promise<Float32Array> {
  return hubness(model, texts, model.queries?.pictures, engine);
}

async function hubness(
  { recipe }: Model,
  items: Matrix32,
  bank: Matrix32 | undefined,
  engine: Engine,
): Promise<Float32Array> {
  if (recipe.hubness === undefined || bank === undefined) return new Float32Array(items.rows);
  return bankCorrection(engine, items, bank, recipe.hubness);
}

/**
 * Image features as the recipe takes them. Roots even out the few large numbers of pooled activations (Perronnin,
 * Sánchez and Mensink, ECCV 2010).
 */
export function imageRows({ image }: Recipe, features: Matrix32): Matrix32 {
  if (image === 'plain') return features;
  const { rows, columns, data } = features;
  const root = image === 'square-root' ? Math.sqrt : Math.cbrt;
  return { rows, columns, data: data.map((value) => Math.sign(value) * root(Math.abs(value))) };
}
