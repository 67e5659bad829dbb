import { CovistaError } from '../../base/errors.ts';
import type { Floats } from '../matrix.ts';
import { HEAP } from './layout.ts';

const PAGE = 65536;

/** The most that a WebAssembly memory can have, in bytes. */
const MOST_BYTES = 2 ** 32;

/** What is to be computed has no room in the memory of the kernels. */
export class OutOfKernelMemory extends CovistaError {}

/** The WebAssembly memory of an engine, and which parts of it are in use. Addresses are in bytes, multiples of 64. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  readonly #most: number;
  /** Parts in use, by address. */
  readonly #used: { start: number; end: number }[] = [];
  /** Every buffer object that the memory has had: views of matrices may be over earlier, shorter ones. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

  /** @param most how many bytes it may have */
  constructor(shared: boolean, most = MOST_BYTES) {
    this.shared = shared;
    // Kernels are compiled for a maximum of 4 GiB, and a shared memory's maximum must be the same.
    this.memory = new WebAssembly.Memory({ initial: 2, maximum: MOST_BYTES / PAGE, shared });
    this.#most = most;
    this.#buffers.add(this.memory.buffer);
  }

  /**
   * Reserves memory; its content is undefined.
   * @throws OutOfKernelMemory (a CovistaError `numeric`) when less than that is left
   */
  allocate(bytes: number): number {
    const size = Math.max(64, Math.ceil(bytes / 64) * 64);
    let start = HEAP;
    let position = 0;
    for (; position < this.#used.length; position++) {
      const part = this.#used[position]!;
      if (part.start - start >= size) break;
      start = part.end;
    }
    // 64 bytes more than asked, since kernels may read a vector past the end.
    const missing = start + size + 64 - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        if (start + size + 64 > this.#most)
          throw new RangeError(`The memory is limited to ${this.#most} bytes.`);
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        throw new OutOfKernelMemory('numeric', `The engine has no ${bytes} bytes left in its memory.`, {
          hint: 'use fewer features or the engine "native"',
          cause,
        });
      }
      this.#buffers.add(this.memory.buffer);
    }
    this.#used.splice(position, 0, { start, end: start + size });
    return start;
  }

  free(address: number): void {
    const position = this.#used.findIndex((part) => part.start === address);
    if (position >= 0) this.#used.splice(position, 1);
  }

  /** Where data lies in this memory, or undefined when it lies elsewhere. */
  addressOf(data: Floats): number | undefined {
    return this.#buffers.has(data.buffer) ? data.byteOffset : undefined;
  }

  f64(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }

  i32(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }
}
