import { describe, expect, it } from 'vitest';
import { fit, fitRows, Moments, project } from '../../../src/cca/index.ts';
import { createRandom, matrix, referenceEngine, wasmEngine } from '../../../src/linalg/index.ts';

/** Two views with something in common, the first in units of `scale`. */
function views(pairs: number, dx: number, dy: number, scale: number) {
  const random = createRandom(7);
  const common = Array.from({ length: pairs }, () => random.normal());
  const view = (columns: number, unit: number) =>
    matrix(
      pairs,
      columns,
      Float64Array.from(
        { length: pairs * columns },
        (_, p) => unit * (common[Math.floor(p / columns)]! + random.normal()),
      ),
    );
  return [view(dx, scale), view(dy, 1)] as const;
}

describe.each(['reference', 'wasm'])('finite float64 features, engine %s', (name) => {
  it.each([1e-55, 1e-40, 1e40, 1e55])('of the size %s give the same space and embeddings', async (scale) => {
    const engine = name === 'wasm' ? await wasmEngine() : referenceEngine();
    for (const [pairs, dx, dy] of [
      [60, 4, 3],
      [15, 30, 20],
    ] as const) {
      const [x, y] = views(pairs, dx, dy, 1);
      const [scaled] = views(pairs, dx, dy, scale);
      const options = { engine, ridge: 0.1, dimensions: 2 };
      const moments = Moments.zero([dx, dy]);
      await moments.add([scaled, y], { engine });
      const expected = await fitRows([x, y], options);
      const embeddings = await project(expected, 0, [x], { engine });
      for (const space of [await fit(moments, options), await fitRows([scaled, y], options)]) {
        for (const [i, correlation] of expected.correlations.entries())
          expect(space.correlations[i]).toBeCloseTo(correlation, 8);
        const found = await project(space, 0, [scaled], { engine });
        for (const [i, value] of embeddings.data.entries()) expect(found.data[i]).toBeCloseTo(value, 4);
      }
    }
    await engine.close();
  });

  it.each([1e-200, 1e200])('of the size %s are refused for what they are', async (scale) => {
    const engine = name === 'wasm' ? await wasmEngine() : referenceEngine();
    const named = {
      code: 'bad-values',
      message: expect.stringMatching(/Block 0, row \d+, column \d+ is .*e[+-](200|201|199)/),
    };
    for (const [pairs, dx, dy] of [
      [60, 4, 3],
      [15, 30, 20],
    ] as const) {
      const rows = views(pairs, dx, dy, scale);
      await expect(Moments.zero([dx, dy]).add(rows, { engine })).rejects.toMatchObject(named);
      await expect(fitRows(rows, { engine })).rejects.toMatchObject(named);
    }
    await engine.close();
  });
});

it('says when an embedding, and not a feature, is too large', async () => {
  const engine = referenceEngine();
  const [x, y] = views(60, 4, 3, 1);
  const space = await fitRows([x, y], { engine });
  const far = matrix(1, 4, Float64Array.of(1e60, 0, 0, 0));
  await expect(project(space, 0, [far], { engine })).rejects.toThrow(/embedding of row 0 .* exceeds/);
  far.data[0] = Number.NaN;
  await expect(project(space, 0, [far], { engine })).rejects.toThrow(/features of row 0 .* not finite/);
});
