/** Calls `visit` with the inputs of each example, which may be one array used again, and what came true: 0..1. */
export type Examples = (visit: (inputs: Float64Array, outcome: number) => void) => void;

const LARGEST_STEPS = 25;

/**
 * Logistic regression, logit p = Σ_j w_j x_j, by Newton's method: the weights of the largest likelihood of the examples
 * less r Σ_j (w_j - v_j)² / 2, which keeps weights near to where they start as far as the examples say little.
 * @param examples visited several times; an intercept is an input that is always 1
 * @param start v, the weights to start at and to stay near to
 * @param options `ridge`: r, above 0; `least`: bounds of the weights, -Infinity for none
 */
export function logisticRegression(
  examples: Examples,
  start: ArrayLike<number>,
  options: { readonly ridge: number; readonly least: ArrayLike<number> },
): Float64Array {
  const { ridge, least } = options;
  const bounded = Float64Array.from(start, (value, j) => Math.max(value, least[j]!));
  const fixed = new Set<number>();
  for (;;) {
    const weights = unbounded(examples, bounded, ridge, fixed);
    // A weight below its bound is set there, and the others are found again.
    const below = weights.findIndex((weight, j) => weight < least[j]! && !fixed.has(j));
    if (below < 0) return weights;
    bounded[below] = least[below]!;
    fixed.add(below);
  }
}

/** @param fixed weights that stay at their start */
function unbounded(examples: Examples, start: Float64Array, ridge: number, fixed: ReadonlySet<number>) {
  let weights = start;
  let current = derivatives(examples, weights, start, ridge);
  for (let step = 0; step < LARGEST_STEPS; step++) {
    hold(fixed, current);
    const change = solve(current.curvature, current.gradient);
    // A whole step overshoots where the likelihood is far from a parabola.
    let share = 1;
    let tried = weights;
    let next = current;
    do {
      tried = weights.map((weight, j) => weight + share * change[j]!);
      next = derivatives(examples, tried, start, ridge);
      share /= 2;
    } while (!(next.likelihood >= current.likelihood) && share > 1e-3);
    if (!(next.likelihood >= current.likelihood)) break;
    weights = tried;
    current = next;
    if (change.every((value) => Math.abs(value) < 1e-5)) break;
  }
  return weights;
}

/** 1 / (1 + exp(-Σ_j w_j x_j)) */
export function logistic(inputs: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) sum += weights[j]! * inputs[j]!;
  return 1 / (1 + Math.exp(-sum));
}

/** Makes the next change of some weights 0. */
function hold(fixed: ReadonlySet<number>, { gradient, curvature }: ReturnType<typeof derivatives>): void {
  const size = gradient.length;
  for (const j of fixed) {
    gradient[j] = 0;
    for (let i = 0; i < size; i++) {
      curvature[i * size + j] = i === j ? 1 : 0;
      curvature[j * size + i] = i === j ? 1 : 0;
    }
  }
}

/** The penalised log-likelihood, its gradient, and the lower triangle of its negative second derivatives. */
function derivatives(examples: Examples, weights: Float64Array, start: Float64Array, ridge: number) {
  const size = weights.length;
  const gradient = new Float64Array(size);
  const curvature = new Float64Array(size * size);
  let likelihood = 0;
  for (let j = 0; j < size; j++) {
    const away = weights[j]! - start[j]!;
    curvature[j * (size + 1)] = ridge;
    gradient[j] = -ridge * away;
    likelihood -= (ridge * away * away) / 2;
  }
  examples((inputs, outcome) => {
    const expected = logistic(inputs, weights);
    if (outcome > 0) likelihood += outcome * Math.log(Math.max(Number.MIN_VALUE, expected));
    if (outcome < 1) likelihood += (1 - outcome) * Math.log(Math.max(Number.MIN_VALUE, 1 - expected));
    const spread = expected * (1 - expected);
    for (let i = 0; i < size; i++) {
      gradient[i]! += (outcome - expected) * inputs[i]!;
      for (let j = 0; j <= i; j++) curvature[i * size + j]! += spread * inputs[i]! * inputs[j]!;
    }
  });
  return { likelihood, gradient, curvature };
}

/** x with A x = b for a positive definite A of a few rows, given by its lower triangle, by its Cholesky factor. */
function solve(a: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  const lower = a.slice();
  const x = b.slice();
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
    for (let k = 0; k < i; k++) x[i]! -= lower[i * size + k]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i]! -= lower[k * size + i]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  return x;
}
