import {
  above,
  amount,
  anEngine,
  anObject,
  callback,
  checkOptions,
  listOf,
  type OptionRule,
  type OptionRules,
  required,
  whole,
  workRules,
} from '../../base/check-options.ts';
import type { WorkOptions } from '../../base/progress.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Rows } from '../../linalg/matrix.ts';
import type { JointSpace } from '../space/joint-space.ts';

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

const share: OptionRule = {
  what: 'two numbers from 0 to below 1',
  holds: (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((one) => typeof one === 'number' && one >= 0 && one < 1),
};

const rules: OptionRules<RefineOptions> = {
  scaling: amount(0),
  temperature: amount(0.01),
  batch: whole(2),
  captions: whole(1),
  steps: whole(0),
  learningRate: above(0),
  dropout: share,
  seed: whole(Number.MIN_SAFE_INTEGER),
  ...workRules,
  engine: required(anEngine),
  versions: listOf(listOf(anObject)),
  score: callback,
};

/**
 * Fills in what is left out.
 * @throws CovistaError `usage` for options that there are not, or out of range
 */
export function checkRefineSettings(settings: RefineOptions): Required<RefineSettings> {
  checkOptions('refine', settings, rules);
  const { scaling = 1, temperature = 0.07, batch = 1000, steps = 80, learningRate = 1e-3 } = settings;
  const { captions = 3, dropout = [0.5, 0.3], seed = 0 } = settings;
  return { scaling, temperature, batch, captions, steps, learningRate, dropout, seed };
}
