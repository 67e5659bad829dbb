import { CovistaError } from '../../base/errors.ts';
import { evenSelection } from '../../base/sampling.ts';
import type { JointSpace } from '../../cca/index.ts';
import { compactMoments, expandMoments } from '../../cca/moments/compact-moments.ts';
import { tagVocabulary } from '../../evaluation/index.ts';
import { HalfMatrix, type Tensor } from '../../linalg/index.ts';
import { joinRows, type Matrix32, selectRows } from '../../linalg/matrix.ts';
import { TensorFile } from '../../linalg/tensor-file.ts';
import type { Model } from '../../model/model.ts';
import type { Recipe } from '../../model/recipe.ts';
import { TextEncoder } from '../../text/index.ts';
import { learnTagScores } from '../fit-tags.ts';
import { type PairSource, pairMoments, solveRecipe } from '../pairs.ts';
import { pictureCounts } from '../tag-words.ts';
import { captionGroups } from '../train.ts';
import type { TrainOptions } from '../train-options.ts';
import { type Starter, starterBanks } from './starter.ts';
import { compactSpace, expandSpace } from './starter-space.ts';

/** How large a starter may become. */
export interface StarterSize {
  /** Columns of the bag of words; the most frequent terms are kept. */
  readonly terms: number;
  /** Canonical dimensions that are stored. */
  readonly dimensions: number;
  /** Training pictures whose features are stored, as the bank that tells hubs. */
  readonly pictures: number;
}

/** What fits in 25 MB with the 1,952 features of the default encoder; placed captions are 0.5 kB each on top. */
export const STARTER_SIZE: StarterSize = { terms: 2000, dimensions: 256, pictures: 1000 };

/** Every so many-th picture calibrates the tags of a model that was learned from the others. */
const CALIBRATE_EVERY = 10;

/** In how many training pictures a word must occur to be given as a tag. */
const MINIMUM_PICTURES = 5;

/**
 * Learns a starter: as `train` does, but with the most frequent terms only, and everything from moments as they will
 * be stored, so that what is searched with and what is merged later agree.
 */
export async function trainStarter(
  pairs: PairSource,
  recipe: Recipe,
  options: TrainOptions & { readonly name: string; readonly size?: StarterSize },
): Promise<Starter> {
  const { wordVectors, language, name, size = STARTER_SIZE } = options;
  if (recipe.text.includes('sentence'))
    throw new CovistaError('usage', 'A starter cannot hold a sentence encoder.', {
      hint: 'It keeps the words of its captions only: make it without --text-encoder.',
    });
  const pictures = pairs.captions.length;
  const all = TextEncoder.fit(pairs.captions, {
    language,
    wordVectors,
    blocks: recipe.text,
    minimumCount: 2,
    ...recipe.terms,
  }).toJSON();
  const text = TextEncoder.fromJSON(
    {
      ...all,
      terms: all.terms.slice(0, size.terms),
      termFrequencies: all.termFrequencies.slice(0, size.terms),
    },
    { wordVectors },
  );
  const groups = captionGroups(pairs.captions);
  const isHeld = (position: number) => groups[position]! % CALIBRATE_EVERY === 0;
  const { kept, held, heldFeatures } = await pairMoments(pairs, recipe, text, isHeld, options);
  const total = kept.merge(held);
  const compact = compactMoments(total);
  const moments = expandMoments(new TensorFile(compact), total.count, total.sizes.length);
  const tokens = pairs.captions.map((some) => some.map((caption) => text.words(caption)));
  const tags = tagVocabulary(tokens, { minimumPictures: MINIMUM_PICTURES });
  const stored = { ...byCaptionsOnly(recipe), dimensions: Math.min(recipe.dimensions, size.dimensions) };
  const model: Model = {
    recipe: stored,
    encoder: pairs.encoder,
    text,
    joined: [],
    vectors: options.vectors ?? 'default',
    sentences: undefined,
    space: roundedSpace(await solveRecipe(moments, stored, pairs.encoder, options), compact),
    tags,
    tagCounts: pictureCounts(tokens, tags),
    calibration: undefined,
    bank: undefined,
    queries: undefined,
    trained: { pictures, captions: tokens.flat().length },
  };
  const withoutHeld = { ...model, space: await solveRecipe(kept, stored, pairs.encoder, options) };
  const { calibration } = await learnTagScores(withoutHeld, pairs, isHeld, heldFeatures!, options);
  const starter = {
    name,
    model: { ...model, calibration },
    moments,
    captions: tokens.flatMap((some) => some.map((words) => words.join(' '))),
    pictures: HalfMatrix.of(await evenPictures(pairs, size.pictures)),
  };
  return { ...starter, banks: await starterBanks(starter, options) };
}

/** The space as it will be stored. */
function roundedSpace(space: JointSpace, moments: Map<string, Tensor>): JointSpace {
  const file = new TensorFile(new Map([...moments, ...compactSpace(space, moments)]));
  return expandSpace(
    file,
    space.views.map(({ blocks }) => blocks),
    space.count,
  );
}

/** A starter keeps neither which captions belong together nor a regression: its captions vote for their own words. */
function byCaptionsOnly(recipe: Recipe): Recipe {
  const { tags } = recipe;
  if (tags.method !== 'vote') return recipe;
  return { ...recipe, tags: { ...tags, agreed: undefined, regression: undefined } };
}

async function evenPictures(pairs: PairSource, most: number): Promise<Matrix32> {
  const isTaken = evenSelection(pairs.captions.length, most);
  const parts: Matrix32[] = [];
  let first = 0;
  for await (const batch of pairs.features()) {
    const rows = Array.from({ length: batch.rows }, (_, i) => i).filter((i) => isTaken(first + i));
    parts.push(selectRows(batch, rows));
    first += batch.rows;
  }
  return joinRows(parts);
}
