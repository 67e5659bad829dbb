import { type SpawnedWorker, type WorkerMessage, type WorkerStart, workerSource } from './worker.ts';

/** Starts a Web Worker. */
export function spawnWorker(start: WorkerStart, onMessage: (message: WorkerMessage) => void): SpawnedWorker {
  const url = URL.createObjectURL(new Blob([workerSource(false)], { type: 'text/javascript' }));
  const worker = new Worker(url);
  worker.onmessage = (event: MessageEvent<WorkerMessage>) => onMessage(event.data);
  worker.onerror = (event) => onMessage({ error: event.message ?? 'the worker did not start' });
  worker.postMessage(start);
  return {
    hold: () => {},
    release: () => {},
    end: async () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
