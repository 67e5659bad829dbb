import type { Engine } from '../linalg/engine.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import {
  calibratedScorer,
  captionVote,
  combinedScorer,
  innerProductScorer,
  regressionScorer,
  type Scorer,
  topTags,
} from '../retrieval/index.ts';
import { embedPictures, embedTexts, type Model } from './model.ts';

/** A tag and how strongly it is meant. */
export interface Tag {
  readonly word: string;
  /** A probability where training captions vote; a cosine similarity where the nearest words are taken. */
  readonly score: number;
}

/**
 * Scores every tag of the model for every picture, by the method of the model's recipe.
 * @param pictures embeddings of pictures, n x k, as `embedPictures` gives them
 */
export async function tagScorer(model: Model, pictures: Matrix32, engine: Engine): Promise<Scorer> {
  const { tags } = model.recipe;
  if (tags.method === 'nearest' || model.bank === undefined)
    return innerProductScorer(engine, pictures, await embedTexts(model, model.tags, engine));
  const votes = captionVote(engine, pictures, { ...model.bank, vocabulary: model.tags.length }, tags);
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
  const best = topTags(await scorer.block(0, features.rows), count);
  return Array.from({ length: features.rows }, (_, i) =>
    Array.from(best.indices.subarray(i * best.count, (i + 1) * best.count), (id, j) => ({
      word: model.tags[id]!,
      score: best.scores[i * best.count + j]!,
    })).filter((tag) => tag.score > 0),
  );
}
