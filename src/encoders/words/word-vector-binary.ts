import { Buffer } from 'node:buffer';
import { CovistaError } from '../../base/errors.ts';
import type { ByteInput } from './word-vector-input.ts';
import { checkedSize, readVectorHeader } from './word-vector-shape.ts';
import type { OpenWriter } from './word-vector-writer.ts';

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const LONGEST_WORD = 4096;

/** Numbers at the beginning of a file that tell the order of their bytes. */
const LOOKED_AT = 10_000;

/** The numbers of true vectors are seldom further from their median than this factor; those of swapped bytes mostly are. */
const USUAL_FACTOR = 2 ** 20;
const SMALLEST_NORMAL = 2 ** -126;

/**
 * Reads word2vec's binary format: a line `count size`, then for each word its bytes, a space, and the vector as
 * float32; a line feed may follow. The numbers are little-endian, as word2vec writes them on usual machines, or
 * big-endian where only that makes sense of them.
 * @param input of which the first vectors are there already
 * @param openWriter called once the size of the vectors is known
 * @param name what is read, for messages
 * @throws CovistaError `bad-format` when the first line is another one, where the words cannot be followed, or when
 *   what is there makes no sense as words and float32
 */
export async function readBinaryVectors(
  input: ByteInput,
  openWriter: OpenWriter,
  name: string,
): Promise<void> {
  const header = readVectorHeader(input.bytes);
  if (header === undefined)
    throw new CovistaError('bad-format', `${name} does not begin as a binary word2vec file does.`);
  const { announced } = header;
  const writer = openWriter(checkedSize(header.size, name), { announced });
  const length = 4 * writer.size;
  const numbers = new Float32Array(writer.size);
  const numberBytes = Buffer.from(numbers.buffer);
  input.position = header.length;
  const swapped = isBigEndian(input.bytes, input.position, length, name);
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
    if (swapped) numberBytes.swap32();
    if (word.length > 0 && numbers.every(Number.isFinite)) {
      writer.next().set(numbers);
      writer.add(word);
    } else {
      writer.skip('malformed', word);
    }
  }
  const unreadable = writer
    .skipped()
    .filter(({ reason }) => reason === 'malformed' || reason === 'not UTF-8');
  const count = unreadable.reduce((sum, skipped) => sum + skipped.count, 0);
  if (count > writer.count)
    throw new CovistaError(
      'bad-format',
      `${name} makes no sense as a binary word2vec file: ${count} of its ${count + writer.count} words or vectors are none.`,
      { hint: `Its first line says that vectors have ${writer.size} numbers, which are read as float32.` },
    );
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

/**
 * Whether the bytes of the numbers are in reverse, going by the first vectors: the numbers of vectors are of similar
 * magnitude, and reversed ones are not, as the last bits of a number then are its exponent.
 * @throws CovistaError `bad-format` when they are of no similar magnitude either way
 */
function isBigEndian(bytes: Buffer, start: number, length: number, name: string): boolean {
  const little: number[] = [];
  const big: number[] = [];
  for (let position = start; little.length < LOOKED_AT; ) {
    const gap = bytes.indexOf(SPACE, position);
    if (gap < 0 || gap + 1 + length > bytes.length) break;
    position = gap + 1 + length;
    for (let at = gap + 1; at < position && little.length < LOOKED_AT; at += 4) {
      little.push(bytes.readFloatLE(at));
      big.push(bytes.readFloatBE(at));
    }
  }
  // Reversed numbers of few bits are all below the normal ones.
  if (shareOfUsual(little, SMALLEST_NORMAL) >= 0.5) return false;
  if (shareOfUsual(big, SMALLEST_NORMAL) >= 0.9) return true;
  if (shareOfUsual(little, 0) >= 0.5) return false;
  throw new CovistaError('bad-format', `The numbers in ${name} make no sense as float32.`, {
    hint: 'Write them as little-endian float32, or as a text; half and double precision are not read.',
  });
}

/** The share of numbers, zeros left out, that are of the magnitude that most of them have, and no smaller than `least`. */
function shareOfUsual(numbers: readonly number[], least: number): number {
  const magnitudes = numbers.map(Math.abs).filter((one) => one !== 0);
  if (magnitudes.length === 0) return 1;
  const ordered = magnitudes.filter((one) => one >= least && one < Infinity).sort((a, b) => a - b);
  const median = ordered[ordered.length >> 1] ?? 0;
  const usual = ordered.filter((one) => one <= median * USUAL_FACTOR && one >= median / USUAL_FACTOR);
  return usual.length / magnitudes.length;
}
