import { type Html, html } from './html.ts';

const width = 720;
const height = 250;
const left = 44;
const right = 12;
const top = 12;
const bottom = 40;

/**
 * Figure 3: the canonical correlations by dimension, as an inline SVG that takes its colours from the page.
 * @param correlations in descending order, 0..1
 */
export function correlationPlot(correlations: ArrayLike<number>): Html {
  const count = correlations.length;
  const x = (dimension: number) => left + ((dimension - 1) / Math.max(1, count - 1)) * (width - left - right);
  const y = (correlation: number) => top + (1 - correlation) * (height - top - bottom);
  const points = Array.from(
    correlations,
    (correlation, i) => `${x(i + 1).toFixed(1)},${y(Math.min(1, Math.max(0, correlation))).toFixed(1)}`,
  );
  const first = correlations[0]!.toFixed(3);
  const last = correlations[count - 1]!.toFixed(3);
  const base = `${(width - right).toFixed(1)},${y(0).toFixed(1)} ${left},${y(0).toFixed(1)}`;
  return html`<figure id="figure-3">
<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="plot-title plot-description">
<title id="plot-title">Canonical correlations</title>
<desc id="plot-description">They fall from ${first} in dimension 1 to ${last} in dimension ${count}.</desc>
${[0, 0.2, 0.4, 0.6, 0.8, 1].map(
  (
    value,
  ) => html`<line class="${value === 0 ? 'axis' : 'grid'}" x1="${left}" x2="${width - right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>
<text x="${left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toFixed(1)}</text>
`,
)}${dimensionTicks(count).map(
  (
    tick,
  ) => html`<line class="axis" x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="${y(0).toFixed(1)}" y2="${(y(0) + 5).toFixed(1)}"/>
<text x="${x(tick).toFixed(1)}" y="${(y(0) + 18).toFixed(1)}" text-anchor="middle">${tick}</text>
`,
)}<text x="${(left + width - right) / 2}" y="${height - 4}" text-anchor="middle">canonical dimension</text>
<polygon class="area" points="${points.join(' ')} ${base}"/>
<polyline class="line" points="${points.join(' ')}"/>
<circle class="dot" cx="${x(1).toFixed(1)}" cy="${y(correlations[0]!).toFixed(1)}" r="3"/>
<circle class="dot" cx="${x(count).toFixed(1)}" cy="${y(correlations[count - 1]!).toFixed(1)}" r="3"/>
</svg>
<figcaption><strong>Figure 3.</strong> Canonical correlations of the training pairs: how far the two views agree in
each of the ${count} dimensions, from ${first} in the first to ${last} in the last.</figcaption>
</figure>`;
}

/** Dimension 1, the last one, and round numbers between them that leave room for their labels. */
function dimensionTicks(count: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  const step = steps.find((candidate) => count / candidate <= 8) ?? 10_000;
  const ticks = [1];
  for (let tick = step; tick < count - step / 3; tick += step) if (tick > 1 + step / 3) ticks.push(tick);
  if (count > 1) ticks.push(count);
  return ticks;
}
