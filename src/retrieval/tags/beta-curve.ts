import { type Examples, logistic, logisticRegression } from './logistic-regression.ts';
import type { ProbabilityCurve } from './probability-curve.ts';

/** Weights of 1, log s and -log(1 - s). */
export type BetaWeights = readonly [number, number, number];

/** Scores of predictions that came true, and of those that did not. */
export interface JudgedScores {
  readonly right: Float32Array;
  readonly wrong: Float32Array;
}

/** Where probabilities stay what the scores are. */
export const UNCHANGED: BetaWeights = [0, 1, 1];

/** Where nothing is learned from scores, their order stays: log s keeps some weight. */
const LEAST = [Number.NEGATIVE_INFINITY, 0.05, 0];

/** Scores nearer to 0 or 1 than this are taken as if they were as far. */
const EDGE = 1e-4;

/** Scores below and above 0.5 at which the curve is drawn; lines between them are right to 0.001. */
const POINTS = [64, 32] as const;

/**
 * Beta calibration (Kull, Silva Filho and Flach, "Beta calibration", AISTATS 2017): how probable predictions of scores
 * s in 0..1 are, by
 *
 *     logit p = c + a log s - b log(1 - s),   a > 0, b >= 0,
 *
 * the logistic regression of what came true. Its three numbers are more certain than the many of a free curve
 * (see {@link fitProbabilityCurve}) and keep the order of scores.
 * @param prior the weights to stay near to where there are few predictions
 * @param ridge how strongly
 */
export function fitBetaWeights(scores: JudgedScores, prior: BetaWeights, ridge: number): BetaWeights {
  return Array.from(
    logisticRegression(examplesOf(scores), prior, { ridge, least: LEAST }),
  ) as unknown as BetaWeights;
}

/** The curve of the weights, from probability 0 at score 0. */
export function betaCurve(weights: BetaWeights): ProbabilityCurve {
  const [below, above] = POINTS;
  const low = Array.from({ length: below }, (_, i) => EDGE * (0.5 / EDGE) ** (i / below));
  const high = Array.from({ length: above }, (_, i) => 1 - 0.5 * (EDGE / 0.5) ** (i / (above - 1)));
  const scores = [...low, ...high];
  const inputs = new Float64Array(3);
  return {
    scores: [0, ...scores],
    probabilities: [
      0,
      ...scores.map((score) => {
        toInputs(score, inputs);
        return logistic(inputs, weights);
      }),
    ],
  };
}

function examplesOf({ right, wrong }: JudgedScores): Examples {
  const inputs = new Float64Array(3);
  return (visit) => {
    for (const [scores, outcome] of [[right, 1] as const, [wrong, 0] as const])
      for (let i = 0; i < scores.length; i++) {
        toInputs(scores[i]!, inputs);
        visit(inputs, outcome);
      }
  };
}

function toInputs(score: number, inputs: Float64Array): void {
  const bounded = Math.min(1 - EDGE, Math.max(EDGE, score));
  inputs[0] = 1;
  inputs[1] = Math.log(bounded);
  inputs[2] = -Math.log(1 - bounded);
}
