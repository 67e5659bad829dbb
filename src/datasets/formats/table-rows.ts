import { isPicturePath } from '../photos/picture-names.ts';
import type { Line } from './text-file.ts';

/** One row of a table of text. */
export interface TableRow {
  /** Line on which it begins, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** What was odd about it, although it was read. */
  readonly note?: string;
  /** Whether the row has as many cells as the header; one that has not is lost. */
  readonly fits: boolean;
}

/** A quote that is still open after so many lines is taken for a stray one. */
const mostLines = 1000;
const mostCharacters = 1024 * 1024;

/**
 * How the quotes of a row are read. `standard` is RFC 4180: a quote encloses a whole cell, and is written twice within
 * one. The others are for rows that do not hold to it: `backslash` (`\"` within a cell, as MySQL writes), `as written`
 * (a quote that does not enclose its cell is text), `within` (a cell ends at the first quote before a separator).
 */
type Quoting = 'standard' | 'backslash' | 'as written' | 'within';

const quotings: readonly Quoting[] = ['standard', 'backslash', 'as written', 'within'];

/** A text that ends within a quoted cell, and how many cells are before that one. */
interface OpenRow {
  readonly openCell: number;
}

/** The cells of a text; undefined when its quotes are not what was expected. */
type Split = readonly string[] | OpenRow | undefined;

/**
 * The rows of a table whose cells may be quoted, the header first. Parsers of CSV end, or swallow what follows, where
 * a quote is wrong; here a bad row costs only itself. Each row is read by RFC 4180 where that gives as many cells as
 * the header has, and else in the first other way that does. A quoted cell may go over several lines, unless
 * one of them is a row by itself: then the quote was a stray one.
 * @param separator between cells
 * @param pictureCell receives the header's cells and tells which one names the picture; may throw
 */
export async function* tableRows(
  lines: AsyncIterable<Line>,
  separator: string,
  pictureCell: (header: readonly string[]) => number,
): AsyncGenerator<TableRow> {
  const split = splitter(separator);
  const source = lines[Symbol.asyncIterator]();
  const ahead: Line[] = [];
  let width: number | undefined;
  let picture = 0;
  let pictureKind: string | undefined;

  for (;;) {
    const line = await peek(0);
    if (line === undefined) return;
    if (line.text.trim() === '') {
      ahead.shift();
      continue;
    }
    const { cells, taken, quoting } = plainRow(line.text) ?? (await nextRow(line.text));
    const fits = cells !== undefined;
    if (!fits && /\r./.test(line.text)) {
      // Two rows, the line end between them damaged.
      ahead.splice(0, 1, ...line.text.split('\r').map((text) => ({ number: line.number, text })));
      continue;
    }
    ahead.splice(0, taken);
    const row = cells ?? splitAsWritten(line.text);
    if (width === undefined) {
      width = row.length;
      picture = pictureCell(row);
    } else if (fits) pictureKind = kindOfName(row[picture]!);
    yield {
      line: line.number,
      cells: row,
      fits,
      ...(isOdd(quoting) ? { note: 'a quote does not enclose its cell, or does not end' } : {}),
    };
  }

  /** Backslashes are a convention too, and in tables separated by tabs quotes are usually text. */
  function isOdd(quoting: Quoting): boolean {
    return quoting === 'within' || (quoting === 'as written' && separator !== '\t');
  }

  async function peek(i: number): Promise<Line | undefined> {
    while (ahead.length <= i) {
      const next = await source.next();
      if (next.done) return undefined;
      ahead.push(next.value);
    }
    return ahead[i];
  }

  /** A row without quotes, as most are, which needs no further lines. */
  function plainRow(text: string) {
    if (text.includes('"')) return undefined;
    return { cells: fitting(splitAsWritten(text)), taken: 1, quoting: 'standard' as const };
  }

  /** The row that begins with `text`; without cells when it has another number of them than the header. */
  async function nextRow(text: string) {
    let wrong = 1;
    for (const quoting of quotings) {
      const found = await complete(text, quoting);
      if (found === undefined) continue;
      const cells = fitting(found.cells);
      if (cells !== undefined) return { cells, taken: found.taken, quoting };
      if (quoting === 'standard') wrong = found.taken;
    }
    return { cells: undefined, taken: wrong, quoting: 'standard' as const };
  }

  /** Takes in further lines while a quote is open. */
  async function complete(first: string, quoting: Quoting) {
    let text = first;
    let taken = 1;
    let cells = split(text, quoting);
    while (isOpen(cells)) {
      // A header on several lines is far rarer than one with a stray quote.
      if (width === undefined) return undefined;
      const next = await peek(taken);
      if (next === undefined || taken === mostLines || text.length > mostCharacters) return undefined;
      const { openCell } = cells;
      text += `\n${next.text}`;
      taken++;
      if (next.text.includes('"')) cells = split(text, quoting);
      // Where the picture stands behind the open cell, the line that closes it names one rightly.
      if (isRow(next.text) && (isOpen(cells) || openCell > picture)) return undefined;
    }
    return cells && { cells, taken };
  }

  /** Whether a line is a row by itself: it has all its cells, and names a picture as the row before did. */
  function isRow(text: string): boolean {
    const cells = fitting(splitAsWritten(text));
    if (width === undefined || cells === undefined) return false;
    const kind = kindOfName(cells[picture]!);
    return separator === '\t' || kind === 'file' || (kind !== undefined && kind === pictureKind);
  }

  /** The cells as they are, without empty ones behind the last column; undefined when there are too many or few. */
  function fitting(cells: readonly string[]): readonly string[] | undefined {
    if (width === undefined || cells.length === width) return cells;
    return cells.length > width && cells.slice(width).every((cell) => cell === '')
      ? cells.slice(0, width)
      : undefined;
  }

  function splitAsWritten(text: string): readonly string[] {
    return split(text, 'as written') as readonly string[];
  }
}

