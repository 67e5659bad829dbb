import type { RunSettings } from '../models/run-settings.ts';
import { type SessionSettings, SessionThread } from '../models/session-thread.ts';
import type { Preprocessing } from './preprocessing.ts';

/** A network that takes pictures. */
export interface PictureNetwork {
  /** Path of an ONNX file, or its bytes. */
  readonly model: string | Uint8Array;
  readonly input: string;
  readonly outputs: readonly string[];
  readonly preprocessing: Preprocessing;
}

/** What a session's worker is started with. */
export type PictureSessionSettings = PictureNetwork & SessionSettings;

/** One batch to run: `count` is what the network is told, at least the number of pictures. */
export interface BatchRequest {
  readonly pixels: readonly Uint8Array<ArrayBuffer>[];
  readonly count: number;
}

/** A network that runs on pictures in one or more threads. */
export class PictureSessions {
  /** The only batch size that the network takes, or -1 when it takes any. */
  readonly fixedBatch: number;
  readonly #threads: readonly SessionThread<BatchRequest>[];

  private constructor(threads: readonly SessionThread<BatchRequest>[], input: string) {
    this.#threads = threads;
    const size = threads[0]!.info.inputs.find(({ name }) => name === input)?.shape[0];
    this.fixedBatch = typeof size === 'number' ? size : -1;
  }

  /**
   * Loads a network, once for each session that the settings ask for.
   * @throws CovistaError `bad-format` when the runtime does not accept it
   */
  static async open(
    network: PictureNetwork,
    { provider, threads, sessions = 1 }: RunSettings,
  ): Promise<PictureSessions> {
    const settings: PictureSessionSettings = { ...network, provider, threads };
    const worker = new URL('./onnx.worker', import.meta.url);
    const opening = Array.from({ length: sessions }, () =>
      SessionThread.open<BatchRequest>(worker, settings),
    );
    const opened = await Promise.allSettled(opening);
    const threadsOpened = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (threadsOpened.length < sessions) {
      await Promise.all(threadsOpened.map((thread) => thread.close()));
      throw opened.find((one) => one.status === 'rejected')!.reason;
    }
    return new PictureSessions(threadsOpened, network.input);
  }

  /** How many threads run the network. */
  get count(): number {
    return this.#threads.length;
  }

  /**
   * Runs the network on pictures, whose memory moves to a worker.
   * @param pixels each height x width x 3 bytes, RGB
   * @returns one row of features a picture
   */
  run(pixels: readonly Uint8Array<ArrayBuffer>[]): Promise<Float32Array> {
    const free = this.#threads.reduce((one, other) => (other.waiting < one.waiting ? other : one));
    const request = { pixels, count: Math.max(this.fixedBatch, pixels.length) };
    return free.run(
      request,
      pixels.map((picture) => picture.buffer),
    );
  }

  /** Lets what is running finish, then ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
