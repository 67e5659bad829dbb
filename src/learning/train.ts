import { CovistaError } from '../base/errors.ts';
import { twinNumbers } from '../base/sampling.ts';
import type { JointSpace, Moments } from '../cca/index.ts';
import { tagVocabulary } from '../evaluation/index.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import type { Member, Model } from '../model/model.ts';
import { memberRecipes, type Recipe } from '../model/recipe.ts';
import { withTrustedHubness } from './banks.ts';
import { learnRegression, learnTagScores, withBanks } from './fit-tags.ts';
import { type PairSource, pairMoments, pairRows, solveRecipe, solveRows } from './pairs.ts';
import { refineSpace } from './refine-space.ts';
import { minimumPictures, pictureCounts } from './tag-words.ts';
import { fitTextEncoder } from './text-view.ts';
import type { TrainOptions } from './train-options.ts';

/** Fewer pictures than this say too little of how probable tags are, and are few enough to be learned from at once. */
const CALIBRATE_FROM = 500;

/** Every so many-th picture calibrates the tags of a model that was learned from the others. */
const CALIBRATE_EVERY = 10;

/**
 * Learns the joint space of pictures and words: text encoder, moments in one pass over the features, CCA in
 * closed form, the bank of training captions that votes for tags and the regression beside it, whose scores are
 * combined and calibrated to probabilities on a tenth of the pictures and a model of the others.
 * @throws CovistaError `no-data` without any pair
 */
export async function train(pairs: PairSource, asked: Recipe, options: TrainOptions): Promise<Model> {
  const pictures = pairs.captions.length;
  const recipe = withTrustedHubness(asked, pictures);
  if (pictures === 0)
    throw new CovistaError('no-data', 'There is nothing to learn from: no picture has words.', {
      hint: 'Name a captions file when indexing, or put a .txt file with words beside each picture.',
    });
  const calibrated = recipe.tags.method === 'vote' && pictures >= CALIBRATE_FROM;
  const groups = captionGroups(pairs.captions);
  const isHeld = (position: number) => calibrated && groups[position]! % CALIBRATE_EVERY === 0;
  const members: Learned[] = [];
  for (const [seed, own] of memberRecipes(recipe).entries())
    members.push(await learn(pairs, own, isHeld, calibrated, seed, options));
  const [first, ...others] = members;
  const { text } = first!.final;
  const tokens = pairs.captions.map((some) => some.map((caption) => text.words(caption)));
  const tags = tagVocabulary(tokens, { minimumPictures: minimumPictures(pictures) });
  const model: Model = {
    recipe,
    encoder: pairs.encoder,
    vectors: options.vectors ?? 'default',
    sentences: first!.final.text.sentences && (options.sentencesName ?? options.sentences!.id),
    ...first!.final,
    joined: others.map(({ final }) => final),
    tags,
    tagCounts: pictureCounts(tokens, tags),
    calibration: undefined,
    bank: undefined,
    queries: undefined,
    trained: { pictures, captions: pairs.captions.reduce((sum, some) => sum + some.length, 0) },
  };
  const complete = await withBanks(model, pairs, () => true, options);
  if (!calibrated) return complete;
  const withoutHeld = { ...model, ...first!.partial!, joined: others.map(({ partial }) => partial!) };
  const { direct, calibration } = await learnTagScores(
    withoutHeld,
    pairs,
    isHeld,
    first!.heldFeatures!,
    options,
  );
  if (direct === undefined) return { ...complete, calibration };
  const regression = (await learnRegression(complete, pairs, () => true, options))!;
  return { ...complete, direct: { ...direct, regression }, calibration };
}

/**
 * The number of each picture's set of captions. Pictures of the same captions are held out together: were a twin
 * learned from, tags would seem surer than they are.
 */
export function captionGroups(captions: readonly (readonly string[])[]): Uint32Array {
  return twinNumbers(captions.map((some) => some.join('\n')));
}

/** One member of a model, and the same learned without the pictures that were held out. */
interface Learned {
  readonly final: Member;
  readonly partial: Member | undefined;
  readonly heldFeatures: Matrix32 | undefined;
}

/** Learns one member of a model: text encoder, moments, CCA, refinement. */
export async function learn(
  pairs: PairSource,
  recipe: Recipe,
  isHeld: (position: number) => boolean,
  calibrated: boolean,
  seed: number,
  options: TrainOptions,
): Promise<Learned> {
  const text = await fitTextEncoder(pairs, recipe, options);
  const refined = (solved: JointSpace, isUsed: (position: number) => boolean) =>
    recipe.refine === undefined
      ? solved
      : refineSpace(solved, pairs, isUsed, recipe, text, { ...options, seed });
  if (!calibrated && pairs.captions.length < CALIBRATE_FROM) {
    const solved = await solveRows(
      await pairRows(pairs, recipe, text, options),
      recipe,
      pairs.encoder,
      options,
    );
    const space = await refined(solved, () => true);
    return { final: { text, space }, partial: undefined, heldFeatures: undefined };
  }
  const { kept, held, heldFeatures } = await pairMoments(pairs, recipe, text, isHeld, options);
  const space = async (moments: Moments, isUsed: (position: number) => boolean) => {
    options.onProgress?.({ stage: 'solve', done: 0 });
    return refined(await solveRecipe(moments, recipe, pairs.encoder, options), isUsed);
  };
  return {
    final: { text, space: await space(calibrated ? kept.merge(held) : kept, () => true) },
    partial: calibrated ? { text, space: await space(kept, (i) => !isHeld(i)) } : undefined,
    heldFeatures,
  };
}
