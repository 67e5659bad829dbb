import type { Buffer } from 'node:buffer';
import { CovistaError } from '../../base/errors.ts';
import { notWordVectors } from './word-vector-foreign.ts';

const LINE_FEED = 0x0a;
const LARGEST_SIZE = 10_000;

/** Lines at the beginning of a file that tell how long its vectors are. */
const LOOKED_AT = 100;

const NUMBER = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf|infinity)$/i;

/** A number as many languages write it, which between commas would be two. */
const DECIMAL_COMMA = /^[-+]?\d*,\d+$/;

/** The first line of word2vec's formats: how many words there are, and the length of their vectors. */
export interface VectorHeader {
  readonly announced: number;
  readonly size: number;
  /** Bytes of the line with its end. */
  readonly length: number;
}

/** Reads a first line `count size`; undefined when the first line is another one. */
export function readVectorHeader(bytes: Buffer): VectorHeader | undefined {
  const line = /^[ \t]*(\d+)[ \t]+(\d+)[ \t\r]*(?:\n|$)/.exec(bytes.toString('latin1', 0, 64));
  return line === null
    ? undefined
    : { announced: Number(line[1]), size: Number(line[2]), length: line[0].length };
}

/**
 * The length of vectors that a header states.
 * @throws CovistaError `bad-format` for one that no word vectors have
 */
export function checkedSize(size: number, name: string): number {
  if (size >= 2 && size <= LARGEST_SIZE) return size;
  throw new CovistaError('bad-format', `${name} says that its vectors have ${size} numbers.`, {
    hint: `Word vectors have from 2 to ${LARGEST_SIZE} numbers.`,
  });
}

/**
 * The length of the vectors of a text without a header: how many numbers most of its first lines end in. A single
 * line does not tell, as a word may have spaces in it.
 * @throws CovistaError `bad-format` when that does not look like word vectors
 */
export function sizeOfLines(bytes: Buffer, name: string): number {
  const counts = numbersOfLines(bytes);
  const times = new Map<number, number>();
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
  const [size, most] = [...times].reduce((one, other) => (other[1] > one[1] ? other : one), [0, 0]);
  if (size >= 2 && size <= LARGEST_SIZE && 2 * most >= counts.length) return size;
  const reason =
    counts.length === 0
      ? 'it is empty'
      : 2 * most < counts.length
        ? 'its first lines differ in how many numbers they end in'
        : `most of its first lines end in ${['no number', 'one number'][size] ?? `${size} numbers`}`;
  throw notWordVectors(name, bytes, reason);
}

/**
 * Makes sure that the lines behind a header are vectors of the length that it states.
 * @param bytes what follows the header
 * @throws CovistaError `bad-format` when most are not
 */
export function requireLines(bytes: Buffer, size: number, name: string): void {
  const counts = numbersOfLines(bytes);
  // A word that ends in a number, behind a space, seems to have one number more.
  const fitting = counts.filter((count) => count >= size).length;
  if (2 * fitting >= counts.length) return;
  const other = counts.find((count) => count < size);
  throw notWordVectors(
    name,
    bytes,
    `its first line says that its vectors have ${size} numbers, but most of the first lines end in fewer, such as ${other}`,
  );
}

/** How many numbers each of the first lines ends in, its first field left out, which is the word. */
function numbersOfLines(bytes: Buffer): number[] {
  const counts: number[] = [];
  for (let start = 0; start < bytes.length && counts.length < LOOKED_AT; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    // The last line may go on.
    if (found < 0 && counts.length > 0) break;
    const end = found < 0 ? bytes.length : found;
    const line = bytes.toString('latin1', start, end).trim();
    start = end + 1;
    if (line === '') continue;
    const fields = line
      .replace(/^[^ \t]+[ \t]*/, '')
      .split(/[ \t]+/)
      .flatMap((field) => (DECIMAL_COMMA.test(field) ? [field] : field.split(',')))
      .filter((field) => field !== '');
    counts.push(fields.length - 1 - fields.findLastIndex((field) => !NUMBER.test(field)));
  }
  return counts;
}

/** Whether what follows a header is text rather than numbers as bytes. */
export function isTextOfVectors(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, 1 << 16);
  const text = sample.toString('latin1');
  if (/^[^ \t\n]*[ \t]+[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?(?:\s|$)/.test(text)) return true;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these tell text from bytes
  return !/[\0-\x08\x0e-\x1f]/.test(text) && numbersOfLines(sample).some((count) => count >= 2);
}
