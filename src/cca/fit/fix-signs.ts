import type { Matrix64 } from '../../linalg/matrix.ts';

/**
 * Gives each component the sign that makes its weight of largest magnitude in the first view positive (the first
 * of equal ones; the next view decides for a component that is zero in this one). In place.
 */
export function fixSigns(weights: readonly Matrix64[]): void {
  const k = weights[0]?.columns ?? 0;
  for (let c = 0; c < k; c++) {
    const decisive = weights.map((view) => largest(view, c)).find((value) => value !== 0);
    if (decisive === undefined || decisive > 0) continue;
    // 0 stays 0, and does not become -0.
    for (const { data, rows } of weights)
      for (let i = 0; i < rows; i++) data[i * k + c] = 0 - data[i * k + c]!;
  }
}

/** The element of largest magnitude in a column. */
function largest(m: Matrix64, column: number): number {
  let value = 0;
  for (let i = 0; i < m.rows; i++) {
    const candidate = m.data[i * m.columns + column]!;
    if (Math.abs(candidate) > Math.abs(value)) value = candidate;
  }
  return value;
}
