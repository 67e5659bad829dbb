import {
  above,
  amount,
  anEngine,
  anObject,
  callback,
  checkOptions,
  either,
  listOf,
  type OptionRules,
  oneOf,
  required,
  whole,
  workRules,
} from '../../base/check-options.ts';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { OnProgress } from '../../base/progress.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32, Rows } from '../../linalg/matrix.ts';
import { type FitOptions, fitRules, planViews } from '../fit/fit-options.ts';
import type { Moments } from '../moments/moments.ts';
import { project } from '../space/project.ts';
import {
  SIMILARITY_FORMS,
  type Similarity,
  type SimilarityForm,
  similarityEmbeddings,
} from '../space/similarity-form.ts';
import { type Axis, coordinateSearch } from './coordinate-search.ts';
import { type FoldSolver, foldSolver } from './fold-solver.ts';

/** What {@link select} chooses. */
export interface SpaceParameters {
  /** See {@link FitOptions.ridge}: of view 0 and view 1. */
  readonly ridge: readonly [number, number];
  /** See {@link FitOptions.blockWeights}. */
  readonly blockWeights: readonly number[];
  /** Canonical dimensions kept. */
  readonly dimensions: number;
  readonly similarity: Similarity;
}

/** Pairs that are held out together: learned without, and scored on. */
export interface SelectionFold {
  /** Of all pairs of the fold, which are subtracted from the total. */
  readonly moments: Moments;
  /**
   * For view 0 and view 1 the features, block by block, of the items whose embeddings the score takes: those of the
   * fold, all or some, and any others that it needs.
   */
  readonly items: readonly [readonly Rows[], readonly Rows[]];
}

