import { Worker } from 'node:worker_threads';
import { CovistaError } from '../errors.ts';
import type { Preprocessing } from './preprocessing.ts';

/** What a session's worker is started with. */
export interface SessionSettings {
  /** Path of an ONNX file, or its bytes. */
  readonly model: string | Uint8Array;
  readonly input: string;
  readonly outputs: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Threads of one operation; the runtime decides when left out. */
  readonly threads: number | undefined;
}

/** One batch to run: `count` is what the network is told, at least the number of pictures. */
export interface BatchRequest {
  readonly id: number;
  readonly pixels: readonly Uint8Array<ArrayBuffer>[];
  readonly count: number;
}

/** What the worker answers. */
export type SessionReply =
  | { readonly kind: 'ready'; readonly fixedBatch: number }
  | { readonly kind: 'features'; readonly id: number; readonly features: Float32Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };

type Settle = { resolve: (features: Float32Array) => void; reject: (error: Error) => void };

/** An ONNX network on a thread of its own. */
export class OnnxSession {
  /** The only batch size that the network takes, or -1 when it takes any. */
  readonly fixedBatch: number;
  readonly #worker: Worker;
  readonly #name: string;
  readonly #pending: Map<number, Settle>;
  #nextId = 0;
  #closed: Promise<void> | undefined;
  /** Why the thread ended, once it has. */
  #failure: CovistaError | undefined;

  private constructor(worker: Worker, name: string, pending: Map<number, Settle>, fixedBatch: number) {
    this.#worker = worker;
    this.#name = name;
    this.#pending = pending;
    this.fixedBatch = fixedBatch;
  }

  /**
   * Loads a network in a new worker thread.
   * @throws CovistaError `bad-format` when the runtime does not accept it
   */
  static open(settings: SessionSettings): Promise<OnnxSession> {
    const name = typeof settings.model === 'string' ? settings.model : 'the network';
    const file = import.meta.url.endsWith('.ts') ? './onnx.worker.ts' : './onnx.worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: settings });
    const pending = new Map<number, Settle>();
    return new Promise((resolve, reject) => {
      let opened: OnnxSession | undefined;
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
      worker.on('error', fail);
      worker.on('exit', () => fail(undefined));
      worker.on('message', (reply: SessionReply) => {
        if (reply.kind === 'ready') {
          // An idle session does not keep the process alive.
          worker.unref();
          opened = new OnnxSession(worker, name, pending, reply.fixedBatch);
          resolve(opened);
          return;
        }
        const settle = pending.get(reply.id)!;
        pending.delete(reply.id);
        if (pending.size === 0) worker.unref();
        if (reply.kind === 'features') settle.resolve(reply.features);
        else settle.reject(new CovistaError('bad-format', `${name} failed on a batch: ${reply.reason}`));
      });
    });
  }

  /**
   * Runs the network on pictures, whose memory moves to the worker.
   * @param pixels each height x width x 3 bytes, RGB
   * @returns one row of features a picture
   */
  run(pixels: readonly Uint8Array<ArrayBuffer>[]): Promise<Float32Array> {
    if (this.#closed) {
      return Promise.reject(new CovistaError('usage', `${this.#name} is used after it was closed.`));
    }
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    const count = Math.max(this.fixedBatch, pixels.length);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      const request: BatchRequest = { id, pixels, count };
      this.#worker.postMessage(
        request,
        pixels.map((picture) => picture.buffer),
      );
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
