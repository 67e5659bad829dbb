import { checkOptions, whole } from '../../base/check-options.ts';
import { CovistaError } from '../../base/errors.ts';

/** Predictions whose probabilities lie in one range. */
export interface ReliabilityBin {
  readonly from: number;
  /** Without this value itself, but for the last bin. */
  readonly to: number;
  readonly count: number;
  /** Mean predicted probability; NaN in an empty bin. */
  readonly probability: number;
  /** Share of predictions that came true; NaN in an empty bin. */
  readonly frequency: number;
}

/** How far predicted probabilities can be trusted. */
export interface Reliability {
  /** Mean distance of probability and frequency, weighted by the bins' counts, 0..1. */
  readonly expectedCalibrationError: number;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * Reliability and expected calibration error over bins of equal width (Naeini et al., AAAI 2015; Guo et al., ICML 2017).
 * @param probabilities predictions, 0..1
 * @param outcomes of each prediction, 1 when it came true and 0 when not
 * @param options `bins`: how many, 15 by default
 * @throws CovistaError `no-data` without predictions, `bad-values` when lengths differ,
 *   a probability lies outside 0..1 or an outcome is not 0 or 1, `usage` for other numbers of bins
 */
export function reliability(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  options: { readonly bins?: number } = {},
): Reliability {
  checkOptions('reliability', options, { bins: whole(1, 1_000_000) });
  const { bins: binCount = 15 } = options;
  if (probabilities.length !== outcomes.length)
    throw new CovistaError(
      'bad-values',
      `${probabilities.length} probabilities came with ${outcomes.length} outcomes.`,
    );
  if (probabilities.length === 0) throw new CovistaError('no-data', 'There are no predictions to judge.');
  const counts = new Uint32Array(binCount);
  const predicted = new Float64Array(binCount);
  const happened = new Float64Array(binCount);
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!;
    if (!(probability >= 0 && probability <= 1))
      throw new CovistaError('bad-values', `Prediction ${i} is ${probability}, not a probability in 0..1.`);
    if (outcomes[i] !== 0 && outcomes[i] !== 1)
      throw new CovistaError('bad-values', `Outcome ${i} is ${outcomes[i]}, neither 0 nor 1.`);
    const bin = Math.min(binCount - 1, Math.floor(probability * binCount));
    counts[bin]! += 1;
    predicted[bin]! += probability;
    happened[bin]! += outcomes[i]!;
  }
  let error = 0;
  const bins = Array.from(counts, (count, bin) => {
    error += Math.abs(predicted[bin]! - happened[bin]!);
    return {
      from: bin / binCount,
      to: (bin + 1) / binCount,
      count,
      probability: predicted[bin]! / count,
      frequency: happened[bin]! / count,
    };
  });
  return { expectedCalibrationError: error / probabilities.length, bins };
}
