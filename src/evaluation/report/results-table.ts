import { type Html, html } from './html.ts';
import { decimal, range } from './numbers.ts';
import type { ReportEvaluation, ReportMeasures, ReportSystem } from './report-data.ts';

type Direction = keyof ReportMeasures<unknown>;

interface Column {
  readonly label: string;
  readonly direction: Direction;
  /** As it is called in the metrics. */
  readonly name: string;
}

/** Columns under one heading. */
export interface ColumnGroup {
  readonly label: string;
  readonly columns: readonly Column[];
}

/** All measures in the order in which tables show them. */
export const columnGroups: readonly ColumnGroup[] = [
  { label: 'Words → pictures', columns: retrievalColumns('textToImage') },
  { label: 'Pictures → words', columns: retrievalColumns('imageToText') },
  {
    label: 'Tags of pictures',
    columns: [
      { label: 'P@5', direction: 'imageToTag', name: 'precision@5' },
      { label: 'R@5', direction: 'imageToTag', name: 'recall@5' },
      { label: 'mAP', direction: 'imageToTag', name: 'map' },
    ],
  },
  {
    label: 'One word',
    columns: [
      { label: 'P@10', direction: 'tagToImage', name: 'precision@10' },
      { label: 'mAP', direction: 'tagToImage', name: 'map' },
    ],
  },
];

function retrievalColumns(direction: Direction): readonly Column[] {
  return [
    { label: 'R@1', direction, name: 'recall@1' },
    { label: 'R@5', direction, name: 'recall@5' },
    { label: 'R@10', direction, name: 'recall@10' },
    { label: 'Median', direction, name: 'medianRank' },
  ];
}

function measure(system: ReportSystem, { direction, name }: Column): number | undefined {
  return (system[direction] as Readonly<Record<string, number>> | undefined)?.[name];
}

function cell(system: ReportSystem, column: Column): Html {
  const interval = system.intervals?.[column.direction]?.[column.name];
  return html`${decimal(measure(system, column))}${interval && html`<small>${range(interval)}</small>`}`;
}

/** One evaluation as a table: a row a system, groups of columns for what was measured. */
export function resultsTable(evaluation: ReportEvaluation): Html {
  const shown = columnGroups.filter((group) =>
    evaluation.systems.some((system) =>
      group.columns.some((column) => measure(system, column) !== undefined),
    ),
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
        (column, i) => html`<td class="${i === 0 ? 'first' : ''}">${cell(system, column)}</td>`,
      ),
    )}</tr>`,
  )}
</tbody>
</table></div>`;
}
