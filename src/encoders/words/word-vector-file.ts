import { Buffer } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { CovistaError } from '../../base/errors.ts';
import { fileError } from '../../files/system-error.ts';
import { wholeText } from '../../linalg/metadata-text.ts';
import type { WordVectors } from '../../text/word-vectors.ts';
import { findWord, type WordIndexData, wrongIndex } from './word-vector-index.ts';
import { fromScaledHalf } from './word-vector-rows.ts';
import { type Subwords, subwordRows } from './word-vector-subwords.ts';
import { FORMAT, FORMAT_NAME, HEADER_BYTES } from './word-vector-writer.ts';

const tensor = <T extends string>(dtype: T, dimensions: number) =>
  z.object({
    dtype: z.literal(dtype),
    shape: z.array(z.number().int().nonnegative()).length(dimensions),
    data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  });

const headerSchema = z.object({
  __metadata__: z.object({
    format: z.literal(FORMAT),
    id: z.string(),
    shortest: wholeText.optional(),
    longest: wholeText.optional(),
  }),
  vectors: tensor('F16', 2),
  subwords: tensor('F16', 2).optional(),
  scales: tensor('F32', 1),
  slots: tensor('U32', 1),
  offsets: tensor('U32', 1),
  words: tensor('U8', 1),
});

/** Vectors that are kept in memory once they were read: texts say the same few thousand words again and again. */
const KEPT_BYTES = 16 << 20;

/** Closes the files of vectors that nobody uses any more. */
const files = new FinalizationRegistry<number>((file) => closeSync(file));

/**
 * Opens a file in the compact format of {@link WordVectorWriter}. Only the words are read; a vector is read
 * when it is first asked for, so that opening takes milliseconds and memory grows with the words in use (16 MB at most).
 * @throws CovistaError `not-found` without the file; `version` when another version of Covista wrote it; `bad-format`
 *   when it is none in this format, cut short or damaged
 */
