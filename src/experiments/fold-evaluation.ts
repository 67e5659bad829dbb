import type { RetrievalMetrics, TagMetrics, WordSearchMetrics } from '../evaluation/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { selectRows } from '../linalg/matrix.ts';
import type { Model } from '../model/model.ts';
import { type Evaluation, evaluateModel, type Quality, type TestSet } from './evaluate.ts';

/** Quality averaged over sets of pictures that are searched one at a time. */
export interface FoldedQuality extends Quality {
  readonly chance: Quality;
  readonly folds: number;
  /** Pictures in each fold. */
  readonly pictures: number;
}

/**
 * Tests on consecutive folds of pictures, each of them a gallery of its own, and averages: the protocol of "1K" on
 * MS COCO (Karpathy and Fei-Fei, CVPR 2015), five folds of 1,000.
 * @param size pictures in a fold, at most those of the test set; what is left over is not tested
 * @param most folds are tested
 */
export async function evaluateFolds(
  model: Model,
  { features, captions, categories }: TestSet,
  size: number,
  most: number,
  engine: Engine,
): Promise<FoldedQuality> {
  const folds = Math.min(most, Math.floor(captions.length / size));
  const evaluations: Evaluation[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const rows = Array.from({ length: size }, (_, i) => fold * size + i);
    const test = {
      features: selectRows(features, rows),
      captions: rows.map((i) => captions[i]!),
      categories: categories && rows.map((i) => categories[i]!),
    };
    evaluations.push(await evaluateModel(model, test, engine));
  }
  return {
    ...meanQuality(evaluations),
    chance: meanQuality(evaluations.map(({ chance }) => chance)),
    folds,
    pictures: size,
  };
}

/** The mean of every number. */
function meanQuality(qualities: readonly Quality[]): Quality {
  const mean = <M extends RetrievalMetrics | TagMetrics | WordSearchMetrics>(
    pick: (quality: Quality) => M,
  ): M => {
    const all = qualities.map(pick);
    const keys = Object.keys(all[0]!) as (keyof M)[];
    const means = keys.map((key) => [key, all.reduce((sum, one) => sum + Number(one[key]), 0) / all.length]);
    return Object.fromEntries(means) as M;
  };
  return {
    imageToText: mean(({ imageToText }) => imageToText),
    textToImage: mean(({ textToImage }) => textToImage),
    imageToTag: mean(({ imageToTag }) => imageToTag),
    tagToImage: mean(({ tagToImage }) => tagToImage),
  };
}
