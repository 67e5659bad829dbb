import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../files/cache.ts';
import { publish } from '../../files/publish.ts';
import { encodeTensorFile, TensorFile } from '../../linalg/index.ts';
import { type Matrix32, row, zeros32 } from '../../linalg/matrix.ts';
import type { SentenceEncoder } from '../../text/sentence-encoder.ts';

/** Texts in one file. */
const SEGMENT = 4096;

/** Fewer new texts than this, such as a few queries, are not worth a file. */
const SMALLEST = 256;

/** Numbers of other files than the newest that are in memory at a time. */
const LARGEST_MEMORY = 2 ** 26;

/** Rows that belong together: what one file holds, or will hold. */
interface Segment {
  readonly file: string | undefined;
  rows: number;
  /** Missing while it is not in memory. */
  values: Float32Array | undefined;
}

/** The vectors of texts by the texts' hashes, in files that are never changed, so that processes can share them. */
class SentenceCache implements SentenceEncoder {
  readonly id: string;
  readonly size: number;
  readonly #encoder: SentenceEncoder;
  readonly #folder: string;
  readonly #places = new Map<string, { segment: Segment; row: number }>();
  /** Those in memory, the least recently used first. */
  readonly #loaded = new Set<Segment>();
  #read: Promise<void> | undefined;
  #open: Segment;
  #openKeys: string[] = [];

  constructor(encoder: SentenceEncoder, folder: string) {
    this.id = encoder.id;
    this.size = encoder.size;
    this.#encoder = encoder;
    this.#folder = folder;
    this.#open = this.#newSegment();
  }

  /** Learns which texts the files hold. One that cannot be read is passed over: its texts are encoded again. */
  async #readKeys(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      if (!/^[\w-]+\.safetensors$/.test(name)) continue;
      const file = join(this.#folder, name);
      const found = await readSegment(file, this.size).catch(() => undefined);
      if (found === undefined) continue;
      const segment: Segment = { file, rows: found.keys.length, values: undefined };
      found.keys.forEach((key, position) => {
        this.#places.set(key, { segment, row: position });
      });
    }
  }

  async encode(texts: readonly string[]): Promise<Matrix32> {
    // A few queries are encoded sooner than the files are read.
    if (this.#read === undefined && texts.length < SMALLEST) return this.#encoder.encode(texts);
    this.#read ??= this.#readKeys();
    await this.#read;
    const keys = texts.map(keyOf);
    const missing = new Map<string, string>();
    keys.forEach((key, i) => {
      if (!this.#places.has(key)) missing.set(key, texts[i]!);
    });
    if (missing.size > 0) {
      const vectors = await this.#encoder.encode([...missing.values()]);
      for (const [i, key] of [...missing.keys()].entries()) await this.#add(key, row(vectors, i));
    }
    const result = zeros32(texts.length, this.size);
    for (const [i, key] of keys.entries()) {
      const { segment, row: position } = this.#places.get(key)!;
      const values = segment.values ?? (await this.#load(segment));
      row(result, i).set(values.subarray(position * this.size, (position + 1) * this.size));
    }
    return result;
  }

  async close(): Promise<void> {
    if (this.#openKeys.length >= SMALLEST) await this.#write();
    await this.#encoder.close();
  }

  #newSegment(): Segment {
    return { file: undefined, rows: 0, values: new Float32Array(SEGMENT * this.size) };
  }

  async #add(key: string, vector: Float32Array): Promise<void> {
    // Another call may have encoded the same text meanwhile.
    if (this.#places.has(key)) return;
    if (this.#open.rows === SEGMENT) await this.#write();
    this.#open.values!.set(vector, this.#open.rows * this.size);
    this.#places.set(key, { segment: this.#open, row: this.#open.rows++ });
    this.#openKeys.push(key);
  }

  /** Writes the newest segment, which then counts as one that was loaded. */
  async #write(): Promise<void> {
    const [segment, keys] = [this.#open, this.#openKeys];
    const file = join(this.#folder, `${randomUUID()}.safetensors`);
    this.#open = this.#newSegment();
    this.#openKeys = [];
    const data = segment.values!.subarray(0, segment.rows * this.size);
    const hashes = new Uint32Array(Uint8Array.from(Buffer.from(keys.join(''), 'latin1')).buffer);
    const bytes = encodeTensorFile(
      new Map([
        ['keys', { type: 'U32', shape: [keys.length, 4], data: hashes }],
        ['vectors', { type: 'F32', shape: [keys.length, this.size], data }],
      ]),
      { encoder: this.id },
    );
    await publish(file, (partial) => writeFile(partial, bytes));
    this.#remember(Object.assign(segment, { file }));
  }

  async #load(segment: Segment): Promise<Float32Array> {
    const { values } = await readSegment(segment.file!, this.size);
    segment.values = values;
    this.#remember(segment);
    return values;
  }

  #remember(segment: Segment): void {
    this.#loaded.delete(segment);
    this.#loaded.add(segment);
    while (this.#loaded.size > 1 && this.#loaded.size * SEGMENT * this.size > LARGEST_MEMORY) {
      const oldest = this.#loaded.values().next().value!;
      oldest.values = undefined;
      this.#loaded.delete(oldest);
    }
  }
}

/**
 * The same encoder, which keeps what it made in the cache folder and encodes no text twice.
 * @param folder where to; `sentences/` in the cache when left out
 */
export function cachedSentences(
  encoder: SentenceEncoder,
  folder = join(cacheFolder(), 'sentences'),
): SentenceEncoder {
  return new SentenceCache(encoder, join(folder, encoder.id.replaceAll(/[^\w.-]+/g, '-')));
}

/** The first 128 bits of a text's SHA-256, as a string of 16 characters. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest().toString('latin1', 0, 16);
}

async function readSegment(file: string, size: number): Promise<{ keys: string[]; values: Float32Array }> {
  const stored = TensorFile.decode(await readFile(file), file);
  const keys = stored.tensor('keys', 'U32', ['texts', 4]);
  const values = stored.tensor('vectors', 'F32', ['texts', size]);
  const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
  return {
    keys: Array.from({ length: keys.length / 4 }, (_, i) => bytes.toString('latin1', 16 * i, 16 * (i + 1))),
    values,
  };
}
