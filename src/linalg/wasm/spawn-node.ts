import { type SpawnedWorker, type WorkerMessage, type WorkerStart, workerSource } from './worker.ts';

/**
 * Starts a worker thread of Node that keeps the process alive only while it is told to (`hold`). Node is asked for its
 * threads when they are needed: a bundler for browsers would stop at an import of them.
 */
export function spawnWorker(start: WorkerStart, onMessage: (message: WorkerMessage) => void): SpawnedWorker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(workerSource(true), { eval: true, workerData: start, execArgv: [] });
  worker.on('message', onMessage);
  worker.on('error', (error) => onMessage({ error: String(error) }));
  worker.on('exit', () => onMessage({ error: 'it ended' }));
  return {
    hold: () => worker.ref(),
    release: () => worker.unref(),
    end: async () => {
      await worker.terminate();
    },
  };
}
