import { CovistaError } from '../../base/errors.ts';
import { AGREED, ARGUMENTS, CALL, NEXT, OPERATION, operations, RUNNING, STATUS, STOP } from './layout.ts';
import type { KernelMemory } from './memory.ts';
import { spawnWorker as spawnInBrowser } from './spawn-browser.ts';
import { spawnWorker as spawnInNode } from './spawn-node.ts';
import type { SpawnedWorker, WorkerMessage } from './worker.ts';

/** Runs operations of the kernels on all threads at once; one operation at a time. */
export interface Threads {
  readonly count: number;
  /** @returns the status that the operation left, 0 for success */
  run(operation: keyof typeof operations, args: readonly number[], signal?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

function writeCall(memory: KernelMemory, args: readonly number[]): void {
  const slots = memory.u32(ARGUMENTS, 2 * args.length);
  for (let i = 0; i < args.length; i++) slots[2 * i] = args[i]!;
  const control = memory.i32(0, 128);
  Atomics.store(control, NEXT / 4, 0);
  Atomics.store(control, STOP / 4, 0);
  Atomics.store(control, AGREED / 4, 0);
  Atomics.store(control, STATUS / 4, 0);
}

/** Everything on the calling thread. */
export async function oneThread(module: WebAssembly.Module, memory: KernelMemory): Promise<Threads> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory: memory.memory } });
  const kernels = exports as { start(index: number, threads: number): void; run(operation: number): void };
  kernels.start(0, 1);
  return {
    count: 1,
    run: async (operation, args) => {
      writeCall(memory, args);
      kernels.run(operations[operation]);
      return memory.i32(STATUS, 1)[0]!;
    },
    close: async () => {},
  };
}

/** Workers that are started once and sleep between calls. */
export async function workerThreads(
  module: WebAssembly.Module,
  memory: KernelMemory,
  count: number,
): Promise<Threads> {
  const inNode = typeof process === 'object' && process.versions?.node !== undefined;
  const spawn = inNode ? spawnInNode : spawnInBrowser;
  const control = memory.i32(0, 128);
  let ready = 0;
  let waiting = Promise.withResolvers<void>();
  /** Once there is one, no call can succeed: the other workers may wait for one that is gone. */
  let failure: CovistaError | undefined;
  const workers: SpawnedWorker[] = [];
  const end = async (reason: CovistaError) => {
    failure ??= reason;
    waiting.reject(failure);
    await Promise.all(workers.map((worker) => worker.end()));
  };
  const onMessage = (message: WorkerMessage) => {
    if (typeof message === 'object')
      void end(
        new CovistaError('numeric', `A worker of the engine failed: ${message.error}`, {
          hint: 'create another engine',
        }),
      );
    else if (message === 'done' || ++ready === count) waiting.resolve();
  };
  for (let index = 0; index < count; index++)
    workers.push(spawn({ module, memory: memory.memory, index, threads: count }, onMessage));
  await waiting.promise;
  for (const worker of workers) worker.release();
  return {
    count,
    run: async (operation, args, signal) => {
      if (failure) throw failure;
      writeCall(memory, args);
      waiting = Promise.withResolvers();
      const stop = () => Atomics.store(control, STOP / 4, 1);
      signal?.addEventListener('abort', stop);
      workers[0]!.hold();
      try {
        Atomics.store(control, OPERATION / 4, operations[operation]);
        Atomics.store(control, RUNNING / 4, count);
        Atomics.add(control, CALL / 4, 1);
        Atomics.notify(control, CALL / 4);
        await waiting.promise;
      } finally {
        workers[0]!.release();
        signal?.removeEventListener('abort', stop);
      }
      return Atomics.load(control, STATUS / 4);
    },
    close: () => end(new CovistaError('usage', 'The engine is closed.')),
  };
}
