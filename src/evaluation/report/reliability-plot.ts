import { type Html, html } from './html.ts';
import type { ReportReliability } from './report-data.ts';

const width = 720;
const gap = 22;
const left = 34;
const top = 22;
const bottom = 40;

/**
 * Figure 4: of tags that were given with a probability, how many were right; one panel a group of words, as an inline
 * SVG that takes its colours from the page. Dots on the diagonal are honest probabilities; their area grows with how many
 * tags they stand for.
 * @param groups one to five
 */
export function reliabilityPlot(groups: readonly ReportReliability[]): Html {
  const side = (width - left - gap * (groups.length - 1)) / Math.max(3, groups.length);
  const height = top + side + bottom;
  return html`<figure id="figure-4">
<svg class="plot" viewBox="0 0 ${width} ${height.toFixed(1)}" role="img" aria-labelledby="reliability-title reliability-description">
<title id="reliability-title">Reliability of the probabilities of tags</title>
<desc id="reliability-description">${groups
    .map(
      ({ name, reliability }) =>
        `${name}: expected calibration error ${reliability.expectedCalibrationError.toFixed(3)}.`,
    )
    .join(' ')}</desc>
${groups.map((group, i) => panel(group, left + i * (side + gap), side, i === 0))}</svg>
<figcaption><strong>Figure 4.</strong> Of the five best tags of each test picture: their probability, across, and the share
that was right, upwards; of all words, and by how many training pictures hold a word. Dots on the diagonal can be trusted;
larger dots stand for more tags. Under each panel the expected calibration error.</figcaption>
</figure>`;
}

function panel(
  { name, reliability }: ReportReliability,
  start: number,
  side: number,
  isFirst: boolean,
): Html {
  const x = (value: number) => (start + value * side).toFixed(1);
  const y = (value: number) => (top + (1 - value) * side).toFixed(1);
  const filled = reliability.bins.filter(({ count }) => count > 0);
  const most = Math.max(...filled.map(({ count }) => count));
  return html`<text x="${x(0)}" y="14">${name}</text>
${[0, 0.5, 1].map(
  (
    value,
  ) => html`<line class="${value === 0 ? 'axis' : 'grid'}" x1="${x(0)}" x2="${x(1)}" y1="${y(value)}" y2="${y(value)}"/>
<text x="${x(value)}" y="${(top + side + 15).toFixed(1)}" text-anchor="middle">${value}</text>
${isFirst ? html`<text x="${left - 8}" y="${(Number(y(value)) + 4).toFixed(1)}" text-anchor="end">${value}</text>\n` : undefined}`,
)}<line class="axis" stroke-dasharray="2 4" x1="${x(0)}" x2="${x(1)}" y1="${y(0)}" y2="${y(1)}"/>
${filled.map(
  ({ probability, frequency, count }) =>
    html`<circle class="dot" cx="${x(probability)}" cy="${y(frequency)}" r="${(2 + 4 * Math.sqrt(count / most)).toFixed(1)}"/>\n`,
)}<text x="${x(0.5)}" y="${(top + side + 34).toFixed(1)}" text-anchor="middle">${reliability.expectedCalibrationError.toFixed(3)}</text>
`;
}
