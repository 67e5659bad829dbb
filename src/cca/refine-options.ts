import { CovistaError } from '../errors.ts';
import type { Engine } from '../linalg/engine.ts';
import type { Rows } from '../linalg/matrix.ts';
import type { WorkOptions } from '../progress.ts';
import type { JointSpace } from './joint-space.ts';

/** How {@link refine} learns. */
export interface RefineSettings {
  /** The power of the canonical correlations that scales the components of the start; 1 when left out. */
  readonly scaling?: number;
  /** Of the softmax over cosines, from 0.01 on; 0.07 when left out. */
  readonly temperature?: number;
  /** Pictures a step; 1000 when left out, all of them where there are fewer. */
  readonly batch?: number;
  /** Captions of each picture a step; 3 when left out, at most as many as there are. */
  readonly captions?: number;
  /** 80 when left out. */
  readonly steps?: number;
  /** About how far a weight moves in a step; 0.001 when left out. */
  readonly learningRate?: number;
  /** The probability, below 1, that a step leaves out a feature, for images and texts; 0.5 and 0.3 when left out. */
  readonly dropout?: readonly [number, number];
  /** Equal seeds give equal results with the same engine; 0 when left out. */
  readonly seed?: number;
}

/** Options of {@link refine}. */
export interface RefineOptions extends RefineSettings, WorkOptions {
  readonly engine: Engine;
  /**
   * The image features of the same pictures in other versions (mirrored, cropped), each as blocks of view 0. Every
   * step draws a version for all its pictures.
   */
  readonly versions?: readonly (readonly Rows[])[];
  /**
   * How good a space is, larger is better: {@link meanRecall} on pairs held out, say. The start and every tenth step
   * are scored, and the best of them is returned. Without it the last step is.
   */
  readonly score?: (space: JointSpace) => Promise<number> | number;
}

/**
 * Fills in what is left out.
 * @throws CovistaError `usage` for settings out of range
 */
export function checkRefineSettings(settings: RefineSettings): Required<RefineSettings> {
  const { scaling = 1, temperature = 0.07, batch = 1000, steps = 80, learningRate = 1e-3 } = settings;
  const { captions = 3, dropout = [0.5, 0.3], seed = 0 } = settings;
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new CovistaError('usage', `To refine, ${what}.`);
  };
  const finite = Number.isFinite;
  require(finite(scaling) && scaling >= 0, `scaling must be a number from 0 on, got ${scaling}`);
  require(finite(temperature) && temperature >= 0.01, `temperature must be from 0.01 on, got ${temperature}`);
  require(Number.isInteger(batch) && batch >= 2, `batch must be a whole number from 2 on, got ${batch}`);
  require(Number.isInteger(captions) &&
    captions >= 1, `captions must be a whole number from 1 on, got ${captions}`);
  require(Number.isInteger(steps) && steps >= 0, `steps must be a whole number from 0 on, got ${steps}`);
  require(finite(learningRate) && learningRate > 0, `learningRate must be above 0, got ${learningRate}`);
  require(dropout.length === 2 &&
    dropout.every(
      (share) => share >= 0 && share < 1,
    ), `dropout must be two numbers from 0 to below 1, got [${dropout}]`);
  return { scaling, temperature, batch, captions, steps, learningRate, dropout, seed };
}
