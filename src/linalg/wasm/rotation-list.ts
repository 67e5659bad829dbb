/**
 * Plane rotations of neighbouring rows, collected until there are enough to apply together: sequences that begin at a
 * row and go down or up, as kernels/rotations.ts reads them.
 */
export class RotationList {
  readonly #data: Float64Array;
  #length = 0;
  #sweeps = 0;
  #header = 0;

  /** @param data where they are written; two numbers a sequence and two a rotation */
  constructor(data: Float64Array) {
    this.#data = data;
  }

  get sweeps(): number {
    return this.#sweeps;
  }

  /** Whether a sequence of so many rotations still fits. */
  fits(rotations: number): boolean {
    return this.#length + 2 + 2 * rotations <= this.#data.length;
  }

  /** Begins a sequence with the rotation of rows `first` and `first + 1`. */
  begin(first: number): void {
    this.#header = this.#length;
    this.#data[this.#length] = first;
    this.#length += 2;
    this.#sweeps++;
  }

  /** The next pair of rows (i, i + 1): z_i' = c z_i + s z_{i+1}, z_{i+1}' = c z_{i+1} - s z_i. */
  push(c: number, s: number): void {
    this.#data[this.#length] = c;
    this.#data[this.#length + 1] = s;
    this.#length += 2;
  }

  /** Ends a sequence whose pairs went down the rows, or up. */
  end(up: boolean): void {
    const count = (this.#length - this.#header - 2) / 2;
    this.#data[this.#header + 1] = up ? -count : count;
  }

  clear(): void {
    this.#length = 0;
    this.#sweeps = 0;
  }
}