export function openWordVectorFile(path: string): WordVectors {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw fileError(path, cause);
  }
  try {
    const vectors = new FileWordVectors(file, path);
    files.register(vectors, file);
    return vectors;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Whether a file is in the compact format, of this version or another, going by its beginning. */
export function isWordVectorFile(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return Buffer.from(readBytes(file, 0, 8 + FORMAT.length + 100)).includes(FORMAT_NAME);
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}

class FileWordVectors implements WordVectors {
  readonly id: string;
  readonly size: number;
  readonly count: number;
  private readonly file: number;
  private readonly path: string;
  private readonly index: WordIndexData;
  private readonly bits: Uint16Array;
  /** What the numbers of each row are multiplied by; rows of n-grams follow those of words. */
  private readonly scales: Float32Array;
  private readonly subwords: Subwords | undefined;
  /** What {@link vector} gave, words without a vector included. */
  private readonly known = new Map<string, Float32Array | undefined>();

  constructor(file: number, path: string) {
    const header = readHeader(file, path);
    this.file = file;
    this.path = path;
    this.id = header.__metadata__.id;
    [this.count, this.size] = header.vectors.shape as [number, number];
    const part = (name: 'scales' | 'slots' | 'offsets' | 'words'): Uint8Array<ArrayBuffer> => {
      const [from, to] = header[name].data_offsets;
      return readBytes(file, HEADER_BYTES + from, to - from);
    };
    this.index = {
      words: part('words'),
      offsets: new Uint32Array(part('offsets').buffer),
      slots: new Uint32Array(part('slots').buffer),
    };
    const wrong = wrongIndex(this.index);
    if (wrong !== undefined) notOurs(path, wrong);
    this.bits = new Uint16Array(this.size);
    this.scales = new Float32Array(part('scales').buffer);
    if (!this.scales.every((scale) => scale > 0 && scale < Number.POSITIVE_INFINITY))
      notOurs(path, 'a scale is no number');
    const { shortest, longest } = header.__metadata__;
    if (header.subwords)
      this.subwords = {
        shortest: shortest!,
        longest: longest!,
        buckets: header.subwords.shape[0]!,
      };
  }

  vector(word: string): Float32Array | undefined {
    const known = this.known.get(word);
    if (known !== undefined || this.known.has(word)) return known;
    const vector = this.read(word);
    // Whoever goes through all words keeps none of them for long.
    if (this.known.size >= KEPT_BYTES / (4 * this.size)) this.known.clear();
    this.known.set(word, vector);
    return vector;
  }

  private read(word: string): Float32Array | undefined {
    const position = findWord(this.index, Buffer.from(word));
    if (this.subwords === undefined) return position < 0 ? undefined : this.row(position);
    // The vector of a word is the mean of its own row and those of its n-grams.
    const rows = subwordRows(word, this.subwords).map((i) => this.count + i);
    if (position >= 0) rows.push(position);
    if (rows.length === 0) return undefined;
    const mean = new Float32Array(this.size);
    for (const i of rows) {
      const values = this.row(i);
      for (let j = 0; j < mean.length; j++) mean[j]! += values[j]! / rows.length;
    }
    return mean;
  }

  private row(i: number): Float32Array {
    readSync(this.file, this.bits, 0, 2 * this.size, HEADER_BYTES + 2 * this.size * i);
    const values = fromScaledHalf(this.bits, this.scales[i]!);
    if (!values.every(Number.isFinite)) notOurs(this.path, `row ${i} of its vectors holds what is no number`);
    return values;
  }

  *words(): Generator<string> {
    const { words, offsets } = this.index;
    const decoder = new TextDecoder();
    for (let i = 0; i < this.count; i++) yield decoder.decode(words.subarray(offsets[i], offsets[i + 1]));
  }
}

function notOurs(path: string, why: string): never {
  throw new CovistaError('bad-format', `${path} is no file of compact word vectors: ${why}.`, {
    hint: 'Delete it where it is in the cache, to have it made again; else convert the vectors again.',
  });
}

function readHeader(file: number, path: string): z.infer<typeof headerSchema> {
  const fail = (why: string): never => notOurs(path, why);
  const { size } = fstatSync(file);
  if (size < HEADER_BYTES) return fail(`it has ${size} bytes`);
  const start = Buffer.from(readBytes(file, 0, HEADER_BYTES).buffer);
  if (start.readBigUInt64LE() !== BigInt(HEADER_BYTES - 8)) return fail('its header has another length');
  let json: unknown;
  try {
    json = JSON.parse(start.toString('utf8', 8));
  } catch {
    return fail('its header is not JSON');
  }
  const format = (json as { __metadata__?: { format?: unknown } } | null)?.__metadata__?.format;
  if (typeof format === 'string' && format.startsWith(FORMAT_NAME) && format !== FORMAT)
    throw new CovistaError('version', `${path} was written by another version of Covista.`, {
      hint: 'Convert the word vectors again from the file that they came in.',
    });
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) return fail('its header describes other content');
  const { vectors, subwords, scales, slots, offsets, words } = parsed.data;
  const [count, length] = vectors.shape as [number, number];
  const { shortest, longest } = parsed.data.__metadata__;
  if (count === 0 || length === 0) return fail('it has no vectors');
  const known = shortest !== undefined && longest !== undefined;
  if (subwords && !(known && subwords.shape[0]! > 0 && subwords.shape[1] === length))
    return fail('its rows of n-grams do not fit its vectors');
  let end = 0;
  const parts = [
    { tensor: vectors, size: 2 * count * length },
    ...(subwords ? [{ tensor: subwords, size: 2 * subwords.shape[0]! * length }] : []),
    { tensor: scales, size: 4 * (count + (subwords?.shape[0] ?? 0)) },
    { tensor: slots, size: 4 * slots.shape[0]! },
    { tensor: offsets, size: 4 * (count + 1) },
    { tensor: words, size: words.shape[0]! },
  ];
  for (const part of parts) {
    const [from, to] = part.tensor.data_offsets;
    if (from !== end || to !== end + part.size) return fail('its parts do not fit each other');
    end = to;
  }
  if ((slots.shape[0]! & (slots.shape[0]! - 1)) !== 0 || slots.shape[0]! <= count)
    return fail(`its hash table of ${slots.shape[0]} slots does not fit ${count} words`);
  if (size !== HEADER_BYTES + end) return fail(`it has ${size} bytes in place of ${HEADER_BYTES + end}`);
  return parsed.data;
}

function readBytes(file: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  // Not filled with zeros first, which would take as long as reading.
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const read = readSync(file, bytes, done, Math.min(1 << 28, length - done), position + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
