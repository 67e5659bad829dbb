import type { TopK } from '../engine.ts';
import { type Matrix32, row } from '../matrix.ts';

/** Rounding unit of float32. */
const UNIT = 2 ** -24;

/**
 * The rows of a gallery that may be among the `count` best of each query, found from scores that are off by rounding.
 * All whose score is within twice the error bound of the count-th best are kept (γ_d |q| |g|: Higham, "Accuracy and
 * Stability of Numerical Algorithms", 2002, section 3.1), and the best of them are found from scores in float64, which
 * depend on nothing but query and row.
 */
export class Candidates {
  /** Length of the longest row that was scored again. */
  largestNorm = 0;
  readonly #queries: Matrix32;
  readonly #gallery: Matrix32;
  readonly #count: number;
  /** Room for candidates of one query. */
  readonly #room: number;
  /** Query by query: the rows, and their scores with rounding. */
  readonly #rows: Uint32Array;
  readonly #scores: Float32Array;
  readonly #sizes: Uint32Array;
  /** Rows with a lower score cannot be among the best. */
  readonly #limits: Float64Array;
  readonly #margins: Float64Array;

  /**
   * @param count from 1 to the rows of the gallery
   * @param norm length of the longest row that the error bound must hold for
   */
  constructor(queries: Matrix32, gallery: Matrix32, count: number, norm: number) {
    this.#queries = queries;
    this.#gallery = gallery;
    this.#count = count;
    this.#room = Math.min(2 * count + 64, gallery.rows);
    this.#rows = new Uint32Array(queries.rows * this.#room);
    this.#scores = new Float32Array(queries.rows * this.#room);
    this.#sizes = new Uint32Array(queries.rows);
    this.#limits = new Float64Array(queries.rows).fill(Number.NEGATIVE_INFINITY);
    const error = 2.1 * (queries.columns + 2) * UNIT * norm;
    this.#margins = Float64Array.from(
      { length: queries.rows },
      (_, q) => error * rowNorm(queries, q) + 1e-37,
    );
  }

  /** Looks through scores of all queries against the rows from `first` on, queries x width. */
  offer(scores: Float32Array, first: number, width: number): void {
    for (let q = 0, p = 0; q < this.#queries.rows; q++) {
      let limit = this.#limits[q]!;
      for (let j = 0; j < width; j++, p++) {
        if (scores[p]! < limit) continue;
        if (this.#sizes[q] === this.#room) {
          limit = this.#makeRoom(q);
          if (scores[p]! < limit) continue;
        }
        const place = q * this.#room + this.#sizes[q]!++;
        this.#rows[place] = first + j;
        this.#scores[place] = scores[p]!;
      }
    }
  }

  /** The best rows of each query, of equal scores the lower one first. */
  best(): TopK {
    const count = this.#count;
    const indices = new Uint32Array(this.#queries.rows * count);
    const scores = new Float32Array(indices.length);
    for (let q = 0; q < this.#queries.rows; q++) {
      this.#dropLow(q);
      for (const [i, { row, score }] of this.#exact(q).entries()) {
        indices[q * count + i] = row;
        scores[q * count + i] = score;
      }
    }
    return { count, indices, scores };
  }

  /** @returns the new limit */
  #makeRoom(q: number): number {
    this.#dropLow(q);
    if (this.#sizes[q]! > this.#room / 2) {
      // Many rows are all but equal: only the exact scores tell which can be left out.
      const start = q * this.#room;
      const kept = this.#exact(q).map(({ place }) => [this.#rows[place]!, this.#scores[place]!] as const);
      for (const [i, [row, score]] of kept.entries()) {
        this.#rows[start + i] = row;
        this.#scores[start + i] = score;
      }
      this.#sizes[q] = kept.length;
    }
    return this.#limits[q]!;
  }

  /** Raises the limit to what the candidates allow, and leaves out those below. */
  #dropLow(q: number): void {
    const start = q * this.#room;
    const size = this.#sizes[q]!;
    if (size <= this.#count) return;
    const least = this.#scores.slice(start, start + size).sort()[size - this.#count]! - this.#margins[q]!;
    if (least > this.#limits[q]!) this.#limits[q] = least;
    let kept = start;
    for (let p = start; p < start + size; p++) {
      if (this.#scores[p]! < this.#limits[q]!) continue;
      this.#rows[kept] = this.#rows[p]!;
      this.#scores[kept++] = this.#scores[p]!;
    }
    this.#sizes[q] = kept - start;
  }

  /** The best candidates of one query by their exact scores. */
  #exact(q: number): { readonly place: number; readonly row: number; readonly score: number }[] {
    const start = q * this.#room;
    return Array.from({ length: this.#sizes[q]! }, (_, i) => {
      const row = this.#rows[start + i]!;
      return { place: start + i, row, score: this.#scoreOf(q, row) };
    })
      .sort((a, b) => (a.score === b.score ? a.row - b.row : b.score > a.score ? 1 : -1))
      .slice(0, this.#count);
  }

  #scoreOf(q: number, item: number): number {
    const d = this.#gallery.columns;
    const { data } = this.#gallery;
    const query = this.#queries.data;
    let sum = 0;
    let square = 0;
    for (let c = 0, a = q * d, b = item * d; c < d; c++, a++, b++) {
      const value = data[b]!;
      sum += query[a]! * value;
      square += value * value;
    }
    this.largestNorm = Math.max(this.largestNorm, Math.sqrt(square));
    return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : Math.fround(sum);
  }
}

/** Length of the longest among so many rows, evenly spread. */
export function largestNorm(m: Matrix32, rows: number): number {
  let largest = 0;
  const step = Math.max(1, Math.floor(m.rows / rows));
  for (let i = 0; i < m.rows; i += step) largest = Math.max(largest, rowNorm(m, i));
  return largest;
}

function rowNorm(m: Matrix32, i: number): number {
  let square = 0;
  for (const value of row(m, i)) square += value * value;
  return Math.sqrt(square);
}
