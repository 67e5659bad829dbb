import { throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from './collector.ts';
import { type Columns, collectRow, findColumns, namesColumns, unknownColumns } from './columns.ts';
import type { DatasetFormat, ReadOptions } from './dataset-format.ts';
import { tableRows } from './table-rows.ts';
import { type Line, readTextHead, textLines } from './text-file.ts';

/** Tables with a header line; Flickr30k's results.csv and Kaggle's captions.txt are such. */
export const csv = delimitedFormat(
  'csv',
  'table with a header line, separated by comma, semicolon or |: a picture column, and captions or tags',
  'image,caption,tags — then beach.jpg,"Two dogs run, playing",dog;beach',
  [',', ';', '|'],
);

/** Tables separated by tabs. */
export const tsv = delimitedFormat(
  'tsv',
  'table with a header line, separated by tabs: a picture column, and captions or tags',
  'image<TAB>caption — then beach.jpg<TAB>Two dogs run',
  ['\t'],
);

function delimitedFormat(
  name: string,
  description: string,
  example: string,
  separators: readonly string[],
): DatasetFormat {
  return {
    name,
    description,
    example,
    recognise: ({ head, name: file }, options) => {
      if (/^\s*[[{]/.test(head)) return false;
      const { separator, header } = tableHead(head, separators, options);
      if (separator === undefined) return false;
      const isNamed = file.toLowerCase().endsWith(`.${name}`);
      return isNamed || namesColumns(options) || findColumns(header, options) !== undefined;
    },
    async read(path, options) {
      const collector = new AnnotationCollector();
      const { separator = separators[0]! } = tableHead(await readTextHead(path), separators, options);
      const lines = withoutSeparatorLine(textLines(path, collector.warnings));
      let columns: Columns | undefined;
      const rows = tableRows(lines, separator, (header) => {
        columns = findColumns(header, options);
        if (columns === undefined) throw unknownColumns(path, header, options);
        return columns.picture;
      });
      let width: number | undefined;
      let count = 0;
      for await (const { line, cells, fits, note } of rows) {
        if (++count % 10000 === 0) throwIfAborted(options.signal);
        if (width === undefined) {
          width = cells.length;
          continue;
        }
        const where = `${path}, line ${line}`;
        if (fits) {
          if (note !== undefined)
            collector.warnings.add('rows with stray quotes', `${where}: ${note}; read as written.`);
          collectRow(cells, columns!, collector, where);
        } else {
          const why = cells.length < width ? '' : ', is a text with the separator in it not quoted?';
          collector.lost('bad lines', `${where}: ${cells.length} columns instead of ${width}${why}`);
        }
      }
      return collector.finish(name);
    },
  };
}

/** A first line by which spreadsheets tell the separator: `sep=;`. */
const separatorLine = /^\s*"?sep=(.)"?\s*$/i;

async function* withoutSeparatorLine(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  for await (const line of lines) if (line.number > 1 || !separatorLine.test(line.text)) yield line;
}

/** The separator that the options name, or that gives a header with known columns, or that is there most often. */
function tableHead(head: string, separators: readonly string[], options: ReadOptions) {
  const [first = '', second = ''] = head.trimStart().split(/[\r\n]+/, 2);
  const told = separatorLine.exec(first)?.[1];
  const line = told === undefined ? first : second;
  const headerBy = (separator: string) =>
    line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const asked = options.separator ?? told;
  // Any other separator makes it a csv.
  const isTsv = separators.includes('\t');
  const possible = asked === undefined ? separators : isTsv === (asked === '\t') ? [asked] : [];
  const found = possible
    .map((separator) => ({ separator, header: headerBy(separator) }))
    .filter(({ header }) => header.length > 1)
    .sort((a, b) => b.header.length - a.header.length);
  return (
    found.find(({ header }) => findColumns(header, options) !== undefined) ??
    found[0] ?? { separator: undefined, header: [] }
  );
}
