import { Buffer } from 'node:buffer';

/**
 * A stream as one buffer that moves along it: readers look for the end of the next entry, take it, and ask for
 * more bytes when it is not there yet.
 */
export class ByteInput {
  /** What is read and not yet taken. Changes with every call of {@link ByteInput.more}. */
  bytes: Buffer = Buffer.alloc(0);
  /** How many bytes were read in all. */
  total = 0;
  private readonly source: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Drops `taken` bytes and reads on; false at the end of the stream. */
  async more(taken: number): Promise<boolean> {
    const { done, value } = await this.source.next();
    const rest = this.bytes.subarray(taken);
    if (done) {
      this.bytes = rest;
      return false;
    }
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.total += chunk.length;
    this.bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    return true;
  }
}
