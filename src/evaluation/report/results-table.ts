import { type Html, html } from './html.ts';
import { decimal } from './numbers.ts';
import type { ReportEvaluation, ReportSystem } from './report-data.ts';

interface Column {
  readonly label: string;
  readonly value: (system: ReportSystem) => number | undefined;
}

interface ColumnGroup {
  readonly label: string;
  readonly columns: readonly Column[];
}

const groups: readonly ColumnGroup[] = [
  { label: 'Words → pictures', columns: retrievalColumns((system) => system.textToImage) },
  { label: 'Pictures → words', columns: retrievalColumns((system) => system.imageToText) },
  {
    label: 'Tags of pictures',
    columns: [
      { label: 'P@5', value: (system) => system.imageToTag?.['precision@5'] },
      { label: 'R@5', value: (system) => system.imageToTag?.['recall@5'] },
      { label: 'mAP', value: (system) => system.imageToTag?.map },
    ],
  },
];

function retrievalColumns(metrics: (system: ReportSystem) => ReportSystem['textToImage']): readonly Column[] {
  return [
    { label: 'R@1', value: (system) => metrics(system)?.['recall@1'] },
    { label: 'R@5', value: (system) => metrics(system)?.['recall@5'] },
    { label: 'R@10', value: (system) => metrics(system)?.['recall@10'] },
    { label: 'Median rank', value: (system) => metrics(system)?.medianRank },
  ];
}

/** One evaluation as a table: a row a system, groups of columns for what was measured. */
export function resultsTable(evaluation: ReportEvaluation): Html {
  const shown = groups.filter((group) =>
    evaluation.systems.some((system) => group.columns.some((column) => column.value(system) !== undefined)),
  );
  return html`<div class="scroll" role="region" aria-label="${evaluation.name}" tabindex="0"><table class="results">
<caption><strong>${evaluation.name}.</strong> ${evaluation.description}</caption>
<thead>
<tr><td></td>${shown.map(
    (group) => html`<th scope="colgroup" colspan="${group.columns.length}"><span>${group.label}</span></th>`,
  )}</tr>
<tr><th scope="col">Recipe</th>${shown.flatMap((group) =>
    group.columns.map(
      (column, i) => html`<th scope="col" class="${i === 0 ? 'first' : ''}">${column.label}</th>`,
    ),
  )}</tr>
</thead>
<tbody>${evaluation.systems.map(
    (system) => html`
<tr class="${system.role ?? 'baseline'}"><th scope="row">${system.name}</th>${shown.flatMap((group) =>
      group.columns.map(
        (column, i) => html`<td class="${i === 0 ? 'first' : ''}">${decimal(column.value(system))}</td>`,
      ),
    )}</tr>`,
  )}
</tbody>
</table></div>`;
}
