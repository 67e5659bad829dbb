/** A source of pseudo-random numbers that a seed determines. Not for secrets. */
export interface Random {
  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number;
  /** Standard normal: mean 0, variance 1. */
  normal(): number;
  /** A whole number, uniform in 0 .. below - 1, for `below` up to 2^32. */
  integer(below: number): number;
}

/**
 * A seeded generator: sfc32 (Doty-Humphrey, PractRand), whose state of 128 bits is mixed from the seed.
 * @param seed any number; equal seeds give equal sequences on every machine
 */
export function createRandom(seed: number): Random {
  const bits = sfc32(seed);
  const uniform = () => (bits() * 2097152 + (bits() >>> 11)) / 9007199254740992;
  let spare: number | undefined;
  return {
    uniform,
    integer: (below) => Math.floor(uniform() * below),
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Marsaglia's polar method makes two at a time.
      for (;;) {
        const x = 2 * uniform() - 1;
        const y = 2 * uniform() - 1;
        const square = x * x + y * y;
        if (square >= 1 || square === 0) continue;
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        spare = y * factor;
        return x * factor;
      }
    },
  };
}

function sfc32(seed: number): () => number {
  const halves = new Uint32Array(new Float64Array([seed]).buffer);
  let a = halves[0]!;
  let b = halves[1]!;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // The first numbers of seeds that differ in few bits are alike.
  for (let i = 0; i < 20; i++) next();
  return next;
}
