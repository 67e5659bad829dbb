import type { Interval, PairedTest } from '../evaluation/index.ts';
import type { ComparedResult, Direction, Measures } from '../pipeline/index.ts';
import { table } from './terminal.ts';

const PARTS: readonly { title: string; direction: Direction; names: Readonly<Record<string, string>> }[] = [
  {
    title: 'text to image',
    direction: 'textToImage',
    names: { 'recall@1': 'R@1', 'recall@5': 'R@5', 'recall@10': 'R@10', medianRank: 'median rank' },
  },
  {
    title: 'image to text',
    direction: 'imageToText',
    names: { 'recall@1': 'R@1', 'recall@5': 'R@5', 'recall@10': 'R@10', medianRank: 'median rank' },
  },
  {
    title: 'image to tag',
    direction: 'imageToTag',
    names: { 'precision@5': 'P@5', 'recall@5': 'R@5', map: 'mAP' },
  },
  { title: 'tag to image', direction: 'tagToImage', names: { 'precision@10': 'P@10', map: 'mAP' } },
];

/** One row a recipe, each number with its interval; then by how much each recipe is ahead of the first. */
export function comparisonTables(results: readonly ComparedResult[]): string {
  return [
    ...tables('', results, ({ intervals }) => measured(intervals, withInterval)),
    ...tables(
      `, minus ${results[0]!.name}`,
      results.filter(({ tests }) => tests !== undefined),
      ({ tests }) => measured(tests!, withProbability),
    ),
  ].join('\n\n');
}

type Cells = (direction: Direction, name: string) => string | undefined;

const measured =
  <T>(measures: Measures<T>, show: (value: T) => string): Cells =>
  (direction, name) => {
    const value = measures[direction][name];
    return value === undefined ? undefined : show(value);
  };

function tables(
  suffix: string,
  results: readonly ComparedResult[],
  cellsOf: (result: ComparedResult) => Cells,
): string[] {
  if (results.length === 0) return [];
  return PARTS.flatMap(({ title, direction, names }) => {
    const cells = results.map(cellsOf);
    const shown = Object.keys(names).filter((name) =>
      cells.some((cell) => cell(direction, name) !== undefined),
    );
    if (shown.length === 0) return [];
    return table(
      [title + suffix, ...shown.map((name) => names[name]!)],
      results.map(({ name: system }, i) => [
        system,
        ...shown.map((name) => cells[i]!(direction, name) ?? '-'),
      ]),
    );
  });
}

const withInterval = ({ estimate, low, high }: Interval) =>
  `${estimate.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;

const withProbability = ({ difference, pValue }: PairedTest) =>
  `${withInterval(difference)}, p ${pValue < 0.001 ? '< 0.001' : pValue.toFixed(3)}`;
