import { Buffer } from 'node:buffer';
import { CovistaError } from '../errors.ts';
import type { ByteInput } from './word-vector-input.ts';
import { parseNumbers } from './word-vector-numbers.ts';
import type { OpenWriter, WordVectorWriter } from './word-vector-writer.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const CONCEPT = '/c/';
const LARGEST_SIZE = 10_000;

/**
 * Reads a text of lines `word number number ...`: GloVe's, and with a first line `count size` word2vec's,
 * fastText's `.vec` and ConceptNet Numberbatch's. Lines that are not of this kind are counted and left out.
 * @param openWriter called once the size of the vectors is known
 * @param name what is read, for messages
 * @param language of the words to keep where each one names its own, as Numberbatch's `/c/en/tennis` does
 * @throws CovistaError `bad-format` when the first lines are no word vectors
 */
export async function readTextVectors(
  input: ByteInput,
  openWriter: OpenWriter,
  name: string,
  language: string,
): Promise<void> {
  let writer: WordVectorWriter | undefined;
  const prefix = Buffer.from(`${CONCEPT}${language.split('-')[0]}/`);
  let first = true;
  let more = true;
  while (more || input.position < input.bytes.length) {
    const { bytes, position: start } = input;
    let end = bytes.indexOf(LINE_FEED, start);
    if (end < 0) {
      if (more) {
        more = await input.more();
        continue;
      }
      end = bytes.length;
    }
    input.position = end + 1;
    if (bytes[end - 1] === CARRIAGE_RETURN && end > start) end--;
    if (end === start) continue;
    if (writer === undefined) {
      const header = first
        ? /^(\d+)[ \t](\d+)[ \t]*$/.exec(bytes.toString('latin1', start, Math.min(end, start + 40)))
        : null;
      first = false;
      if (header) {
        writer = openWriter(checkedSize(Number(header[2]), name), { announced: Number(header[1]) });
        continue;
      }
      writer = openWriter(checkedSize(countFields(bytes, start, end) - 1, name));
    }
    readLine(writer, bytes, start, end, prefix);
    if (writer.full) break;
  }
  if (writer === undefined) throw new CovistaError('bad-format', `${name} is empty.`);
}

function readLine(writer: WordVectorWriter, bytes: Buffer, start: number, end: number, prefix: Buffer): void {
  let gap = start;
  while (gap < end && bytes[gap] !== SPACE && bytes[gap] !== TAB) gap++;
  let word = bytes.subarray(start, gap);
  if (word.length > prefix.length && word.indexOf(CONCEPT) === 0) {
    if (word.indexOf(prefix) !== 0) {
      writer.passOver();
      return;
    }
    word = word.subarray(prefix.length);
  }
  if (!writer.wants(word)) return;
  const vector = writer.next();
  const count = parseNumbers(bytes, gap, end, vector);
  if (count === vector.length && gap > start) writer.add(word);
  else if (countFields(bytes, start, end) > vector.length + 1)
    writer.skip('word with spaces', bytes.subarray(start, end));
  else writer.skip(count < 0 || gap === start ? 'malformed' : 'wrong length', bytes.subarray(start, end));
}

function countFields(bytes: Buffer, start: number, end: number): number {
  let fields = 0;
  for (let i = start; i < end; i++) {
    const gap = bytes[i] === SPACE || bytes[i] === TAB;
    if (!gap && (i === start || bytes[i - 1] === SPACE || bytes[i - 1] === TAB)) fields++;
  }
  return fields;
}

function checkedSize(size: number, name: string): number {
  if (size >= 1 && size <= LARGEST_SIZE) return size;
  throw new CovistaError('bad-format', `${name} does not begin as a text of word vectors does.`, {
    hint: 'Each line holds a word and its numbers, with spaces between; the first line may be "count size".',
  });
}
