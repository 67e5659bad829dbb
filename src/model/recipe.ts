import { z } from 'zod';
import { CovistaError } from '../base/errors.ts';
import type { Normalization } from '../cca/index.ts';
import type { TextBlock } from '../text/index.ts';

/** How image2tag scores words. */
export type TagMethod =
  /** The article's: the vocabulary words whose own embeddings are nearest to the picture's. */
  { readonly method: 'nearest' } | VoteMethod;

/**
 * A softmax-weighted vote of all training captions, whose similarities are lowered by `correction` times how much of
 * a hub each is.
 */
interface VoteMethod {
  readonly method: 'vote';
  readonly temperature: number;
  readonly correction: number;
  /** Whether captions vote for the words that the captions of their picture agree on, too. */
  readonly agreed?: boolean | undefined;
  /** The ridge of a regression from embeddings to words that stands beside the vote; none when left out. */
  readonly regression?: number | undefined;
  /** How much the tags that a query names count when pictures are searched; nothing when left out. See `queryTagger`. */
  readonly search?: number | undefined;
}

/** Everything that is chosen between features and results; stored with each model. */
export interface Recipe {
  readonly name: string;
  /** What is done to every number of an image feature first: nothing, or a root of its size that keeps the sign. */
  readonly image: ImageScale;
  /** What is paired with a picture: all its captions joined into one text, or each caption in turn. */
  readonly unit: 'picture' | 'caption';
  /** The blocks of the text view. */
  readonly text: readonly TextBlock[];
  readonly terms: Terms;
  /** How blocks are brought to a common scale before CCA, for image and text blocks. */
  readonly normalize: { readonly image: Normalization; readonly text: Normalization };
  /** Added to the diagonal of each view's covariance, as a share of its mean diagonal: image, text. */
  readonly ridge: readonly [number, number];
  /** A factor for each block after normalisation: image, then the text blocks. All 1 when left out. */
  readonly blockWeights?: readonly number[] | undefined;
  /** Canonical dimensions kept, at most the rank. */
  readonly dimensions: number;
  /** Components are scaled by their canonical correlation to this power before cosine similarity. */
  readonly scaling: number;
  /**
   * Correction of hubs, pictures or captions that are near to queries of all kinds, from the training captions and
   * pictures: softmax temperature, and the weight of what is subtracted. None when left out.
   */
  readonly hubness?: { readonly temperature: number; readonly weight: number } | undefined;
  /** Steps of contrastive refinement after CCA, which take tens of seconds; none when left out. */
  readonly refine?: { readonly steps: number } | undefined;
  /** Further models that differ in what they take from words and pictures; their embeddings are joined to those of the first. */
  readonly joined?: readonly { readonly terms: Terms; readonly image: ImageScale }[] | undefined;
  readonly tags: TagMethod;
}

/** See {@link Recipe.image}. */
type ImageScale = 'plain' | 'square-root' | 'cube-root';

/** What the block `words` of a text counts; see `TextEncoderOptions`. */
interface Terms {
  readonly stems: boolean;
  readonly pairs: boolean;
  readonly keepStopWords: boolean;
  readonly characters?: number | undefined;
}

/**
 * The baseline: the words of a picture's captions joined, word vectors averaged with TF-IDF weights, linear CCA,
 * cosine, tags by nearest word vectors (after Gong, Ke, Isard and Lazebnik, IJCV 2014). The tiny ridge only
 * conditions the covariances.
 */
const article: Recipe = {
  name: 'article',
  image: 'plain',
  unit: 'picture',
  text: ['vectors'],
  terms: { stems: false, pairs: false, keepStopWords: false },
  normalize: { image: 'none', text: 'none' },
  ridge: [1e-4, 1e-4],
  dimensions: 100,
  scaling: 0,
  tags: { method: 'nearest' },
};

