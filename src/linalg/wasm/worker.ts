/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly index: number;
  readonly threads: number;
}

/** What a worker says: that it is ready, that it finished a call as the last one, or what went wrong. */
export type WorkerMessage = 'ready' | 'done' | { readonly error: string };

/** A worker, whichever runtime it runs in. */
export interface SpawnedWorker {
  /** Keeps the process alive. */
  hold(): void;
  /** Lets the process end. */
  release(): void;
  end(): Promise<void>;
}

/**
 * The program of a worker. It is started from its source text (`workerSource`), so that no bundler or file layout
 * has to know about it; therefore it must not refer to anything outside itself. After the start it never returns to
 * its event loop: it sleeps in shared memory until the next call, which wakes it in a few microseconds.
 */
function work(start: WorkerStart, post: (message: WorkerMessage) => void): void {
  const { exports } = new WebAssembly.Instance(start.module, { env: { memory: start.memory } });
  const kernels = exports as { start(index: number, threads: number): void; run(operation: number): void };
  // Addresses as in layout.ts, in units of 4 bytes: call, operation, how many still run.
  const control = new Int32Array(start.memory.buffer, 0, 8);
  kernels.start(start.index, start.threads);
  post('ready');
  for (let seen = 0; ; ) {
    // Woken now and then in any case, so that a request to end is never missed.
    Atomics.wait(control, 0, seen, 1000);
    const call = Atomics.load(control, 0);
    if (call === seen) continue;
    seen = call;
    const operation = Atomics.load(control, 2);
    if (operation < 0) return;
    try {
      kernels.run(operation);
    } catch (error) {
      // The others may wait for this one inside the call: the engine ends them all.
      post({ error: String(error) });
      return;
    }
    if (Atomics.sub(control, 4, 1) === 1) post('done');
  }
}

/** Source text of a worker for Node (worker_threads) or a browser (a classic Web Worker). */
export function workerSource(node: boolean): string {
  if (node)
    return `const { parentPort, workerData } = require('node:worker_threads');
(${work})(workerData, (message) => parentPort.postMessage(message));`;
  return `onmessage = (event) => (${work})(event.data, (message) => postMessage(message));`;
}
