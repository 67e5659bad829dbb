import type { WorkOptions } from '../../base/progress.ts';
import type { Moments } from '../../cca/index.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import type { Model } from '../../model/model.ts';
import type { Recipe } from '../../model/recipe.ts';
import { captionBank, queryBank } from '../banks.ts';

/**
 * What was learned from a collection in a form that is small, that a library without captions can be searched with, and
 * to which the moments of a user's own pairs can be added.
 */
export interface Starter {
  /** What it is called when it is talked about: a file, or `built in`. */
  readonly name: string;
  /** Complete but for its banks. */
  readonly model: Model;
  /** Of the training pairs; block 0 is the image features as the recipe takes them, the others are the text's. */
  readonly moments: Moments;
  /** The words of each training caption, stop words left out. */
  readonly captions: readonly string[];
  /** Features of an even selection of the training pictures, as the encoder gives them. */
  readonly pictures: Matrix32;
  /** The captions and pictures, placed in the space of the model; missing in files of earlier versions. */
  readonly banks?: StarterBanks | undefined;
}

/** What a model searches and tags with beside its space. */
export type StarterBanks = Pick<Model, 'bank' | 'queries'>;

/** The starter as a model that searches and tags. Where its banks are not stored they are made, which takes seconds. */
export async function starterModel(
  starter: Starter,
  options: WorkOptions & { readonly engine: Engine },
): Promise<Model> {
  return { ...starter.model, ...(starter.banks ?? (await starterBanks(starter, options))) };
}

/** Places the captions and pictures of a starter in the space of its model. */
export async function starterBanks(
  { model, captions, pictures }: Pick<Starter, 'model' | 'captions' | 'pictures'>,
  options: WorkOptions & { readonly engine: Engine },
): Promise<StarterBanks> {
  const queries =
    model.recipe.hubness === undefined
      ? undefined
      : await queryBank(model, [pictures], pictures.rows, captions, options.engine);
  const votes = model.recipe.tags.method === 'vote';
  return { queries, bank: votes ? await captionBank({ ...model, queries }, captions, options) : undefined };
}

/** Why a starter cannot be used, in words for people; undefined when it can. */
export function starterMismatch(
  { model, name }: Starter,
  encoder: Model['encoder'],
  recipe?: Recipe,
  vectors?: string,
): string | undefined {
  if (model.encoder.id !== encoder.id || model.encoder.size !== encoder.size)
    return `the starter (${name}) was learned with the image encoder ${model.encoder.id}, and this library with ${encoder.id}`;
  if (vectors !== undefined && vectors !== model.vectors)
    return `the starter (${name}) was learned with other word vectors`;
  if (recipe === undefined) return undefined;
  if (recipe.refine !== undefined || recipe.joined !== undefined)
    return `only recipes in closed form can learn on top of a starter, which ${recipe.name} is not`;
  const parts = (one: Recipe) => JSON.stringify([one.image, one.unit, one.text, one.terms]);
  return parts(model.recipe) === parts(recipe)
    ? undefined
    : `the recipe ${recipe.name} makes other features than that of the starter (${name})`;
}
