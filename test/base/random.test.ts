import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/linalg/index.ts';

describe('createRandom', () => {
  it('repeats itself for a seed, and differs between seeds', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 5 }, () => random.uniform());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0.5)).not.toEqual(draw(0.25));
  });

  it('has the moments of its distributions', () => {
    const random = createRandom(1);
    const count = 200_000;
    let uniform = 0;
    let normal = 0;
    let square = 0;
    let fourth = 0;
    for (let i = 0; i < count; i++) {
      uniform += random.uniform();
      const z = random.normal();
      normal += z;
      square += z * z;
      fourth += z ** 4;
    }
    expect(uniform / count).toBeCloseTo(0.5, 2);
    expect(normal / count).toBeCloseTo(0, 1);
    expect(square / count).toBeCloseTo(1, 1);
    expect(Math.abs(fourth / count - 3)).toBeLessThan(0.1);
  });

  it('draws whole numbers evenly below the limit', () => {
    const random = createRandom(2);
    const counts = new Uint32Array(7);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
