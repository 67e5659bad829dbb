import type { Floats, Matrix } from '../matrix.ts';
import type { operations } from './layout.ts';
import type { KernelMemory } from './memory.ts';
import type { Threads } from './threads.ts';

/** Memory and threads of an engine. Calls take turns: each has the threads for itself from begin to end. */
export class Session {
  readonly memory: KernelMemory;
  readonly threads: Threads;
  #last: Promise<unknown> = Promise.resolve();

  constructor(memory: KernelMemory, threads: Threads) {
    this.memory = memory;
    this.threads = threads;
  }

  /** Runs `body` once all earlier calls are through; what it allocates is freed at its end. */
  call<T>(body: (scope: Scope) => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      const scope = new Scope(this.memory, this.threads);
      try {
        return await body(scope);
      } finally {
        scope.end();
      }
    });
    this.#last = result.catch(() => {});
    return result;
  }

  /** See Engine.hold. A memory that is not shared moves when it grows, so that nothing can be held in it. */
  async hold<M extends Matrix>(m: M): Promise<M> {
    if (!this.memory.shared || m.data.length === 0) return m;
    let address: number;
    try {
      address = this.memory.allocate(m.data.byteLength);
    } catch {
      return m;
    }
    const { length } = m.data;
    const data =
      m.data instanceof Float64Array ? this.memory.f64(address, length) : this.memory.f32(address, length);
    data.set(m.data);
    return { ...m, data };
  }

  /** See Engine.release. */
  async release(m: Matrix): Promise<void> {
    const address = this.memory.addressOf(m.data);
    if (address !== undefined) this.memory.free(address);
  }
}

/** What one call works with. */
export class Scope {
  readonly memory: KernelMemory;
  readonly threads: number;
  readonly #run: Threads['run'];
  readonly #parts: number[] = [];

  constructor(memory: KernelMemory, threads: Threads) {
    this.memory = memory;
    this.threads = threads.count;
    this.#run = threads.run;
  }

  allocate(bytes: number): number {
    const address = this.memory.allocate(bytes);
    this.#parts.push(address);
    return address;
  }

  /** Frees an allocation before the call ends. */
  free(address: number): void {
    const position = this.#parts.indexOf(address);
    if (position < 0) return;
    this.#parts.splice(position, 1);
    this.memory.free(address);
  }

  /** The address of a matrix: where it is held, or of a copy. */
  place(m: Matrix): number {
    return this.memory.addressOf(m.data) ?? this.copy(m);
  }

  /** The address of a copy of a matrix. */
  copy(m: Matrix): number {
    const address = this.allocate(m.data.byteLength);
    this.write(address, m.data);
    return address;
  }

  write(address: number, data: Floats): void {
    if (data instanceof Float64Array) this.memory.f64(address, data.length).set(data);
    else this.memory.f32(address, data.length).set(data);
  }

  /** A copy of float64 numbers, outside this memory. */
  read64(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.f64(address, length));
  }

  /** See Threads.run; `workspace` is where products pack their operands. */
  run(
    operation: keyof typeof operations,
    workspace: Workspace,
    args: readonly number[],
    signal?: AbortSignal,
  ): Promise<number> {
    return this.#run(operation, [workspace.address, workspace.bytes, ...args], signal);
  }

  /** Room for packed operands: for `panels` rows and columns over as many steps as fit. */
  workspace(bytes: number): Workspace {
    return { address: this.allocate(bytes), bytes };
  }

  end(): void {
    for (const address of this.#parts.splice(0)) this.memory.free(address);
  }
}

/** Where products pack their operands. */
export interface Workspace {
  readonly address: number;
  readonly bytes: number;
}
