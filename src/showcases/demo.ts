import type { WorkOptions } from '../base/progress.ts';
import { type EmojiSet, loadEmoji } from '../datasets/index.ts';
import type { ImageEncoder } from '../encoders/image/image-encoder.ts';
import { type Experiment, type ExperimentResult, runExperiment } from '../experiments/experiment.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, selectRows } from '../linalg/matrix.ts';
import { RECIPES, type Recipe } from '../model/recipe.ts';
import { type Tag, tagFeatures } from '../model/tagging.ts';
import { pictureIndex, placePictures, search } from '../search/search.ts';
import type { WordVectors } from '../text/index.ts';
import { emojiExperiments, emojiFeatures } from './emoji-experiment.ts';

/** What the demo needs. */
export interface DemoOptions extends WorkOptions {
  readonly engine: Engine;
  /** Opens the image encoder; its weights are fetched at first use. */
  readonly encoder: () => Promise<ImageEncoder>;
  /** Opens the word vectors; they are fetched at first use. */
  readonly wordVectors: () => Promise<WordVectors>;
  /** Of the words, as `emojibase-data` has them: `en`, `de`, `zh` and others. */
  readonly language: string;
  readonly seed: number;
}

/** One of the two evaluations: the default recipe beside the article's. */
export interface DemoEvaluation {
  readonly name: string;
  readonly description: string;
  readonly experiment: Experiment;
  readonly ours: ExperimentResult;
  readonly article: ExperimentResult | undefined;
}

/** A query in words and the pictures that it found; positions in `emoji.pictures`. */
interface DemoQuery {
  readonly words: string;
  readonly results: readonly {
    readonly picture: number;
    readonly score: number;
    /** True where the concept's words hold all words of the query; unknown otherwise, as the words are not complete. */
    readonly right: true | undefined;
  }[];
}

/** A picture of the test set, and its tags. */
interface DemoTagging {
  readonly picture: number;
  readonly tags: readonly (Tag & { readonly right: boolean })[];
}

/** Everything that the demo found out. */
export interface DemoResult {
  readonly emoji: EmojiSet;
  readonly encoder: Experiment['encoder'];
  readonly evaluations: readonly DemoEvaluation[];
  readonly queries: readonly DemoQuery[];
  readonly taggings: readonly DemoTagging[];
  readonly timings: readonly { readonly step: string; readonly seconds: number }[];
}

/** Live queries in English; in other languages the names of some concepts take their place. */
const QUERIES = [
  'smiling face with sunglasses',
  'red heart',
  'fast food',
  'musical instrument',
  'winter sport',
  'wild animal',
  'fruit',
  'a person riding a bicycle',
];

/** Pictures shown with their tags. */
const TAGGED = 12;

/** Results shown for a query. */
const RESULTS = 6;

/**
 * The main job on real pictures: fetches the emoji set, the default encoder and word vectors, encodes, learns, and
 * tests on an artist and on concepts that were never seen.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { engine, language, seed } = options;
  const timings: { step: string; seconds: number }[] = [];
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    timings.push({ step, seconds: (performance.now() - started) / 1000 });
    return result;
  };
  const emoji = await timed('fetch and read the emoji set', () => loadEmoji({ ...options, language }));
  const encoder = await timed('open the image encoder', options.encoder);
  const features = await timed(`encode ${emoji.pictures.length} pictures`, () =>
    emojiFeatures(emoji, encoder, options),
  ).finally(() => encoder.close());
  // Pretrained vectors are of English words: other languages stand on the bag of words alone.
  const wordVectors =
    language === 'en' ? await timed('open the word vectors', options.wordVectors) : undefined;
  const described = { id: encoder.id, size: encoder.size, blocks: encoder.blocks };
  const { unseenArtist, unseenConcepts } = emojiExperiments(emoji, features, described, seed);
  const evaluate = async (name: string, description: string, experiment: Experiment) => {
    const run = (recipe: Recipe) =>
      timed(`${name}: ${recipe.name} recipe`, () =>
        runExperiment(experiment, recipe, { ...options, wordVectors }),
      );
    const ours = await run(wordVectors === undefined ? withoutVectors(RECIPES.default!) : RECIPES.default!);
    const article = wordVectors === undefined ? undefined : await run(RECIPES.article!);
    return { name, description, experiment, ours, article };
  };
  const artist = await evaluate(
    'Unseen artist',
    `Learned from three artists, tested on the ${unseenArtist.test.length} drawings of a fourth (Fluent Emoji).`,
    unseenArtist,
  );
  const concepts = await evaluate(
    'Unseen concepts',
    `Learned from four fifths of the concepts, tested on the fourth artist's drawings of the ${unseenConcepts.test.length} others.`,
    unseenConcepts,
  );
  return {
    emoji,
    encoder: described,
    evaluations: [artist, concepts],
    queries: await liveQueries(emoji, features, artist, language, engine),
    taggings: await taggings(emoji, features, concepts, engine),
    timings,
  };
}

/** The same recipe on the bag of words alone. */
function withoutVectors(recipe: Recipe): Recipe {
  return { ...recipe, text: ['words'] };
}

/** Searches the unseen artist's drawings. */
async function liveQueries(
  emoji: EmojiSet,
  features: Matrix32,
  { experiment, ours }: DemoEvaluation,
  language: string,
  engine: Engine,
): Promise<DemoQuery[]> {
  const { model } = ours;
  const test = experiment.test;
  const queries = language === 'en' ? QUERIES : someNames(emoji);
  const placed = { paths: test.map(String), vectors: selectRows(features, test) };
  const index = pictureIndex(await placePictures(model, placed, engine), engine);
  const wordsOf = (picture: number) =>
    new Set(model.text.words(emoji.concepts[emoji.pictures[picture]!.concept]!.words.join(', ')));
  const found: DemoQuery[] = [];
  for (const words of queries) {
    const hits = await search(index, model, { words }, RESULTS, engine);
    const results = hits.map(({ path, score }) => {
      const held = wordsOf(Number(path));
      const right = model.text.words(words).every((word) => held.has(word)) || undefined;
      return { picture: Number(path), score, right };
    });
    found.push({ words, results });
  }
  return found;
}

function someNames(emoji: EmojiSet): string[] {
  const step = Math.floor(emoji.concepts.length / QUERIES.length);
  return QUERIES.map((_, i) => emoji.concepts[i * step + Math.floor(step / 2)]!.words[0]!);
}

/** Tags of an even selection of pictures whose concepts were never shown. */
async function taggings(
  emoji: EmojiSet,
  features: Matrix32,
  { experiment, ours }: DemoEvaluation,
  engine: Engine,
): Promise<DemoTagging[]> {
  const step = experiment.test.length / TAGGED;
  const chosen = Array.from({ length: TAGGED }, (_, i) => experiment.test[Math.floor(i * step)]!);
  const tags = await tagFeatures(ours.model, selectRows(features, chosen), 6, engine);
  return chosen.map((picture, i) => {
    const words = emoji.concepts[emoji.pictures[picture]!.concept]!.words.join(', ');
    const right = new Set(ours.model.text.words(words));
    return { picture, tags: tags[i]!.map((tag) => ({ ...tag, right: right.has(tag.word) })) };
  });
}
