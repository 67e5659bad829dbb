import { Buffer } from 'node:buffer';
import type { ByteInput } from './word-vector-input.ts';
import { parseNumbers } from './word-vector-numbers.ts';
import { checkedSize, readVectorHeader, requireLines, sizeOfLines } from './word-vector-shape.ts';
import type { OpenWriter, WordVectorWriter } from './word-vector-writer.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const CONCEPT = '/c/';

/**
 * Reads a text of lines `word number number ...`: GloVe's, and with a first line `count size` word2vec's,
 * fastText's `.vec` and ConceptNet Numberbatch's. Lines that are not of this kind are counted and left out.
 * @param input of which the first lines are there already
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
  const writer = openText(input, openWriter, name);
  const prefix = Buffer.from(`${CONCEPT}${language.split('-')[0]}/`);
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
    readLine(writer, bytes, start, end, prefix);
    if (writer.full) break;
  }
}

function openText(input: ByteInput, openWriter: OpenWriter, name: string): WordVectorWriter {
  const header = readVectorHeader(input.bytes);
  if (header === undefined) return openWriter(sizeOfLines(input.bytes, name));
  const size = checkedSize(header.size, name);
  requireLines(input.bytes.subarray(header.length), size, name);
  input.position = header.length;
  return openWriter(size, { announced: header.announced });
}

function readLine(writer: WordVectorWriter, bytes: Buffer, start: number, end: number, prefix: Buffer): void {
  let first = start;
  while (first < end && isGap(bytes[first]!)) first++;
  let gap = first;
  while (gap < end && !isGap(bytes[gap]!)) gap++;
  let word = bytes.subarray(first, gap);
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
  if (count === vector.length && gap > first) writer.add(word);
  else if (countFields(bytes, start, end) > vector.length + 1)
    writer.skip('word with spaces', bytes.subarray(start, end));
  else writer.skip(count < 0 || first > start ? 'malformed' : 'wrong length', bytes.subarray(start, end));
}

function isGap(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function countFields(bytes: Buffer, start: number, end: number): number {
  let fields = 0;
  for (let i = start; i < end; i++) if (!isGap(bytes[i]!) && (i === start || isGap(bytes[i - 1]!))) fields++;
  return fields;
}
