import type { Engine } from '../linalg/engine.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import {
  calibratedScorer,
  captionVote,
  combinedScorer,
  innerProductScorer,
  regressionScorer,
  type Scorer,
  type TagLevel,
  tagLevel,
  topTags,
} from '../retrieval/index.ts';
import { embedPictures, embedTexts, type Model } from './model.ts';

/** A tag and how strongly it is meant. */
export interface Tag {
  readonly word: string;
  /** A probability where training captions vote; a cosine similarity where the nearest words are taken. */
  readonly score: number;
  /** How sure the tag is; only where the score is a calibrated probability. */
  readonly level?: TagLevel;
}

/**
 * Scores every tag of the model for every picture, by the method of the model's recipe.
 * @param pictures embeddings of pictures, n x k, as `embedPictures` gives them
 */
export async function tagScorer(model: Model, pictures: Matrix32, engine: Engine): Promise<Scorer> {
  const { tags } = model.recipe;
  if (tags.method === 'nearest' || model.bank === undefined)
    return innerProductScorer(engine, pictures, await embedTexts(model, model.tags, engine));
  const votes = captionVote(
    engine,
    pictures,
    { ...model.bank, vocabulary: model.tags.length },
    { temperature: tags.temperature },
  );
  const { direct } = model;
  const scores =
    direct === undefined
      ? votes
      : combinedScorer([votes, regressionScorer(engine, pictures, direct.regression)], direct.combination);
  return model.calibration === undefined
    ? scores
    : calibratedScorer(scores, model.calibration, model.tagCounts);
}

/**
 * The best tags of pictures, best first.
 * @param features of the pictures, n x dx
 * @param count how many tags a picture
 */
export async function tagFeatures(
  model: Model,
  features: Matrix32,
  count: number,
  engine: Engine,
): Promise<Tag[][]> {
  const scorer = await tagScorer(model, await embedPictures(model, features, engine), engine);
  return bestTags(model, scorer, model.tags, count);
}

/**
 * The best names of a scorer for each of its pictures, best first.
 * @param names of the scorer's items
 */
export async function bestTags(
  model: Model,
  scorer: Scorer,
  names: readonly string[],
  count: number,
): Promise<Tag[][]> {
  const best = topTags(await scorer.block(0, scorer.queries), count);
  return Array.from({ length: scorer.queries }, (_, i) =>
    Array.from(best.indices.subarray(i * best.count, (i + 1) * best.count), (id, j) => {
      const score = best.scores[i * best.count + j]!;
      return {
        word: names[id]!,
        score,
        ...(model.calibration !== undefined && { level: tagLevel(score) }),
      };
    }).filter((tag) => tag.score > 0),
  );
}
