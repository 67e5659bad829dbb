import { createReadStream } from 'node:fs';
import { CovistaError } from '../../base/errors.ts';
import { openForReading, readFully } from '../open-file.ts';
import type { Warnings } from './warnings.ts';

const blockBytes = 1024 * 1024;
const longestLine = 256 * 1024 * 1024;

/** One line of a text file, without its line ending; numbers count from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** The beginning of a text file, decoded, to recognise its format by. */
export async function readTextHead(path: string, bytes = 65536): Promise<string> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, bytes));
    await readFully(file, head, 0, path);
    const encoding = encodingOf(head) ?? 'utf-8';
    return new TextDecoder(encoding).decode(head);
  } finally {
    await file.close();
  }
}

/**
 * A text file in blocks that end at line ends, without byte order mark. UTF-8 unless a mark, or the zero bytes of its
 * first letters, say UTF-16; lines that are not valid UTF-8 are read as Latin-1 (Windows-1252), with a warning.
 */
async function* textBlocks(path: string, warnings: Warnings): AsyncGenerator<string> {
  await (await openForReading(path)).close();
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let utf16: TextDecoder | undefined;
  let rest: Uint8Array = new Uint8Array(0);
  let first = true;
  let lineNumber = 1;
  for await (const chunk of createReadStream(path, { highWaterMark: blockBytes }) as AsyncIterable<Buffer>) {
    if (first) {
      first = false;
      const encoding = encodingOf(chunk);
      if (encoding === 'utf-8') {
        rest = chunk.subarray(3);
        continue;
      }
      if (encoding !== undefined) utf16 = new TextDecoder(encoding);
    }
    if (utf16 !== undefined) {
      yield utf16.decode(chunk, { stream: true });
      continue;
    }
    const bytes: Uint8Array = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    rest = bytes.slice(end);
    if (rest.length > longestLine)
      throw new CovistaError(
        'bad-format',
        `${path} has a line of more than ${longestLine} bytes: line ${lineNumber}.`,
      );
    if (end > 0) {
      const text = decodeLines(bytes.subarray(0, end), lineNumber);
      lineNumber += text.lines;
      yield text.text;
    }
  }
  if (utf16 !== undefined) yield utf16.decode();
  else if (rest.length > 0) yield decodeLines(rest, lineNumber).text;

  function decodeLines(bytes: Uint8Array, number: number): { text: string; lines: number } {
    let text: string;
    try {
      text = utf8.decode(bytes);
    } catch {
      text = decodeLineByLine(bytes, number);
    }
    let lines = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
    return { text, lines };
  }

  function decodeLineByLine(bytes: Uint8Array, number: number): string {
    const latin1 = new TextDecoder('windows-1252');
    let text = '';
    for (let start = 0, line = number; start < bytes.length; line++) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      try {
        text += utf8.decode(bytes.subarray(start, end));
      } catch {
        text += latin1.decode(bytes.subarray(start, end));
        warnings.add('lines that are not UTF-8', `${path}, line ${line}: not UTF-8, read as Latin-1.`);
      }
      start = end;
    }
    return text;
  }
}

/**
 * The lines of a text file, as `textBlocks` decodes it; LF and CRLF line ends, or CR too where there are more of those
 * than of the others: files of an old Mac to which a program of today added lines.
 */
export async function* textLines(path: string, warnings: Warnings): AsyncGenerator<Line> {
  let number = 1;
  let rest = '';
  let lineEnd: string | RegExp | undefined;
  for await (const block of textBlocks(path, warnings)) {
    lineEnd ??= endsByReturns(block) ? /\r\n|[\r\n]/ : '\n';
    const lines = (rest + block).split(lineEnd);
    rest = lines.pop()!;
    for (const text of lines) yield { number: number++, text: withoutReturns(text) };
  }
  if (rest !== '') yield { number, text: withoutReturns(rest) };
}

/** Whether a text has more returns alone than line feeds; several returns before a line feed are one line end. */
function endsByReturns(text: string): boolean {
  let [returns, feeds] = [0, 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) feeds++;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1))
    if (!/[\r\n]/.test(text[at + 1] ?? '')) returns++;
  return returns > feeds;
}

function withoutReturns(line: string): string {
  return line.endsWith('\r') ? line.replace(/\r+$/, '') : line;
}

/** A whole text file as one string. */
export async function readText(path: string, warnings: Warnings): Promise<string> {
  const blocks: string[] = [];
  for await (const block of textBlocks(path, warnings)) blocks.push(block);
  return blocks.join('');
}

/** The encoding that a byte order mark, or the zero bytes of the first letters, tell. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  const isLetter = (byte = 0) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d);
  if (isLetter(a) && b === 0 && isLetter(c) && d === 0) return 'utf-16le';
  if (a === 0 && isLetter(b) && c === 0 && isLetter(d)) return 'utf-16be';
  return undefined;
}
