import { pipeline, Readable } from 'node:stream';
import { type Info, parse } from 'csv-parse';
import { CovistaError, throwIfAborted } from '../errors.ts';
import { AnnotationCollector } from './collector.ts';
import { type Columns, collectRow, findColumns, unknownColumns } from './columns.ts';
import type { DatasetFormat, ReadOptions } from './dataset-format.ts';
import { readTextHead, textBlocks } from './text-file.ts';

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
  delimiters: readonly string[],
): DatasetFormat {
  return {
    name,
    description,
    example,
    recognise: ({ head, name: file }, options) => {
      if (/^\s*[[{]/.test(head)) return false;
      const delimiter = delimiterOf(head, delimiters);
      if (delimiter === undefined) return false;
      const header = headerLine(head)
        .split(delimiter)
        .map((column) => column.trim().replace(/^"(.*)"$/, '$1'));
      return findColumns(header, options) !== undefined || file.toLowerCase().endsWith(`.${name}`);
    },
    async read(path, options) {
      return readDelimited(path, name, delimiters, options);
    },
  };
}

async function readDelimited(
  path: string,
  name: string,
  delimiters: readonly string[],
  options: ReadOptions,
) {
  const collector = new AnnotationCollector();
  const delimiter = delimiterOf(await readTextHead(path), delimiters) ?? delimiters[0]!;
  let lastLine = 0;
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    trim: true,
    // A quote that never ends would otherwise swallow the rest of the file.
    max_record_size: 1024 * 1024,
    on_skip: (error) => {
      if (error?.code === 'CSV_QUOTE_NOT_CLOSED' || error?.code === 'CSV_MAX_RECORD_SIZE')
        parser.destroy(
          new CovistaError('bad-format', `${path} has a quote after line ${lastLine} that never ends.`, {
            hint: 'Close the quote, or write a quote within a text twice: "".',
            cause: error,
          }),
        );
      else {
        const why = error?.message ?? 'it cannot be read';
        collector.warnings.add('bad lines', `${path}, line ${error?.lines ?? '?'}: ${why}.`);
      }
      return undefined;
    },
  });
  // Errors of either end reach the loop below through the parser.
  pipeline(Readable.from(textBlocks(path, collector.warnings)), parser, () => {});
  let header: string[] | undefined;
  let columns: Columns | undefined;
  const row: Record<string, string | undefined> = {};
  let count = 0;
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
    lastLine = info.lines;
    if (header === undefined || columns === undefined) {
      header = record;
      columns = findColumns(header, options);
      if (columns === undefined) throw unknownColumns(path, header);
      continue;
    }
    if (++count % 10000 === 0) throwIfAborted(options.signal);
    const where = `${path}, line ${info.lines}`;
    if (record.length !== header.length) {
      const short = record.length < header.length;
      collector.warnings.add(
        'bad lines',
        `${where}: ${record.length} columns instead of ${header.length}${short ? '' : ', is a text with the separator in it not quoted?'}`,
      );
      continue;
    }
    for (let i = 0; i < header.length; i++) row[header[i]!] = record[i];
    collectRow(row, columns, collector, where);
  }
  return collector.finish(name);
}

function headerLine(head: string): string {
  return head.trimStart().split(/\r?\n/, 1)[0]!;
}

/** The separator that splits the header line most often. */
function delimiterOf(head: string, delimiters: readonly string[]): string | undefined {
  const line = headerLine(head);
  const counts = delimiters.map((delimiter) => line.split(delimiter).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? undefined : delimiters[counts.indexOf(most)];
}
