import type { RunSettings } from '../../onnx/run/run-settings.ts';
import { type SessionSettings, SessionThread } from '../../onnx/run/session-thread.ts';
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

/** A network that runs on pictures in one or more threads; further ones are opened when the first is busy. */
export class PictureSessions {
  /** The only batch size that the network takes, or -1 when it takes any. */
  readonly fixedBatch: number;
  /** How many threads run the network at most. */
  readonly count: number;
  readonly #settings: PictureSessionSettings;
  readonly #threads: SessionThread<BatchRequest>[];
  readonly #opening: Promise<void>[] = [];
  #closed = false;

  private constructor(settings: PictureSessionSettings, first: SessionThread<BatchRequest>, count: number) {
    this.#settings = settings;
    this.#threads = [first];
    this.count = count;
    const size = first.info.inputs.find(({ name }) => name === settings.input)?.shape[0];
    this.fixedBatch = typeof size === 'number' ? size : -1;
  }

  /**
   * Loads a network.
   * @throws CovistaError `bad-format` when the runtime does not accept it
   */
  static async open(
    network: PictureNetwork,
    { provider, threads, sessions = 1 }: RunSettings,
  ): Promise<PictureSessions> {
    const settings: PictureSessionSettings = { ...network, provider, threads };
    return new PictureSessions(settings, await openThread(settings), sessions);
  }

  /**
   * Runs the network on pictures, whose memory moves to a worker.
   * @param pixels each height x width x 3 bytes, RGB
   * @returns one row of features a picture
   */
  run(pixels: readonly Uint8Array<ArrayBuffer>[]): Promise<Float32Array> {
    const free = this.#threads.reduce((one, other) => (other.waiting < one.waiting ? other : one));
    if (free.waiting > 0 && !this.#closed && 1 + this.#opening.length < this.count)
      this.#opening.push(this.#openAnother());
    const request = { pixels, count: Math.max(this.fixedBatch, pixels.length) };
    return free.run(
      request,
      pixels.map((picture) => picture.buffer),
    );
  }

  /** Lets what is running finish, then ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#opening);
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Where there is no memory for another, those that run go on. */
  async #openAnother(): Promise<void> {
    const thread = await openThread(this.#settings).catch(() => undefined);
    if (thread !== undefined) this.#threads.push(thread);
  }
}

function openThread(settings: PictureSessionSettings): Promise<SessionThread<BatchRequest>> {
  return SessionThread.open<BatchRequest>(new URL('./onnx.worker', import.meta.url), settings);
}
