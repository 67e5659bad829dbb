import { Buffer } from 'node:buffer';
import { CovistaError } from '../errors.ts';
import type { ByteInput } from './word-vector-input.ts';
import type { OpenWriter } from './word-vector-writer.ts';

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const LONGEST_WORD = 4096;

/**
 * Reads word2vec's binary format: a line `count size`, then for each word its bytes, a space, and the vector as
 * little-endian float32; a line feed may follow.
 * @param openWriter called once the size of the vectors is known
 * @param name what is read, for messages
 * @throws CovistaError `bad-format` when the first line is another one, or where the words cannot be followed
 */
export async function readBinaryVectors(
  input: ByteInput,
  openWriter: OpenWriter,
  name: string,
): Promise<void> {
  const header = /^(\d+) (\d+)\s*\n/.exec(input.bytes.toString('latin1', 0, 64));
  if (header === null || Number(header[2]) === 0)
    throw new CovistaError('bad-format', `${name} does not begin as a binary word2vec file does.`);
  const announced = Number(header[1]);
  const writer = openWriter(Number(header[2]), { announced });
  const length = 4 * writer.size;
  const numbers = new Float32Array(writer.size);
  const numberBytes = Buffer.from(numbers.buffer);
  input.position = header[0].length;
  for (let read = 0; read < announced && !writer.full; read++) {
    const gap = await findVector(
      input,
      length,
      `${name} holds something else than words after word ${read}.`,
    );
    if (gap < 0) {
      const { bytes } = input;
      if (bytes.length > 0) writer.skip('wrong length', bytes.subarray(0, Math.max(0, bytes.indexOf(SPACE))));
      break;
    }
    const { bytes, position } = input;
    const word = bytes.subarray(position, gap);
    input.position = gap + 1 + length;
    if (!writer.wants(word)) continue;
    bytes.copy(numberBytes, 0, gap + 1, input.position);
    if (word.length > 0 && numbers.every(Number.isFinite)) {
      writer.next().set(numbers);
      writer.add(word);
    } else {
      writer.skip('malformed', word);
    }
  }
}

/** Moves to the next word and returns the position of the space behind it, or -1 when the stream ends before. */
async function findVector(input: ByteInput, length: number, complaint: string): Promise<number> {
  for (;;) {
    while (input.bytes[input.position] === LINE_FEED) input.position++;
    const gap = input.bytes.indexOf(SPACE, input.position);
    if ((gap < 0 ? input.bytes.length : gap) - input.position > LONGEST_WORD)
      throw new CovistaError('bad-format', complaint);
    if (gap >= 0 && gap + 1 + length <= input.bytes.length) return gap;
    if (!(await input.more())) return -1;
  }
}
