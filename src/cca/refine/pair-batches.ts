import { CovistaError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { shuffle } from '../../base/sampling.ts';

/** Some pictures, no picture twice, and as many captions of each: those of the first, of the second, ... */
export interface PairBatch {
  readonly pictures: Uint32Array;
  readonly captions: Uint32Array;
}

/** Draws batches of pairs: pictures in random order, all before any comes again, with random captions of each. */
export class PairBatches {
  readonly #size: number;
  readonly #each: number;
  readonly #random: Random;
  /** The captions of picture i are `captions[offsets[i] .. offsets[i + 1]]`. */
  readonly #offsets: Uint32Array;
  readonly #captions: Uint32Array;
  readonly #order: Uint32Array;
  #next = 0;

  /**
   * @param of the picture of each caption; pictures without captions are never drawn
   * @param size pictures a batch, at most
   * @param each captions a picture, at most as many as any picture has; pictures with fewer repeat theirs
   * @throws CovistaError `no-data` for fewer than two pictures with captions
   */
  constructor(of: Uint32Array, pictures: number, size: number, each: number, random: Random) {
    this.#random = random;
    const offsets = new Uint32Array(pictures + 1);
    for (const picture of of) offsets[picture + 1]!++;
    this.#each = Math.min(
      each,
      offsets.reduce((most, count) => Math.max(most, count)),
    );
    this.#order = Uint32Array.from(offsets.keys()).filter((i) => i < pictures && offsets[i + 1]! > 0);
    for (let i = 0; i < pictures; i++) offsets[i + 1]! += offsets[i]!;
    const next = offsets.slice(0, pictures);
    this.#captions = new Uint32Array(of.length);
    for (let caption = 0; caption < of.length; caption++) this.#captions[next[of[caption]!]!++] = caption;
    this.#offsets = offsets;
    if (this.#order.length < 2)
      throw new CovistaError(
        'no-data',
        `Refining needs two pictures with captions, got ${this.#order.length}.`,
      );
    this.#size = Math.min(size, this.#order.length);
    this.#shuffle();
  }

  /** The next batch. What is left of the pictures when it does not fill a batch is dropped. */
  draw(): PairBatch {
    if (this.#next + this.#size > this.#order.length) this.#shuffle();
    const pictures = this.#order.slice(this.#next, this.#next + this.#size);
    this.#next += this.#size;
    const captions = new Uint32Array(pictures.length * this.#each);
    for (const [i, picture] of pictures.entries()) this.#drawCaptions(picture, captions, i * this.#each);
    return { pictures, captions };
  }

  /** Brings random captions of a picture to the front of its own, and takes those. */
  #drawCaptions(picture: number, drawn: Uint32Array, to: number): void {
    const captions = this.#captions;
    const first = this.#offsets[picture]!;
    const count = this.#offsets[picture + 1]! - first;
    for (let k = 0; k < this.#each; k++) {
      if (k < count) {
        const other = first + k + this.#random.integer(count - k);
        const caption = captions[other]!;
        captions[other] = captions[first + k]!;
        captions[first + k] = caption;
      }
      drawn[to + k] = captions[first + (k % count)]!;
    }
  }

  #shuffle(): void {
    shuffle(this.#order, this.#random);
    this.#next = 0;
  }
}
