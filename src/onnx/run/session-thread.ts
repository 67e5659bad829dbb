import { Worker } from 'node:worker_threads';
import { CovistaError } from '../../base/errors.ts';
import { adviseNativeRuntime } from './onnx-runtime.ts';

/** How an ONNX network is run. */
export interface SessionSettings {
  /** Path of an ONNX file, or its bytes. */
  readonly model: string | Uint8Array;
  /** What computes: `cpu`, `wasm`, `cuda`, `coreml`, `dml`, `webgpu` ...; the processor when left out. */
  readonly provider?: string | undefined;
  /** Threads of one operation; the runtime decides when left out. */
  readonly threads?: number | undefined;
}

/** An input of a network as the runtime describes it; names stand for sizes that may vary. */
interface SessionInput {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** What a network takes and makes. */
export interface SessionInfo {
  readonly inputs: readonly SessionInput[];
  readonly outputs: readonly string[];
  /** What runs it. */
  readonly runtime: 'onnxruntime-node' | 'onnxruntime-web';
}

/** What a session's worker answers. */
export type SessionReply =
  | { readonly kind: 'ready'; readonly info: SessionInfo }
  | { readonly kind: 'result'; readonly id: number; readonly result: Float32Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  /** Everything that was asked has been answered, and the network released. */
  | { readonly kind: 'closed' };

/** What a session's worker is asked. */
export type SessionRequest<Request> = { readonly id: number; readonly request: Request } | 'close';

type Settle = { resolve: (result: Float32Array) => void; reject: (error: Error) => void };

/** An ONNX network on a thread of its own: inference blocks the thread that it runs on. */
export class SessionThread<Request> {
  readonly info: SessionInfo;
  readonly #worker: Worker;
  readonly #name: string;
  readonly #pending: Map<number, Settle>;
  #nextId = 0;
  #closed: Promise<void> | undefined;
  /** Why the thread ended, once it has. */
  #failure: CovistaError | undefined;

  private constructor(worker: Worker, name: string, pending: Map<number, Settle>, info: SessionInfo) {
    this.#worker = worker;
    this.#name = name;
    this.#pending = pending;
    this.info = info;
  }

  /** How many requests it has not answered yet. */
  get waiting(): number {
    return this.#pending.size;
  }

  /**
   * Loads a network in a new worker thread.
   * @param worker module that calls `serveSession`, without its extension
   * @throws CovistaError `bad-format` when the runtime does not accept it
   */
  static open<Request>(worker: URL, settings: SessionSettings): Promise<SessionThread<Request>> {
    const name = typeof settings.model === 'string' ? settings.model : 'the network';
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    // Flags of the process, such as --input-type, may not fit the worker.
    const thread = new Worker(new URL(`${worker.href}${extension}`), { workerData: settings, execArgv: [] });
    const pending = new Map<number, Settle>();
    return new Promise((resolve, reject) => {
      let opened: SessionThread<Request> | undefined;
      const fail = (cause: Error | undefined) => {
        const reason = cause === undefined ? 'its thread ended' : cause.message;
        const error = new CovistaError('bad-format', `${name} cannot be run: ${reason}`, {
          hint: 'Check that it is a complete ONNX model whose operators onnxruntime knows.',
          cause,
        });
        reject(error);
        if (opened) opened.#failure ??= error;
        for (const settle of pending.values()) settle.reject(error);
        pending.clear();
      };
      thread.on('error', fail);
      thread.on('exit', () => fail(undefined));
      thread.on('message', (reply: SessionReply) => {
        if (reply.kind === 'ready') {
          // An idle session does not keep the process alive.
          thread.unref();
          opened = new SessionThread<Request>(thread, name, pending, reply.info);
          if (reply.info.runtime === 'onnxruntime-web' && settings.provider !== 'wasm')
            void adviseNativeRuntime();
          resolve(opened);
          return;
        }
        if (reply.kind === 'closed') {
          void thread.terminate();
          return;
        }
        const settle = pending.get(reply.id)!;
        pending.delete(reply.id);
        // While it closes, it keeps the process alive until it has ended: somebody may wait for that.
        if (pending.size === 0 && opened!.#closed === undefined) thread.unref();
        if (reply.kind === 'result') settle.resolve(reply.result);
        else settle.reject(new CovistaError('bad-format', `${name} failed on a batch: ${reply.reason}`));
      });
    });
  }

  /**
   * Runs the network.
   * @param transfer memory of the request that moves to the worker
   */
  run(request: Request, transfer: ArrayBuffer[] = []): Promise<Float32Array> {
    if (this.#closed)
      return Promise.reject(new CovistaError('usage', `${this.#name} is used after it was closed.`));
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      const message: SessionRequest<Request> = { id, request };
      this.#worker.postMessage(message, transfer);
    });
  }

  /** Lets what is running finish, then ends the thread. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#failure) {
        resolve();
        return;
      }
      this.#worker.ref();
      this.#worker.once('exit', () => resolve());
      this.#worker.postMessage('close');
    });
    return this.#closed;
  }
}
