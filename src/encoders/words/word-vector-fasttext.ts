import { Buffer } from 'node:buffer';
import { CovistaError } from '../../base/errors.ts';
import { WordIndexBuilder, type WordIndexData } from './word-vector-index.ts';
import type { ByteInput } from './word-vector-input.ts';
import { checkedSize } from './word-vector-shape.ts';
import type { OpenWriter } from './word-vector-writer.ts';

/** The first four bytes of a fastText model, as a little-endian number. */
export const FASTTEXT_MAGIC = 793_712_314;
const VERSIONS = [11, 12];

/** Magic, version, 12 settings and one double; then the counts of the dictionary. */
const SETTINGS_BYTES = 2 * 4 + 12 * 4 + 8;
const HEAD_BYTES = SETTINGS_BYTES + 3 * 4 + 2 * 8;
/** Behind each word of the dictionary: the zero that ends it, its count and its kind. */
const ENTRY_TAIL_BYTES = 1 + 8 + 1;
const LONGEST_WORD = 1 << 16;

/**
 * Reads a fastText model (`.bin`): the rows of its words and those of its n-grams, from which the reader of the
 * compact format makes the vectors of known and unknown words.
 * @param openWriter called once the size of the vectors is known
 * @param name what is read, for messages
 * @throws CovistaError `bad-format` for another version, a quantised model, or a file that is cut short
 */
export async function readFastText(input: ByteInput, openWriter: OpenWriter, name: string): Promise<void> {
  const fail = (why: string): never => {
    throw new CovistaError('bad-format', `The fastText model ${name} cannot be read: ${why}.`);
  };
  const take = async (length: number): Promise<Buffer> => {
    if (!(await input.need(length))) fail('it is cut short');
    const start = input.position;
    input.position += length;
    return input.bytes.subarray(start, input.position);
  };
  const head = await take(HEAD_BYTES);
  if (head.readInt32BE(0) === FASTTEXT_MAGIC) fail('its numbers are big-endian');
  const version = head.readInt32LE(4);
  if (head.readInt32LE(0) !== FASTTEXT_MAGIC || !VERSIONS.includes(version))
    fail(`it is of version ${version}`);
  const size = head.readInt32LE(8);
  const buckets = head.readInt32LE(40);
  const shortest = head.readInt32LE(44);
  const longest = head.readInt32LE(48);
  const entries = head.readInt32LE(SETTINGS_BYTES);
  const count = head.readInt32LE(SETTINGS_BYTES + 4);
  if (head.readBigInt64LE(SETTINGS_BYTES + 20) > 0n) fail('it is pruned');
  if (count < 1 || entries < count) fail('it has no words');
  checkedSize(size, name);

  const dictionary = await readDictionary(input, entries, fail);
  if ((await take(1))[0] !== 0) fail('it is quantised; take the .bin model and not the .ftz one');
  const shape = await take(16);
  const rows = Number(shape.readBigInt64LE(0));
  const hasSubwords = longest > 0 && buckets > 0;
  if (Number(shape.readBigInt64LE(8)) !== size || rows < count + (hasSubwords ? buckets : 0))
    fail('its matrix does not fit its words');

  const subwords = hasSubwords ? { shortest, longest, buckets } : undefined;
  const writer = openWriter(size, { announced: count, subwords });
  const numbers = new Float32Array(size);
  const numberBytes = Buffer.from(numbers.buffer);
  for (let i = 0; i < count + (hasSubwords ? buckets : 0); i++) {
    (await take(4 * size)).copy(numberBytes);
    const finite = numbers.every(Number.isFinite);
    if (i >= count) {
      if (!finite) fail(`row ${i - count} of its n-grams holds something else than finite numbers`);
      writer.next().set(numbers);
      writer.addSubword();
      continue;
    }
    const word = dictionary.words.subarray(dictionary.offsets[i], dictionary.offsets[i + 1]);
    if (!writer.wants(word)) continue;
    if (!finite) {
      writer.skip('malformed', word);
      continue;
    }
    writer.next().set(numbers);
    writer.add(word);
  }
}

/** The words and, behind them, the labels of the model, in their order. */
async function readDictionary(
  input: ByteInput,
  entries: number,
  fail: (why: string) => never,
): Promise<WordIndexData> {
  const dictionary = new WordIndexBuilder();
  while (dictionary.count < entries) {
    const end = input.bytes.indexOf(0, input.position);
    if (end < 0 || end + ENTRY_TAIL_BYTES > input.bytes.length) {
      if (input.bytes.length - input.position > LONGEST_WORD) fail('its dictionary holds something else');
      if (!(await input.more())) fail('it is cut short');
      continue;
    }
    if (!dictionary.add(input.bytes.subarray(input.position, end))) fail('its dictionary names a word twice');
    input.position = end + ENTRY_TAIL_BYTES;
  }
  return dictionary.data();
}
