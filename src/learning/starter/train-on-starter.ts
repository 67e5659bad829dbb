import { throwIfAborted } from '../../base/errors.ts';
import type { Moments } from '../../cca/index.ts';
import { tagVocabulary } from '../../evaluation/index.ts';
import type { Matrix32, Rows } from '../../linalg/matrix.ts';
import { imageRows, type Model } from '../../model/model.ts';
import type { Recipe } from '../../model/recipe.ts';
import type { TextEncoder } from '../../text/index.ts';
import { captionBank, queryBank, withTrustedHubness } from '../banks.ts';
import { acceptedCaptions, type PairSource, paired } from '../pairs.ts';
import { minimumPictures, pictureCounts } from '../tag-words.ts';
import { learn } from '../train.ts';
import type { TrainOptions } from '../train-options.ts';
import { extendTextEncoder, inStarterColumns } from './merge-starter.ts';
import type { Starter } from './starter.ts';
import { type MergedSpan, type StarterSpan, starterSpan } from './starter-span.ts';

/** From so many captioned own pictures on they tell hubs too. */
const OWN_HUBS = 3000;

/** A starter that counts less than this is of another domain: its pictures do not tell hubs among the own ones. */
const LIKE_OWN = 0.1;

/** How a starter and own pairs are put together. */
export interface StarterMix {
  /** `merged`: one space of both. `joined`: that space beside one of own pairs alone; cosines are the mean of both. */
  readonly from: 'merged' | 'joined';
  /** Above 0; with 1 a pair of the starter counts like an own one. */
  readonly weight: number;
}

/**
 * Learns from a user's own pairs on top of a starter, in the span of the starter and of what the own pairs alone give.
 * @throws CovistaError `bad-values` when the features are not those of the starter's encoder
 */
export async function trainOnStarter(
  pairs: PairSource,
  asked: Recipe,
  starter: Starter,
  mix: StarterMix,
  options: TrainOptions,
): Promise<Model> {
  const model = await mergeWithStarter(pairs, asked, starter, mix, options);
  return withStarterBanks(model, pairs, starter, mix, options);
}

/**
 * What {@link trainOnStarter} gives before it has banks: see {@link withStarterBanks}.
 * @param span of the starter, by this recipe
 */
export async function mergeWithStarter(
  pairs: PairSource,
  asked: Recipe,
  starter: Starter,
  mix: StarterMix,
  options: TrainOptions,
  span: StarterSpan = starterSpan(starter, asked, options.engine),
): Promise<Model> {
  const { from, weight } = mix;
  const count = pairs.captions.length;
  const alike = isAlike(mix);
  const recipe = alike ? asked : withTrustedHubness(asked, count);
  const { final: own } = await learn(pairs, recipe, () => false, false, 0, options);
  const text = extendTextEncoder(starter.model.text, own.text);
  const merged = await span.with(inStarterColumns(own.space, own.text, text));
  const moments = await placedMoments(pairs, recipe, text, merged, options);
  const space = await merged.expand(await merged.learn(weight, moments));
  const tokens = pairs.captions.map((some) => some.map((caption) => text.words(caption)));
  return {
    ...starter.model,
    recipe:
      from === 'joined' ? { ...recipe, joined: [{ image: recipe.image, terms: recipe.terms }] } : recipe,
    text,
    space: { ...space, count: Math.round(space.count) },
    joined: from === 'joined' ? [own] : [],
    ...joinedTags(starter.model, tokens),
    trained: { pictures: count, captions: tokens.flat().length },
  };
}

/** Whether own pictures are so like the starter's that these tell hubs among them. */
function isAlike({ from, weight }: StarterMix): boolean {
  return from === 'merged' && weight >= LIKE_OWN;
}

/** Places the captions and pictures of a starter and of own pairs in the space of both. */
export async function withStarterBanks(
  model: Model,
  pairs: PairSource,
  starter: Starter,
  mix: StarterMix,
  options: TrainOptions,
): Promise<Model> {
  const { engine } = options;
  const { recipe } = model;
  const count = pairs.captions.length;
  const useOwn = !isAlike(mix) || count >= OWN_HUBS;
  const queries =
    recipe.hubness === undefined
      ? undefined
      : await queryBank(
          model,
          useOwn ? bothFeatures(starter, pairs) : [starter.pictures],
          starter.pictures.rows + (useOwn ? count : 0),
          useOwn ? [...starter.captions, ...pairs.captions.flat()] : starter.captions,
          engine,
        );
  const complete = { ...model, queries };
  if (recipe.tags.method !== 'vote') return complete;
  const captions = [...starter.captions, ...pairs.captions.flat()];
  const accepted = acceptedCaptions(pairs)?.map((i) => starter.captions.length + i);
  const bank = await captionBank(complete, captions, { ...options, accepted });
  // A vote is the exponential of similarity less correction over temperature: each of the starter's counts `weight` times.
  if (bank.correction.length === captions.length)
    for (let i = 0; i < starter.captions.length; i++)
      bank.correction[i]! -= recipe.tags.temperature * Math.log(mix.weight);
  return { ...complete, bank };
}

/** The moments of pairs in the coordinates of a span, in one pass over the features. */
async function placedMoments(
  pairs: PairSource,
  recipe: Recipe,
  text: TextEncoder,
  span: MergedSpan,
  { engine, signal, onProgress }: TrainOptions,
): Promise<Moments> {
  const moments = span.none();
  const total = pairs.captions.length;
  let first = 0;
  for await (const features of pairs.features()) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'merge with the starter', done: first, total, unit: 'pictures' });
    const captions = pairs.captions.slice(first, first + features.rows);
    const [image, ...texts] = await paired(imageRows(recipe, features), captions, recipe, text);
    const rows = 'of' in image! ? image : { rows: image!, of: undefined };
    const placed = await span.place(0, [rows.rows]);
    const placedTexts = await span.place(1, texts as Rows[]);
    await moments.add([rows.of ? { rows: placed, of: rows.of } : placed, placedTexts], { engine, signal });
    first += features.rows;
  }
  onProgress?.({ stage: 'merge with the starter', done: total, total, unit: 'pictures' });
  return moments;
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
