/** One decimal, or a dash for what is unknown. */
export function decimal(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(1);
}

/** A probability of 0..1 in whole per cent. */
export function percent(probability: number): string {
  return `${Math.round(100 * probability)} %`;
}

/** A duration in the unit that suits it. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** From the low to the high end of an interval; a line may break before the high end only. */
export function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${signedDecimal(low)}\u00a0to ${signedDecimal(high)}`.replaceAll('+', '');
}

/** One decimal with its sign; a true minus, as wide as the plus. */
export function signedDecimal(value: number): string {
  return `${value < 0 ? '\u2212' : '+'}${Math.abs(value).toFixed(1)}`;
}
