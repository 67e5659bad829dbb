import { Buffer, isUtf8 } from 'node:buffer';
import { closeSync, openSync, writeSync } from 'node:fs';
import { CovistaError } from '../../base/errors.ts';
import { findWord, WordIndexBuilder } from './word-vector-index.ts';
import { toScaledHalf } from './word-vector-rows.ts';
import type { Subwords } from './word-vector-subwords.ts';

/** Why an entry of a vector file was left out. */
export type SkipReason = 'malformed' | 'wrong length' | 'duplicate' | 'word with spaces' | 'not UTF-8';

/** What was left out for one reason: how often, and the first few as they can be shown. */
export interface Skipped {
  readonly reason: SkipReason;
  readonly count: number;
  readonly examples: readonly string[];
}

/** Which words of a large file to keep; all, when nothing is said. */
export interface KeepWords {
  /** The first so many, which in published files are the most frequent ones. */
  readonly limit?: number;
  /** And these, wherever they are. */
  readonly words?: readonly string[];
}

/** How a reader asks for the writer, when it has learnt the size of the vectors. */
export type OpenWriter = (
  size: number,
  about?: {
    /** How many words the file says that it holds. */
    readonly announced?: number;
    /** That rows of n-grams follow those of the words. */
    readonly subwords?: Subwords;
  },
) => WordVectorWriter;

/** Room for the header, which is written last, when all sizes are known; the rest of it is spaces. */
export const HEADER_BYTES = 4096;
export const FORMAT_NAME = 'covista-word-vectors-';
/** Changes with what a conversion makes of a file, so that older files in the cache are not used. */
export const FORMAT_VERSION = 2;
export const FORMAT = `${FORMAT_NAME}${FORMAT_VERSION}`;
const BUFFERED_VALUES = 1 << 19;
const EXAMPLES = 3;

/**
 * Writes word vectors as they come into the compact format: a safetensors file with the tensors `vectors` (F16,
 * words x size), `slots` and `offsets` (U32) and `words` (U8), which are described at `WordIndexData`, and for
 * fastText's n-grams `subwords` (F16, buckets x size). Vector i, those of n-grams counted behind those of words, is its
 * row times the power of two `scales[i]` (F32). Only the words and some megabytes of vectors are in memory.
 */
export class WordVectorWriter {
  readonly size: number;
  /** How many words the reader asked about or passed over. */
  read = 0;
  private asked = 0;
  private readonly file: number;
  private readonly index = new WordIndexBuilder();
  private readonly buffered: Float32Array;
  private used = 0;
  /** The scales of the rows that were written, as parts. */
  private readonly scales: Float32Array[] = [];
  private hasNumbers = false;
  private subwordCount = 0;
  private readonly subwords: Subwords | undefined;
  private readonly limit: number;
  private readonly wanted: WordIndexBuilder | undefined;
  private readonly skips = new Map<SkipReason, { count: number; examples: string[] }>();

  /**
   * @param path the file to write
   * @param size length of each vector
   * @param options `keep`: which words; `subwords`: that rows of n-grams follow
   */
  constructor(path: string, size: number, options: { keep?: KeepWords; subwords?: Subwords } = {}) {
    this.size = size;
    this.subwords = options.subwords;
    const { limit, words } = options.keep ?? {};
    this.limit = limit ?? (words ? 0 : Number.POSITIVE_INFINITY);
    if (words) {
      this.wanted = new WordIndexBuilder();
      for (const word of words) this.wanted.add(Buffer.from(word));
    }
    this.buffered = new Float32Array(Math.max(1, Math.floor(BUFFERED_VALUES / size)) * size);
    this.file = openSync(path, 'wx');
    writeSync(this.file, Buffer.alloc(HEADER_BYTES, ' '));
  }

  /** How many words there are so far. */
  get count(): number {
    return this.index.count;
  }

  /** Whether nothing that may still come is to be kept. */
  get full(): boolean {
    return this.asked >= this.limit && this.wanted === undefined;
  }

  /** Whether to keep this word; asked once for each word, in the order of the file. */
  wants(word: Uint8Array): boolean {
    this.read++;
    this.asked++;
    return this.asked <= this.limit || (this.wanted !== undefined && findWord(this.wanted.data(), word) >= 0);
  }

  /** Counts a word of another language. */
  passOver(): void {
    this.read++;
  }

