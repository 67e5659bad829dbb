import type { Model } from '../../model/model.ts';
import type { Recipe } from '../../model/recipe.ts';
import type { PairSource } from '../pairs.ts';
import { train } from '../train.ts';
import type { TrainOptions } from '../train-options.ts';
import { chooseStarterWeight, type StarterChoice } from './choose-starter-weight.ts';
import { type Starter, starterModel } from './starter.ts';
import { starterSpan } from './starter-span.ts';
import { mergeWithStarter, withStarterBanks } from './train-on-starter.ts';

/** A model, and what was chosen to learn it from. */
export interface ModelOnStarter {
  readonly model: Model;
  readonly choice: StarterChoice;
}

/**
 * Learns on top of a starter from a user's own pairs, with the weight of the starter that does best on the user's own
 * pairs by cross-validation: from nothing but the starter to nothing but the own pairs.
 */
export async function fitOnStarter(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
): Promise<ModelOnStarter> {
  const { choice, merged } = await chooseAndMerge(pairs, recipe, starter, options);
  const { from, weight } = choice;
  if (from === 'starter') return { choice, model: await starterModel(starter, options) };
  if (from === 'own') return { choice, model: await train(pairs, recipe, options) };
  return { choice, model: await withStarterBanks(merged!, pairs, starter, { from, weight }, options) };
}

/** What takes the products of the starter's columns, which are large: they are done with before banks are made. */
async function chooseAndMerge(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
): Promise<{ readonly choice: StarterChoice; readonly merged?: Model }> {
  const span = starterSpan(starter, recipe, options.engine);
  const choice = await chooseStarterWeight(pairs, recipe, starter, options, span);
  const { from, weight } = choice;
  if (from === 'starter' || from === 'own') return { choice };
  return {
    choice,
    merged: await mergeWithStarter(pairs, recipe, starter, { from, weight }, options, span),
  };
}
