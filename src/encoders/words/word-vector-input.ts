import { Buffer } from 'node:buffer';

/**
 * A stream as a buffer that moves along it: readers look for the end of the next entry, move `position` behind
 * it, and ask for more bytes when it is not there yet.
 */
export class ByteInput {
  /** What was read, from some position of the stream on; another buffer after each {@link ByteInput.more}. */
  bytes: Buffer = Buffer.alloc(0);
  /** Up to here the bytes are done with. */
  position = 0;
  private readonly source: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Drops the bytes before `position`, which becomes 0, and reads on; false at the end of the stream. */
  async more(): Promise<boolean> {
    const { done, value } = await this.source.next();
    const rest = this.bytes.subarray(this.position);
    this.position = 0;
    this.bytes = rest;
    if (done) return false;
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    return true;
  }

  /** Reads until so many bytes are there behind `position`; false when the stream ends before. */
  async need(length: number): Promise<boolean> {
    while (this.bytes.length - this.position < length) if (!(await this.more())) return false;
    return true;
  }

  /** Closes the source before its end. */
  async close(): Promise<void> {
    await this.source.return?.();
  }
}
