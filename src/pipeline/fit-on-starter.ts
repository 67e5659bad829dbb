import type { Moments } from '../cca/index.ts';
import { captionRanks } from '../evaluation/index.ts';
import type { Library } from '../library/index.ts';
import { fitLibrary, libraryPairs } from './fit-library.ts';
import { extendTextEncoder, weightedMoments } from './merge-starter.ts';
import { embedPictures, embedTexts, type Model } from './model.ts';
import { saveModel } from './model-file.ts';
import { type PairSource, pairMoments, solveRecipe } from './pairs.ts';
import type { Recipe } from './recipe.ts';
import { type Starter, starterMismatch, starterModel } from './starter.ts';
import { fitTextEncoder } from './text-view.ts';
import { train } from './train.ts';
import { trainOnStarter } from './train-on-starter.ts';
import type { TrainOptions } from './train-options.ts';

/** What a model was learned from: `starter`, `merged` or `own` pairs. */
export interface StarterChoice {
  readonly from: 'starter' | 'merged' | 'own';
  /** How often each pair of the starter counts, when merged. */
  readonly weight: number;
  /** One line that says why. */
  readonly reason: string;
}

/** A model, and what was chosen to learn it from. */
export interface ModelOnStarter {
  readonly model: Model;
  readonly choice: StarterChoice;
}

/** With fewer captioned pictures nothing can be chosen on them: they are added to the starter as they are. */
const CHOOSE_FROM = 10;

/** With so many captioned pictures the own pairs stand alone, and fitting takes no time for a choice. */
const OWN_ENOUGH = 3000;

/** How often a pair of the starter may count beside an own pair. */
const WEIGHTS = [1, 0.1, 0.01];

/** Own pairs are parted into so many, each of which is tested on once. */
const FOLDS = 2;

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
  const choice = await chooseWeight(pairs, recipe, starter, options);
  if (choice.from === 'starter') return { choice, model: await starterModel(starter, options) };
  if (choice.from === 'own') return { choice, model: await train(pairs, recipe, options) };
  return { choice, model: await trainOnStarter(pairs, recipe, starter, choice.weight, options) };
}

/**
 * Learns a library's model on top of a starter and stores it.
 * @param starter left out: from the library's own pairs alone
 * @throws CovistaError `no-data` for a library without pictures, or without words when no starter can be used
 */
export async function fitLibraryOnStarter(
  library: Library,
  recipe: Recipe,
  starter: Starter | undefined,
  options: TrainOptions,
): Promise<ModelOnStarter> {
  const mismatch =
    starter === undefined
      ? 'no starter was asked for'
      : starterMismatch(starter, library.encoder, recipe, options.vectors);
  if (starter === undefined || mismatch !== undefined || (await library.count()) === 0)
    return {
      model: await fitLibrary(library, recipe, options),
      choice: { from: 'own', weight: 0, reason: `Learned from own pictures only: ${mismatch}.` },
    };
  const fitted = await fitOnStarter(await libraryPairs(library), recipe, starter, options);
  await saveModel(library.modelFile, fitted.model);
  return fitted;
}

/** What is tried, and how well it ranks: for each held-out query the logarithm of the rank of what belongs to it. */
interface Candidate extends Omit<StarterChoice, 'reason'> {
  readonly ranks: Float64Array;
}

/** Cross-validates all candidates, from the starter alone to the own pairs alone, and takes the best. */
async function chooseWeight(
  pairs: PairSource,
  recipe: Recipe,
  starter: Starter,
  options: TrainOptions,
): Promise<StarterChoice> {
  const pictures = pairs.captions.length;
  if (pictures === 0)
    return { from: 'starter', weight: 1, reason: 'Starter only: no picture of the library has words.' };
  if (pictures < CHOOSE_FROM)
    return {
      from: 'merged',
      weight: 1,
      reason: `Starter and ${pictures} own pictures, which are too few to choose a weight on.`,
    };
  if (pictures >= OWN_ENOUGH)
    return { from: 'own', weight: 0, reason: `Own pictures only: ${pictures} of them need no starter.` };
  const score = await heldOutRanks(pairs, recipe, starter, options);
  const tried: Candidate[] = [{ from: 'starter', weight: 1, ranks: await score('starter', 1) }];
  for (const weight of WEIGHTS) tried.push({ from: 'merged', weight, ranks: await score('merged', weight) });
  tried.push({ from: 'own', weight: 0, ranks: await score('own', 0) });
  const best = tried.reduce((one, other) => (mean(other.ranks) < mean(one.ranks) ? other : one));
  return { from: best.from, weight: best.weight, reason: reasonFor(best, tried, pictures) };
}

function reasonFor(best: Candidate, tried: readonly Candidate[], pictures: number): string {
  const rank = ({ ranks }: Candidate) => Math.exp(mean(ranks)).toFixed(1);
  const name = ({ from, weight }: Candidate) =>
    from === 'merged' ? `starter x ${weight} and own` : `${from} only`;
  const said = name(best);
  const others = tried.map((one) => `${name(one)} ${rank(one)}`).join(', ');
  return `${said[0]!.toUpperCase()}${said.slice(1)}: best by the mean rank on ${pictures} own pictures held out in turn (${others}).`;
}

/** Makes the function that tests a candidate on each part of the own pairs, learned without it. */
async function heldOutRanks(pairs: PairSource, recipe: Recipe, starter: Starter, options: TrainOptions) {
  const { engine, onProgress } = options;
  const own = await fitTextEncoder(pairs, recipe, options);
  const union = extendTextEncoder(starter.model.text, own);
  const quiet = { ...options, onProgress: undefined };
  /** Learns without a fold. */
  const learned = async (from: StarterChoice['from'], weight: number, moments: Moments): Promise<Model> => {
    if (from === 'starter') return starter.model;
    const total = from === 'own' ? moments : weightedMoments(starter, weight, moments.sizes).merge(moments);
    const space = await solveRecipe(total, recipe, pairs.encoder, quiet);
    return { ...starter.model, recipe, text: from === 'own' ? own : union, space };
  };
  return async (from: StarterChoice['from'], weight: number): Promise<Float64Array> => {
    const logarithms: number[] = [];
    for (let fold = 0; fold < FOLDS; fold++) {
      const tried = from === 'merged' ? weight : `${from} only`;
      onProgress?.({ stage: `choose the weight of the starter (${tried})`, done: fold, total: FOLDS });
      const isHeld = (position: number) => position % FOLDS === fold;
      const text = from === 'own' ? own : union;
      const { kept, heldFeatures } = await pairMoments(pairs, recipe, text, isHeld, quiet);
      const model = await learned(from, weight, kept);
      const captions = pairs.captions.filter((_, i) => isHeld(i));
      const pictures = await embedPictures(model, heldFeatures!, engine);
      const texts = await embedTexts(model, captions.flat(), engine);
      const pictureOf = Uint32Array.from(captions.flatMap((some, picture) => some.map(() => picture)));
      const { imageToText, textToImage } = await captionRanks(engine, pictures, texts, pictureOf);
      for (const rank of [...imageToText, ...textToImage]) logarithms.push(Math.log(rank));
    }
    return Float64Array.from(logarithms);
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
