import { tagVocabulary } from '../evaluation/index.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import { captionBank, queryBank } from './banks.ts';
import { extendTextEncoder, weightedMoments } from './merge-starter.ts';
import type { Model } from './model.ts';
import { type PairSource, pairMoments, solveRecipe } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import type { Starter } from './starter.ts';
import { minimumPictures, pictureCounts } from './tag-words.ts';
import { fitTextEncoder } from './text-view.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * Learns from a user's own pairs on top of a starter: both moments are added up, those of the starter times a weight.
 * @param weight above 0; 1 counts a pair of the starter like an own one
 * @throws CovistaError `bad-values` when the features are not those of the starter's encoder
 */
export async function trainOnStarter(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  weight: number,
  options: TrainOptions,
): Promise<Model> {
  const { engine, onProgress } = options;
  const text = extendTextEncoder(starter.model.text, await fitTextEncoder(pairs, recipe, options));
  const { kept } = await pairMoments(pairs, recipe, text, () => false, options);
  onProgress?.({ stage: 'solve', done: 0 });
  const moments = weightedMoments(starter, weight, kept.sizes).merge(kept);
  const space = await solveRecipe(moments, recipe, pairs.encoder, options);
  const tokens = pairs.captions.map((some) => some.map((caption) => text.words(caption)));
  const model: Model = {
    ...starter.model,
    recipe,
    text,
    space: { ...space, count: Math.round(space.count) },
    ...joinedTags(starter.model, tokens),
    trained: { pictures: pairs.captions.length, captions: tokens.flat().length },
  };
  const captions = [...starter.captions, ...pairs.captions.flat()];
  const pictures = starter.pictures.rows + pairs.captions.length;
  const queries =
    recipe.hubness === undefined
      ? undefined
      : await queryBank(model, bothFeatures(starter, pairs), pictures, captions, engine);
  const complete = { ...model, queries };
  if (recipe.tags.method !== 'vote') return complete;
  const bank = await captionBank(complete, captions, options);
  // A vote is the exponential of similarity less correction over temperature: each of the starter's counts `weight` times.
  if (bank.correction.length === captions.length)
    for (let i = 0; i < starter.captions.length; i++)
      bank.correction[i]! -= recipe.tags.temperature * Math.log(weight);
  return { ...complete, bank };
}

async function* bothFeatures(starter: Starter, pairs: PairSource): AsyncGenerator<Matrix32> {
  yield starter.pictures;
  yield* pairs.features();
}

/** The tags of both, most frequent first. */
function joinedTags(
  starter: Pick<Model, 'tags' | 'tagCounts'>,
  tokens: readonly (readonly (readonly string[])[])[],
): Pick<Model, 'tags' | 'tagCounts'> {
  const own = tagVocabulary(tokens, { minimumPictures: minimumPictures(tokens.length) });
  const words = [...new Set([...starter.tags, ...own])];
  const known = new Map(starter.tags.map((tag, i) => [tag, starter.tagCounts[i]!]));
  const counts = pictureCounts(tokens, words).map((count, i) => count + (known.get(words[i]!) ?? 0));
  const order = words
    .map((_, i) => i)
    .sort((a, b) => counts[b]! - counts[a]! || (words[a]! < words[b]! ? -1 : 1));
  return { tags: order.map((i) => words[i]!), tagCounts: order.map((i) => counts[i]!) };
}
