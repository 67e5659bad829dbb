import type { PairedTest } from '../metrics/resampling.ts';
import { type Html, html } from './html.ts';
import { range, signedDecimal } from './numbers.ts';
import type { ReportComparison } from './report-data.ts';
import { columnGroups } from './results-table.ts';

/** A paired comparison: by how many points one system is ahead of another, with the interval and p. */
export function comparisonTable({ name, baseline, tests }: ReportComparison): Html {
  const rows = columnGroups.flatMap((group) =>
    group.columns.flatMap((column) => {
      const test = tests[column.direction]?.[column.name];
      return test === undefined ? [] : [{ label: `${group.label}: ${column.label}`, test }];
    }),
  );
  return html`<div class="scroll" role="region" aria-label="${name} and ${baseline}" tabindex="0"><table class="results">
<caption><strong>${name} minus ${baseline}.</strong> Difference on the same pictures in points, with its 95 % interval; p of a
paired permutation test.</caption>
<thead><tr><th scope="col">Measure</th><th scope="col">Difference</th><th scope="col">95 % interval</th><th scope="col">p</th></tr></thead>
<tbody>${rows.map(
    ({ label, test }) => html`
<tr><th scope="row">${label}</th><td>${signedDecimal(test.difference.estimate)}</td><td>${range(test.difference)}</td><td>${probability(test)}</td></tr>`,
  )}
</tbody>
</table></div>`;
}

/** Resampling cannot tell smaller values than one in its number of resamples. */
function probability({ pValue }: PairedTest): string {
  return pValue < 0.001 ? '< 0.001' : pValue.toFixed(3);
}