/** The measured best of the closed-form recipes that cost seconds; docs/quality.md shows what each part brings. */
const standard: Recipe = {
  name: 'default',
  image: 'square-root',
  unit: 'caption',
  text: ['vectors', 'words'],
  terms: { stems: true, pairs: true, keepStopWords: false },
  normalize: { image: 'standardize', text: 'energy' },
  ridge: [1, 2],
  dimensions: 256,
  scaling: 1,
  hubness: { temperature: 0.07, weight: 1 },
  tags: { method: 'vote', temperature: 0.05, correction: 0.5, agreed: true, regression: 0.3, search: 0.4 },
};

/**
 * Whatever pays on held-out pictures: four models that differ in what they take from words and pictures, each refined,
 * joined.
 */
const best: Recipe = {
  ...standard,
  name: 'best',
  refine: { steps: 90 },
  joined: [
    { image: 'square-root', terms: { stems: true, pairs: true, keepStopWords: true } },
    { image: 'cube-root', terms: { stems: false, pairs: true, keepStopWords: false } },
    { image: 'square-root', terms: { stems: true, pairs: false, keepStopWords: false, characters: 4 } },
  ],
};

const image = z.enum(['plain', 'square-root', 'cube-root']);
const terms = z.object({
  stems: z.boolean(),
  pairs: z.boolean(),
  keepStopWords: z.boolean(),
  characters: z.number().int().nonnegative().optional(),
});
const normalization = z.enum(['none', 'energy', 'standardize']);

/** What a text view can be made of. */
export const TEXT_BLOCKS = ['vectors', 'words', 'sentence'] as const satisfies readonly TextBlock[];

/** A recipe as stored with a model. */
export const recipeSchema = z.object({
  name: z.string(),
  image,
  unit: z.enum(['picture', 'caption']),
  text: z.array(z.enum(TEXT_BLOCKS)),
  terms,
  normalize: z.object({ image: normalization, text: normalization }),
  ridge: z.tuple([z.number(), z.number()]),
  blockWeights: z.array(z.number().nonnegative()).optional(),
  dimensions: z.number().int().positive(),
  scaling: z.number(),
  hubness: z.object({ temperature: z.number().positive(), weight: z.number() }).optional(),
  refine: z.object({ steps: z.number().int().positive() }).optional(),
  joined: z.array(z.object({ terms, image })).optional(),
  tags: z.discriminatedUnion('method', [
    z.object({ method: z.literal('nearest') }),
    z.object({
      method: z.literal('vote'),
      temperature: z.number().positive(),
      correction: z.number().nonnegative(),
      agreed: z.boolean().optional(),
      regression: z.number().positive().optional(),
      search: z.number().nonnegative().optional(),
    }),
  ]),
});

/** All recipes by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = { article, default: standard, best };

/** The recipe of each member of a model, the first one's first. */
export function memberRecipes(recipe: Recipe): Recipe[] {
  const { joined = [], ...first } = recipe;
  return [first, ...joined.map((differs) => ({ ...first, ...differs }))];
}

/**
 * A recipe by its name.
 * @throws CovistaError `usage` naming the recipes there are
 */
export function recipeByName(name: string): Recipe {
  const recipe = RECIPES[name];
  if (recipe === undefined)
    throw new CovistaError('usage', `There is no recipe "${name}".`, {
      hint: `Choose one of: ${Object.keys(RECIPES).join(', ')}.`,
    });
  return recipe;
}

/**
 * The same recipe with a sentence encoder in its text view: in place of word vectors, since it says what they say, and
 * next to a bag of words where the recipe has one (after CSA, Li et al., ICLR 2025: CCA joins any two unimodal models).
 * @param blocks the text view wanted instead: `['sentence']` for the sentence encoder alone
 */
export function withSentences(recipe: Recipe, blocks?: readonly TextBlock[]): Recipe {
  const replaced = recipe.text.map((block) => (block === 'vectors' ? 'sentence' : block));
  return {
    ...recipe,
    text: blocks ?? [...new Set<TextBlock>([...replaced, 'sentence'])],
    blockWeights: undefined,
  };
}
