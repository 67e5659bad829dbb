import { afterAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import { type Engine, type Matrix64, referenceEngine, wasmEngine } from '../../src/linalg/index.ts';
import { random64 } from './plain.ts';

const engines: Engine[] = [referenceEngine(), await wasmEngine({ threads: 2 }), await createEngine()];
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

describe.each(engines)('engine $name', (engine) => {
  it('puts the Cholesky factor in place of the matrix when it may', async () => {
    const x = random64(60, 40, 1);
    const a: Matrix64 = { rows: 40, columns: 40, data: new Float64Array(1600) };
    await engine.gram(x, a);
    const expected = await engine.cholesky(a);
    const factor = await engine.cholesky(a, { overwrite: true });
    expect(factor.data).toBe(a.data);
    expect(a.data).toEqual(expected.data);
  });

  it('leaves a matrix that has no factor as it was', async () => {
    const x = random64(20, 40, 2);
    const a: Matrix64 = { rows: 40, columns: 40, data: new Float64Array(1600) };
    await engine.gram(x, a);
    a.data[39 * 40 + 39] = -1;
    const before = a.data.slice();
    await expect(engine.cholesky(a, { overwrite: true })).rejects.toMatchObject({ code: 'numeric' });
    expect(a.data).toEqual(before);
  });

  it('computes with matrices that it holds as with others', async () => {
    const x = random64(90, 30, 3);
    const held = await engine.hold(x);
    const into: Matrix64 = { rows: 30, columns: 30, data: new Float64Array(900) };
    const heldInto = await engine.hold(into);
    await engine.gram(held, heldInto);
    await engine.gram(x, into);
    if (heldInto !== into) expect(heldInto.data).toEqual(into.data);
    expect((await engine.multiply(held, into)).data).toEqual((await engine.multiply(x, into)).data);
    await engine.release(held);
    await engine.release(heldInto);
  });
});