/** Options of {@link select}. */
export interface SelectOptions extends Pick<FitOptions, 'normalize' | 'parts'> {
  readonly engine: Engine;
  /** Which blocks make up view 0 and view 1. */
  readonly views: readonly [readonly number[], readonly number[]];
  readonly start: SpaceParameters;
  /**
   * Scores embeddings of a fold's items of view 0 and view 1, whose inner products are similarities; higher
   * is better, and above 0.
   */
  readonly score: (embeddings: readonly [Matrix32, Matrix32], fold: number) => Promise<number>;
  /** Forms of similarity to try beside that of `start`, each first with the power it was published with. */
  readonly forms?: readonly SimilarityForm[] | undefined;
  /** At most; one and a half times the dimensions of `start` when left out. */
  readonly largestDimensions?: number | undefined;
  /** No new candidate is begun after so many seconds. */
  readonly seconds?: number | undefined;
  /** So many candidates are tried at most. With this limit alone equal inputs give equal results. */
  readonly candidates?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** One candidate of {@link select}. */
export interface SelectionTrial {
  readonly parameters: SpaceParameters;
  /** On each fold; the later ones are missing when the first was clearly worse than the best candidate's. */
  readonly scores: readonly number[];
  /** What it took. */
  readonly seconds: number;
}

/** What {@link select} found. */
export interface Selection {
  readonly parameters: SpaceParameters;
  /** Mean over the folds; being the best of many it is slightly too good an estimate for new data. */
  readonly score: number;
  /** Of the parameters to start from. */
  readonly startScore: number;
  /** All candidates in the order in which they were tried, `start` first. */
  readonly curve: readonly SelectionTrial[];
  /** Whether the search came to its end, rather than to a limit. */
  readonly finished: boolean;
}

/** Powers that the forms were published with. */
const publishedPowers: Readonly<Record<SimilarityForm, number>> = {
  cosine: 1,
  gong: 4,
  csa: 1,
  euclidean: 0,
};

/** A candidate that is worse by more than this share on the first fold is not tried on the others. */
const tolerance = 0.002;

/**
 * Chooses ridges, block weights, dimensions and similarity by cross-validation from moments: each fold's moments are
 * subtracted from the total, so a candidate costs a solution of CCA, never a pass over the data; dimensions and power
 * cost only a scoring. The search is a {@link coordinateSearch} from `start`, in logarithms of ridges, weights and
 * dimensions; candidates race, see {@link SelectionTrial.scores}.
 * @param total moments of all pairs, in the folds or not
 * @throws CovistaError `usage` for settings that do not fit, `no-data` without folds, `aborted`
 */
export async function select(
  total: Moments,
  folds: readonly SelectionFold[],
  options: SelectOptions,
): Promise<Selection> {
  const { seconds = Number.POSITIVE_INFINITY, candidates = Number.POSITIVE_INFINITY, onProgress } = options;
  const { start, signal } = options;
  check(total, folds, options);
  const began = performance.now();
  const variates = itemVariates(total, folds, options);
  const curve: SelectionTrial[] = [];
  let best: SelectionTrial | undefined;

  /** @returns the mean gain over the best candidate on the folds tried */
  const tryParameters = async (parameters: SpaceParameters): Promise<number | undefined> => {
    throwIfAborted(signal);
    const started = performance.now();
    if (curve.length >= candidates || (best && started - began >= 1000 * seconds)) return undefined;
    onProgress?.({
      stage: best ? `choose parameters (best ${mean(best.scores).toPrecision(4)})` : 'choose parameters',
      done: curve.length,
      unit: 'candidates',
      ...(Number.isFinite(candidates) ? { total: candidates } : {}),
    });
    const scores: number[] = [];
    for (const fold of folds.keys()) {
      const { views, correlations } = await variates(fold, parameters, best?.parameters);
      const kept = correlations.subarray(0, parameters.dimensions);
      const embed = (view: 0 | 1) =>
        similarityEmbeddings(views[view], kept, parameters.similarity, view === 0 ? 'query' : 'gallery');
      scores.push(await options.score([embed(0), embed(1)], fold));
      throwIfAborted(signal);
      if (best && fold === 0 && scores[0]! < best.scores[0]! * (1 - tolerance)) break;
    }
    const trial = { parameters, scores, seconds: (performance.now() - started) / 1000 };
    curve.push(trial);
    const gain = best ? mean(scores) - mean(best.scores.slice(0, scores.length)) : 0;
    if (!best || (gain > 0 && scores.length === folds.length)) best = trial;
    return gain;
  };

  await tryParameters(start);
  for (const form of options.forms ?? [])
    if (form !== start.similarity.form)
      await tryParameters({ ...best!.parameters, similarity: { form, power: publishedPowers[form] } });
  const space = searchSpace(best!.parameters, options);
  const finished = await coordinateSearch(space.start, space.axes, (point) =>
    tryParameters(space.parameters(point)),
  );
  return {
    parameters: best!.parameters,
    score: mean(best!.scores),
    startScore: mean(curve[0]!.scores),
    curve,
    finished,
  };
}

const rules: OptionRules<SelectOptions> = {
  engine: required(anEngine),
  views: required(fitRules.views),
  normalize: fitRules.normalize,
  parts: fitRules.parts,
  start: required(anObject),
  score: required(callback),
  forms: listOf(oneOf(SIMILARITY_FORMS)),
  largestDimensions: whole(1),
  seconds: either(amount(0), oneOf([Number.POSITIVE_INFINITY])),
  candidates: either(whole(1), oneOf([Number.POSITIVE_INFINITY])),
  ...workRules,
};

function check(total: Moments, folds: readonly SelectionFold[], options: SelectOptions): void {
  checkOptions('select', options, rules);
  const { start, engine, views, normalize, parts } = options;
  checkOptions('select, start', start, {
    ridge: required(listOf(above(0))),
    blockWeights: required(fitRules.blockWeights),
    dimensions: required(fitRules.dimensions),
    similarity: required(anObject),
  });
  checkOptions('select, similarity of the start', start.similarity, {
    form: required(oneOf(SIMILARITY_FORMS)),
    power: required(amount(0)),
  });
  const { ridge, blockWeights, dimensions } = start;
  planViews(total.sizes, (block) => total.variances(block), {
    ...{ engine, views, normalize, parts, ridge, blockWeights, dimensions },
  });
  if (options.views.length !== 2 || !start.ridge.every((ridge) => ridge > 0))
    throw new CovistaError('usage', `Selection needs two views with ridges above 0, got [${start.ridge}].`);
  if (folds.length === 0)
    throw new CovistaError('no-data', 'Selection needs a fold of held-out pairs.', {
      hint: 'Use more pairs to learn from.',
    });
}

/** The canonical variates of a fold's items. */
interface ItemVariates {
  readonly correlations: Float64Array;
  readonly views: readonly [Matrix32, Matrix32];
}

/**
 * Solves for a fold and projects its items. What the best candidate and the latest one need is kept, so that
 * other dimensions and powers cost no solution.
 */
function itemVariates(total: Moments, folds: readonly SelectionFold[], options: SelectOptions) {
  const { engine } = options;
  const dimensions = largestDimensions(options);
  const solvers: FoldSolver[] = [];
  const kept: Map<string, ItemVariates>[] = folds.map(() => new Map());
  return async (fold: number, parameters: SpaceParameters, best = parameters): Promise<ItemVariates> => {
    const key = solutionKey(parameters);
    const known = kept[fold]!;
    for (const other of known.keys()) if (other !== key && other !== solutionKey(best)) known.delete(other);
    let variates = known.get(key);
    if (!variates) {
      const { moments, items } = folds[fold]!;
      solvers[fold] ??= foldSolver(total.subtract(moments), options);
      const space = await solvers[fold]({ ...parameters, dimensions });
      variates = {
        correlations: space.correlations,
        views: [await project(space, 0, items[0], { engine }), await project(space, 1, items[1], { engine })],
      };
      known.set(key, variates);
    }
    return variates;
  };
}

/** Candidates of equal keys differ only in what is done with the solution. */
function solutionKey({ ridge, blockWeights }: SpaceParameters): string {
  return `${ridge}/${blockWeights}`;
}

/** The axes of the search, and what their points mean. */
function searchSpace(best: SpaceParameters, options: SelectOptions) {
  const largest = largestDimensions(options);
  const ridge: Axis = { lowest: -14, highest: 8, step: 1, smallestStep: 0.25 };
  const weight: Axis = { lowest: -6, highest: 6, step: 1, smallestStep: 0.25 };
  // The first block of a view keeps its weight: only their proportion has an effect.
  const weighted = options.views
    .flatMap((blocks) => blocks.slice(1))
    .filter((b) => best.blockWeights[b]! > 0);
  return {
    start: [
      ...best.ridge.map(Math.log2),
      ...weighted.map((block) => Math.log2(best.blockWeights[block]!)),
      Math.log2(best.dimensions),
      best.similarity.power,
    ],
    axes: [
      ridge,
      ridge,
      ...weighted.map(() => weight),
      { lowest: 0, highest: Math.log2(largest), step: 0.5, smallestStep: 0.25 },
      { lowest: 0, highest: 16, step: best.similarity.form === 'gong' ? 1 : 0.25, smallestStep: 0.125 },
    ],
    parameters: (point: readonly number[]): SpaceParameters => {
      const blockWeights = [...best.blockWeights];
      weighted.forEach((block, i) => {
        blockWeights[block] = 2 ** point[2 + i]!;
      });
      return {
        ridge: [2 ** point[0]!, 2 ** point[1]!],
        blockWeights,
        dimensions: Math.round(2 ** point.at(-2)!),
        similarity: { form: best.similarity.form, power: point.at(-1)! },
      };
    },
  };
}

function largestDimensions({ largestDimensions, start }: SelectOptions): number {
  return largestDimensions ?? Math.ceil(1.5 * start.dimensions);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
