import { throwIfAborted } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { evenly } from '../base/sampling.ts';
import type { Engine } from '../linalg/engine.ts';
import { type Matrix32, type SparseRows, selectRows } from '../linalg/matrix.ts';
import { type DirectTags, embeddingSize, embedPictures, type Model } from '../model/model.ts';
import { tagScorer } from '../model/tagging.ts';
import {
  captionVote,
  fitTagCalibration,
  fitTagCombination,
  type IndexRows,
  regressionScorer,
  type WordRegression,
  WordSums,
} from '../retrieval/index.ts';
import { captionBank, queryBank } from './banks.ts';
import { acceptedCaptions, type PairSource } from './pairs.ts';
import { tagTruthOf } from './tag-words.ts';

type Options = WorkOptions & { readonly engine: Engine };

/** The weights of two kinds of scores are certain enough after so many held-out pictures. */
const COMBINE_ON = 2000;

/** The model with the captions that vote for its tags and the queries that tell its hubs. */
export async function withBanks(
  model: Model,
  pairs: PairSource,
  isUsed: (position: number) => boolean,
  options: Options,
): Promise<Model> {
  const { recipe } = model;
  const grouped = pairs.captions.filter((_, i) => isUsed(i));
  const captions = grouped.flat();
  const queries =
    recipe.hubness === undefined
      ? undefined
      : await queryBank(model, pairs.features(), pairs.captions.length, captions, options.engine);
  const complete = { ...model, queries };
  if (recipe.tags.method !== 'vote') return complete;
  const accepted = acceptedCaptions(pairs, isUsed);
  return { ...complete, bank: await captionBank(complete, captions, { ...options, grouped, accepted }) };
}

/**
 * How much direct scores count beside the vote, and how probable tags are, learned from the held-out pictures.
 * @param model learned from the other pictures, without banks yet
 * @param heldFeatures of the held-out pictures, in their order
 * @returns neither where no held-out picture has a right tag
 */
export async function learnTagScores(
  model: Model,
  pairs: PairSource,
  isHeld: (position: number) => boolean,
  heldFeatures: Matrix32,
  options: Options,
): Promise<Pick<Model, 'direct' | 'calibration'>> {
  const { engine } = options;
  const quiet = { ...options, onProgress: undefined };
  const captions = pairs.captions.filter((_, i) => isHeld(i));
  const truth = tagTruthOf(model, captions);
  if (truth.indices.length === 0) return { calibration: undefined };
  const complete = await withBanks(model, pairs, (i) => !isHeld(i), quiet);
  const pictures = await embedPictures(complete, heldFeatures, engine);
  const regression = await learnRegression(complete, pairs, (i) => !isHeld(i), quiet);
  const direct = regression && (await combined(complete, regression, pictures, captions, engine));
  const scorer = await tagScorer({ ...complete, direct }, pictures, engine);
  return { direct, calibration: await fitTagCalibration(scorer, truth, model.tagCounts) };
}

/**
 * The regression from the embeddings of pictures to their right tags, in one pass over the features.
 * @returns undefined when the recipe asks for none
 */
export async function learnRegression(
  model: Model,
  pairs: PairSource,
  isUsed: (position: number) => boolean,
  { engine, signal, onProgress }: Options,
): Promise<WordRegression | undefined> {
  const { tags } = model.recipe;
  if (tags.method !== 'vote' || tags.regression === undefined) return undefined;
  const sums = new WordSums(embeddingSize(model), model.tags.length);
  const total = pairs.captions.length;
  let first = 0;
  for await (const features of pairs.features()) {
    throwIfAborted(signal);
    onProgress?.({ stage: 'learn tags', done: first, total, unit: 'pictures' });
    const start = first;
    first += features.rows;
    const rows = Array.from({ length: features.rows }, (_, i) => i).filter((i) => isUsed(start + i));
    if (rows.length === 0) continue;
    const right = tagTruthOf(
      model,
      rows.map((i) => pairs.captions[start + i]!),
    );
    const embedded = await embedPictures(model, selectRows(features, rows), engine);
    await sums.add(engine, embedded, ones(right, model.tags.length));
  }
  onProgress?.({ stage: 'learn tags', done: total, total, unit: 'pictures' });
  return sums.solve(engine, { ridge: tags.regression });
}

/** The regression with its weight beside the vote, learned on an even selection of the held-out pictures. */
async function combined(
  model: Model,
  regression: WordRegression,
  pictures: Matrix32,
  captions: readonly (readonly string[])[],
  engine: Engine,
): Promise<DirectTags> {
  const rows = evenly(
    Array.from({ length: pictures.rows }, (_, i) => i),
    COMBINE_ON,
  );
  const some = selectRows(pictures, rows);
  const truth = tagTruthOf(
    model,
    rows.map((i) => captions[i]!),
  );
  const { tags } = model.recipe;
  const voters = { ...model.bank!, vocabulary: model.tags.length };
  const votes = captionVote(
    engine,
    some,
    voters,
    tags.method === 'vote' ? { temperature: tags.temperature } : {},
  );
  const scorers = [votes, regressionScorer(engine, some, regression)];
  return { regression, combination: await fitTagCombination(scorers, truth) };
}

function ones({ offsets, indices }: IndexRows, columns: number): SparseRows {
  const values = new Float32Array(indices.length).fill(1);
  return { rows: offsets.length - 1, columns, offsets, indices, values };
}
