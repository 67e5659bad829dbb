/** How fast the running means of gradients and of their squares forget. */
const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;

/** Keeps parameters without any gradient from dividing by zero. */
const FLOOR = 1e-8;

/** One array of parameters under the Adam optimiser (Kingma and Ba, "Adam: a method for stochastic optimization", 2015). */
export class Adam {
  readonly parameters: Float32Array;
  readonly #means: Float32Array;
  readonly #squares: Float32Array;
  #steps = 0;

  /** @param parameters changed in place by every step */
  constructor(parameters: Float32Array) {
    this.parameters = parameters;
    this.#means = new Float32Array(parameters.length);
    this.#squares = new Float32Array(parameters.length);
  }

  /**
   * Moves the parameters against the gradient; each moves by about the learning rate.
   * @param gradient as long as the parameters
   */
  step(gradient: Float32Array, learningRate: number): void {
    this.#steps++;
    const { parameters } = this;
    const means = this.#means;
    const squares = this.#squares;
    const rate =
      (learningRate * Math.sqrt(1 - SQUARE_DECAY ** this.#steps)) / (1 - MEAN_DECAY ** this.#steps);
    for (let p = 0; p < parameters.length; p++) {
      const slope = gradient[p]!;
      const mean = MEAN_DECAY * means[p]! + (1 - MEAN_DECAY) * slope;
      const square = SQUARE_DECAY * squares[p]! + (1 - SQUARE_DECAY) * slope * slope;
      means[p] = mean;
      squares[p] = square;
      parameters[p]! -= (rate * mean) / (Math.sqrt(square) + FLOOR);
    }
  }
}
