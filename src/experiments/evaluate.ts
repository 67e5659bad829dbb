import {
  type CaptionRanks,
  chanceRetrieval,
  chanceTags,
  chanceWordSearch,
  firstRanks,
  pictureOfCaption,
  type Reliability,
  type RetrievalMetrics,
  reliability,
  retrievalMetrics,
  type TagMetrics,
  type TagResults,
  tagMetrics,
  tagResults,
  type WordMetrics,
  type WordSearchMetrics,
  type WordSearchResults,
  wordMetrics,
  wordSearchMetrics,
  wordSearchResults,
} from '../evaluation/index.ts';
import { tagTruthOf } from '../learning/tag-words.ts';
import type { Engine } from '../linalg/engine.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import { embedPictures, embedTexts, type Model, pictureHubness, textHubness } from '../model/model.ts';
import { tagScorer } from '../model/tagging.ts';
import {
  type IndexRows,
  indexRow,
  innerProductScorer,
  TagIndex,
  taggedScorer,
  transposeIndexRows,
  wordRows,
} from '../retrieval/index.ts';
import { queryTagger, searchTags } from '../search/query-tags.ts';

/** Quality of both retrieval directions, of the tags, and of the search by single words, in per cent. */
export interface Quality {
  readonly imageToText: RetrievalMetrics;
  readonly textToImage: RetrievalMetrics;
  readonly imageToTag: TagMetrics;
  readonly tagToImage: WordSearchMetrics;
}

/** Quality on pictures that the model never saw, the level of chance on them, and the results behind both. */
export interface Evaluation extends Quality {
  readonly chance: Quality;
  /** How many pictures and captions were tested. */
  readonly tested: { readonly pictures: number; readonly captions: number };
  /** By word rather than by picture, each picture given its five best tags. */
  readonly wordMetrics: WordMetrics;
  /** How far the probabilities of the five best tags of each picture can be trusted; none where tags have no probability. */
  readonly calibration: Reliability | undefined;
  /** The same by how many training pictures hold the word, the most frequent words first; none without calibration. */
  readonly calibrationByFrequency: readonly FrequencyReliability[];
  readonly ranks: CaptionRanks;
  /** The picture of each tested caption. */
  readonly pictureOf: Uint32Array;
  readonly tags: TagResults;
  /** The right tags of each tested picture, as positions in the model's tags. */
  readonly truth: IndexRows;
  /** Results of single words as queries: the test set's categories, or the model's tags. */
  readonly wordSearch: WordSearchResults;
}

/** Reliability of the tags that at least `from` training pictures hold, and fewer than the entry before asks for. */
export interface FrequencyReliability {
  readonly from: number;
  readonly reliability: Reliability;
}

/** Pictures to test on, none of them seen in training. */
export interface TestSet {
  readonly features: Matrix32;
  /** The captions of each picture, at least one each. */
  readonly captions: readonly (readonly string[])[];
  /** What each picture shows, in place of its true tags as the truth for search by single words. */
  readonly categories?: readonly (readonly string[])[] | undefined;
}

/**
 * Tests a model as the literature does (Hodosh et al., JAIR 2013): every caption is one query against all pictures;
 * every picture is one query against all captions, of which its best-ranked own one counts; a picture's true tags are
 * the words in at least 2 of its captions, or in its only one; every category, or else every tag, is one query against
 * all pictures, of which those that have it are right.
 */
export async function evaluateModel(model: Model, test: TestSet, engine: Engine): Promise<Evaluation> {
  const { captions } = test;
  const pictures = await embedPictures(model, test.features, engine);
  const texts = await embedTexts(model, captions.flat(), engine);
  const pictureOf = Uint32Array.from(captions.flatMap((some, picture) => some.map(() => picture)));
  const hubness = await pictureHubness(model, pictures, engine);
  const own = pictureOfCaption(pictureOf);
  const captionsOf = transposeIndexRows(own, captions.length);
  const index = new TagIndex(await searchTags(model, pictures, engine));
  const tagsOf = queryTagger(model);
  const search = (queries: Matrix32, words: readonly string[]) =>
    taggedScorer(
      innerProductScorer(engine, queries, pictures, { correction: hubness }),
      index,
      words.map((text) => tagsOf([{ text, weight: 1 }])[0]!),
    );
  const correction = await textHubness(model, texts, engine);
  const ranks = {
    imageToText: await firstRanks(innerProductScorer(engine, pictures, texts, { correction }), captionsOf),
    textToImage: await firstRanks(search(texts, captions.flat()), own),
  };
  const truth = tagTruthOf(model, captions);
  const tags = await tagResults(await tagScorer(model, pictures, engine), truth);
  const { names, right } = wordQueries(model, test, truth);
  const wordSearch = await wordSearchResults(search(await embedTexts(model, names, engine), names), right);
  return {
    imageToText: retrievalMetrics(ranks.imageToText),
    textToImage: retrievalMetrics(ranks.textToImage),
    imageToTag: tagMetrics(tags),
    tagToImage: wordSearchMetrics(wordSearch),
    chance: {
      imageToText: chanceRetrieval(captionsOf, texts.rows),
      textToImage: chanceRetrieval(own, captions.length),
      imageToTag: chanceTags(truth, model.tags.length),
      tagToImage: chanceWordSearch(right, captions.length),
    },
    tested: { pictures: captions.length, captions: texts.rows },
    wordMetrics: wordMetrics(tags.given, truth, model.tags.length),
    calibration: model.bank === undefined ? undefined : tagReliability(tags, truth),
    calibrationByFrequency: reliabilityByFrequency(model, tags, truth),
    ranks,
    pictureOf,
    tags,
    truth,
    wordSearch,
  };
}

/** The words that are searched one by one, and the pictures that each is true of. */
function wordQueries({ tags }: Model, { categories }: TestSet, truth: IndexRows) {
  if (categories === undefined) return { names: tags, right: transposeIndexRows(truth, tags.length) };
  const names = [...new Set(categories.flat())].sort();
  return { names, right: transposeIndexRows(wordRows(categories, names), names.length) };
}

/**
 * Reliability of the five best tags of each picture.
 * @param isJudged the words that are judged; all when left out
 * @returns undefined where none of them was given
 */
function tagReliability(
  { given }: TagResults,
  truth: IndexRows,
  isJudged: (word: number) => boolean = () => true,
): Reliability | undefined {
  const scores: number[] = [];
  const outcomes: number[] = [];
  given.indices.forEach((word, i) => {
    if (!isJudged(word)) return;
    scores.push(given.scores[i]!);
    outcomes.push(indexRow(truth, Math.floor(i / given.count)).includes(word) ? 1 : 0);
  });
  return scores.length === 0 ? undefined : reliability(scores, outcomes);
}

function reliabilityByFrequency(
  { calibration, tagCounts }: Model,
  tags: TagResults,
  truth: IndexRows,
): FrequencyReliability[] {
  const minimums = calibration?.bands.map((band) => band.minimumFrequency) ?? [];
  return minimums.flatMap((from, i) => {
    const below = minimums[i - 1] ?? Number.POSITIVE_INFINITY;
    const isJudged = (word: number) => tagCounts[word]! >= from && tagCounts[word]! < below;
    const found = tagReliability(tags, truth, isJudged);
    return found === undefined ? [] : [{ from, reliability: found }];
  });
}
