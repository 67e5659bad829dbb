import { createReadStream } from 'node:fs';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import { openForReading } from '../open-file.ts';
import { encodingOf } from './text-file.ts';

const longestElement = 64 * 1024 * 1024;

/**
 * Goes through the elements of the arrays directly inside a JSON file's top-level object (or of its top-level
 * array) one at a time, so that annotation files of any size are read without being held as a whole.
 * @param onElement receives the array's key (empty for a top-level array), the element, and its position
 * @throws CovistaError `bad-format` naming the file and the array when it is not JSON or ends too early
 */
export async function readJsonArrays(
  path: string,
  onElement: (key: string, element: unknown, index: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  await (await openForReading(path)).close();
  const scanner = new ArrayScanner(path, onElement);
  let utf16: TextDecoder | undefined;
  let first = true;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    throwIfAborted(signal);
    const encoding = first ? encodingOf(chunk) : undefined;
    if (encoding?.startsWith('utf-16')) utf16 = new TextDecoder(encoding);
    first = false;
    scanner.add(utf16 === undefined ? chunk : Buffer.from(utf16.decode(chunk, { stream: true })));
  }
  scanner.end();
}

/** Finds where elements begin and end by counting brackets; what is in an element is JSON.parse's work. */
class ArrayScanner {
  readonly #path: string;
  readonly #onElement: (key: string, element: unknown, index: number) => void;
  #depth = 0;
  /** Depth of the array being gone through; 0 outside of one. */
  #arrayDepth = 0;
  #key = '';
  #index = 0;
  #inString = false;
  #escaped = false;
  #started = false;
  #topLevelText: number[] = [];
  /** Bytes of an element that began in an earlier chunk. */
  #carried: Buffer = Buffer.alloc(0);

  constructor(path: string, onElement: (key: string, element: unknown, index: number) => void) {
    this.#path = path;
    this.#onElement = onElement;
  }

  add(chunk: Buffer): void {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) this.#inString = false;
        else if (this.#depth === 1 && this.#arrayDepth === 0 && this.#topLevelText.length < 256)
          this.#topLevelText.push(byte);
      } else if (byte === 0x22) {
        this.#inString = true;
        if (this.#depth === 1 && this.#arrayDepth === 0) this.#topLevelText = [];
      } else if (byte === 0x7b || byte === 0x5b) {
        if (byte === 0x5b && this.#arrayDepth === 0 && this.#depth < 2) {
          this.#arrayDepth = this.#depth + 1;
          this.#key = Buffer.from(this.#topLevelText).toString();
          this.#index = 0;
          start = i + 1;
        }
        this.#depth++;
        this.#started = true;
      } else if (byte === 0x7d || byte === 0x5d) {
        if (this.#depth === this.#arrayDepth) {
          this.#finishElement(chunk.subarray(start, i));
          this.#arrayDepth = 0;
        }
        this.#depth--;
        if (this.#depth < 0) throw this.#bad('a bracket closes that was not opened');
      } else if (byte === 0x2c && this.#arrayDepth > 0 && this.#depth === this.#arrayDepth) {
        this.#finishElement(chunk.subarray(start, i));
        start = i + 1;
      }
    }
    if (this.#arrayDepth > 0) {
      this.#carried = Buffer.concat([this.#carried, chunk.subarray(start)]);
      if (this.#carried.length > longestElement)
        throw this.#bad(`an element is longer than ${longestElement} bytes`);
    }
  }

  end(): void {
    if (!this.#started) throw this.#bad('there is neither an object nor a list');
    if (this.#depth > 0) throw this.#bad('it ends before its brackets are closed: it may be truncated');
  }

  #finishElement(rest: Buffer): void {
    const bytes = this.#carried.length === 0 ? rest : Buffer.concat([this.#carried, rest]);
    this.#carried = Buffer.alloc(0);
    const text = bytes.toString('utf8');
    let element: unknown;
    try {
      element = JSON.parse(text);
    } catch (error) {
      // An empty list has no element between its brackets.
      if (text.trim() === '' && this.#index === 0) return;
      throw this.#bad((error as Error).message);
    }
    this.#onElement(this.#key, element, this.#index++);
  }

  #bad(why: string): CovistaError {
    const where = this.#arrayDepth === 0 ? '' : ` (${this.#key}[${this.#index}])`;
    return new CovistaError('bad-format', `${this.#path} is not valid JSON${where}: ${why}.`, {
      hint: 'Fetch or export it again.',
    });
  }
}