function isOpen(split: Split): split is OpenRow {
  return split !== undefined && 'openCell' in split;
}

/** What a picture's name looks like, to tell rows from the further lines of a cell. */
function kindOfName(name: string): 'file' | 'address' | 'number' | undefined {
  if (/^https?:\/\//.test(name)) return 'address';
  if (isPicturePath(name)) return 'file';
  return /^\d+$/.test(name) ? 'number' : undefined;
}

function splitter(separator: string): (text: string, quoting: Quoting) => Split {
  const mark = separator.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const space = separator === '\t' ? '[ \\r]*' : '[ \\t\\r]*';
  const cell = (inside: string) => new RegExp(`${space}"(${inside})"${space}(?=${mark}|$)`, 'y');
  const standard = '[^"]*(?:""[^"]*)*';
  const backslash = '[^"\\\\]*(?:(?:\\\\[^]|"")[^"\\\\]*)*';
  const closed: Readonly<Record<Quoting, RegExp>> = {
    standard: cell(standard),
    backslash: cell(backslash),
    'as written': cell(standard),
    within: cell('[^]*?'),
  };
  const open = {
    standard: new RegExp(`${space}"${standard}$`, 'y'),
    backslash: new RegExp(`${space}"${backslash}\\\\?$`, 'y'),
  };
  const quote = new RegExp(`${space}"`, 'y');
  const at = (pattern: RegExp, text: string, start: number) => {
    pattern.lastIndex = start;
    return pattern.exec(text);
  };

  return (text, quoting) => {
    if (!text.includes('"')) return text.split(separator).map((one) => one.trim());
    const cells: string[] = [];
    for (let start = 0; ; start += separator.length) {
      const whole = at(closed[quoting], text, start);
      if (whole !== null) {
        const inner = quoting === 'backslash' ? whole[1]!.replace(/\\(["\\])/g, '$1') : whole[1]!;
        cells.push(inner.replaceAll('""', '"'));
        start += whole[0].length;
      } else {
        if (at(quote, text, start) !== null) {
          if (quoting === 'standard' || quoting === 'backslash')
            return at(open[quoting], text, start) === null ? undefined : { openCell: cells.length };
          if (quoting === 'within') return [...cells, text.slice(start).trim()];
        }
        const next = text.indexOf(separator, start);
        const end = next < 0 ? text.length : next;
        cells.push(text.slice(start, end).trim());
        start = end;
      }
      if (start >= text.length) return cells;
    }
  };
}