  /** Where the next vector belongs: fill it (all `size` values), then {@link WordVectorWriter.add} its word. */
  next(): Float32Array {
    return this.buffered.subarray(this.used, this.used + this.size);
  }

  /** Keeps the vector in {@link WordVectorWriter.next} for a word, unless the word is a duplicate or no UTF-8. */
  add(word: Uint8Array): void {
    if (!isUtf8(word)) {
      this.skip('not UTF-8', word);
    } else if (!this.index.add(word)) {
      this.skip('duplicate', word);
    } else {
      this.advance();
    }
  }

  /** Keeps the vector in {@link WordVectorWriter.next} for the next n-gram; all of them come after the words. */
  addSubword(): void {
    this.subwordCount++;
    this.advance();
  }

  /** Counts an entry that is left out. */
  skip(reason: SkipReason, entry: Uint8Array): void {
    const skipped = this.skips.get(reason) ?? { count: 0, examples: [] };
    this.skips.set(reason, skipped);
    skipped.count++;
    if (skipped.examples.length < EXAMPLES)
      skipped.examples.push(Buffer.from(entry.subarray(0, 40)).toString('utf8'));
  }

  /** What was left out so far. */
  skipped(): Skipped[] {
    return [...this.skips].map(([reason, { count, examples }]) => ({ reason, count, examples }));
  }

  /**
   * Writes what is buffered, the index and the header.
   * @param id what the vectors are called
   * @param name of what was read, for messages
   * @throws CovistaError `bad-format` when there are no vectors, or all of them are zero
   */
  finish(id: string, name = id): void {
    if (this.count === 0) {
      const left = this.skipped().map(
        ({ reason, count, examples }) =>
          `${count} left out (${reason}), such as ${JSON.stringify(examples[0])}`,
      );
      throw new CovistaError('bad-format', `There are no word vectors in ${[name, ...left].join('; ')}.`);
    }
    this.flush();
    if (!this.hasNumbers)
      throw new CovistaError(
        'bad-format',
        `All numbers of the ${this.count} word vectors in ${name} are zero.`,
        {
          hint: 'Numbers below 1e-45 count as zero, as float32 cannot hold them.',
        },
      );
    const { words, offsets, slots } = this.index.data();
    const metadata: Record<string, string> = { format: FORMAT, id, hash: 'fnv1a-32' };
    const header: Record<string, unknown> = { __metadata__: metadata };
    let end = 0;
    const rows = (name: string, count: number): void => {
      const start = end;
      end += 2 * count * this.size;
      header[name] = { dtype: 'F16', shape: [count, this.size], data_offsets: [start, end] };
    };
    rows('vectors', this.count);
    if (this.subwords) {
      rows('subwords', this.subwordCount);
      metadata.shortest = String(this.subwords.shortest);
      metadata.longest = String(this.subwords.longest);
    }
    const scales = new Float32Array(this.count + this.subwordCount);
    let row = 0;
    for (const part of this.scales) {
      scales.set(part, row);
      row += part.length;
    }
    const parts = [
      ['scales', 'F32', scales],
      ['slots', 'U32', slots],
      ['offsets', 'U32', offsets],
      ['words', 'U8', words],
    ] as const;
    for (const [name, dtype, data] of parts) {
      header[name] = { dtype, shape: [data.length], data_offsets: [end, end + data.byteLength] };
      end += data.byteLength;
      writeAll(this.file, data);
    }
    const json = JSON.stringify(header);
    const start = Buffer.alloc(HEADER_BYTES, ' ');
    start.writeBigUInt64LE(BigInt(HEADER_BYTES - 8));
    start.write(json, 8);
    if (8 + Buffer.byteLength(json) > HEADER_BYTES)
      throw new CovistaError('usage', `The name of the word vectors is too long: ${id}.`);
    writeSync(this.file, start, 0, HEADER_BYTES, 0);
  }

  /** Ends the work, finished or not. */
  close(): void {
    closeSync(this.file);
  }

  private advance(): void {
    this.used += this.size;
    if (this.used === this.buffered.length) this.flush();
  }

  private flush(): void {
    const values = this.buffered.subarray(0, this.used);
    this.hasNumbers ||= values.some((value) => value !== 0);
    const { bits, scales } = toScaledHalf(values, this.size);
    writeAll(this.file, bits);
    this.scales.push(scales);
    this.used = 0;
  }
}

function writeAll(file: number, data: Uint8Array | Uint16Array | Uint32Array | Float32Array): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, Math.min(1 << 26, bytes.length - done));
}
