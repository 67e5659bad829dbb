import { describe, expect, it } from 'vitest';
import {
  cosineSimilarity,
  fit,
  loadJointSpace,
  normalizeRows,
  project,
  saveJointSpace,
  scaleComponents,
} from '../../../src/cca/index.ts';
import { decodeSafetensors, encodeSafetensors, type Matrix32 } from '../../../src/linalg/index.ts';
import { densify, distance, product, randomSparse } from '../../linalg/plain.ts';
import { correlatedViews, engine, momentsOf, variates } from '../data.ts';

const [x, y] = correlatedViews(2500, 12, 8, 3, 1);
const bag = randomSparse(2500, 20, 0.1, 2);

async function learn() {
  return fit(await momentsOf(x, y, bag), { engine, views: [[0], [1, 2]], ridge: 0.1, dimensions: 6 });
}

describe('project', () => {
  it('gives the variates of dense features, over several chunks of rows', async () => {
    const space = await learn();
    const embeddings = await project(space, 0, [x], { engine });
    expect(embeddings.data).toBeInstanceOf(Float32Array);
    expect(distance(embeddings.data, (await variates(space, 0, x)).data)).toBeLessThan(1e-5);
  });

  it('gives the same for sparse and dense rows', async () => {
    const space = await learn();
    const sparse = await project(space, 1, [y, bag], { engine });
    const dense = await project(space, 1, [y, densify(bag)], { engine });
    expect(distance(sparse.data, dense.data)).toBeLessThan(1e-5);
  });

  it('keeps its digits where means are large', async () => {
    const moved = { ...x, data: x.data.map((value) => value + 1e5) };
    const plain = await fit(await momentsOf(x, y), { engine });
    const space = await fit(await momentsOf(moved, y), { engine });
    const embeddings = await project(space, 0, [moved], { engine });
    expect(distance(embeddings.data, (await variates(plain, 0, x)).data)).toBeLessThan(1e-5);
  });

  it('names features that do not fit', async () => {
    const space = await learn();
    const code = 'bad-values';
    await expect(project(space, 2, [x], { engine })).rejects.toMatchObject({ code });
    await expect(project(space, 1, [y], { engine })).rejects.toMatchObject({ code });
    await expect(project(space, 0, [y], { engine })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('2500 x 8'),
    });
    const bad = { ...x, data: x.data.slice() };
    bad.data[12 * 1500] = Number.NaN;
    await expect(project(space, 0, [bad], { engine })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('row 1500'),
    });
  });
});

describe('similarity', () => {
  const embeddings: Matrix32 = { rows: 2, columns: 3, data: Float32Array.of(3, 4, 0, 0, 0, 0) };
  const correlations = Float64Array.of(1, 0.5, -0.2);

  it('scales components by a power of their correlation', () => {
    expect(scaleComponents(embeddings, correlations, 2).data).toEqual(Float32Array.of(3, 1, 0, 0, 0, 0));
    expect(scaleComponents(embeddings, correlations, 0).data).toEqual(embeddings.data);
    expect(() => scaleComponents(embeddings, correlations.subarray(1), 1)).toThrow(
      expect.objectContaining({ code: 'bad-values' }),
    );
  });

  it('brings rows to unit length and leaves rows of zeros', () => {
    expect(normalizeRows(embeddings).data).toEqual(Float32Array.of(3 / 5, 4 / 5, 0, 0, 0, 0));
  });

  it('is the cosine', async () => {
    const a: Matrix32 = { rows: 1, columns: 2, data: Float32Array.of(2, 0) };
    const b: Matrix32 = { rows: 3, columns: 2, data: Float32Array.of(1, 1, -5, 0, 0, 3) };
    const cosines = await cosineSimilarity(a, b, { engine });
    expect(distance(cosines.data, [Math.SQRT1_2, -1, 0])).toBeLessThan(1e-6);
  });
});

describe('a saved joint space', () => {
  it('comes back exactly', async () => {
    const space = await learn();
    expect(loadJointSpace(saveJointSpace(space))).toEqual(space);
  });

  it('holds tensors that other programs can read', async () => {
    const space = await learn();
    const { tensors, metadata } = decodeSafetensors(saveJointSpace(space));
    expect(tensors.get('view.1.weights')).toMatchObject({ type: 'F64', shape: [28, 6] });
    expect(JSON.parse(metadata.blocks!)).toEqual([[12], [8, 20]]);
    const { weights } = space.views[0]!;
    expect(
      distance(
        product(x, weights).data,
        product(x, loadJointSpace(saveJointSpace(space)).views[0]!.weights).data,
      ),
    ).toBe(0);
  });

  it('is refused when damaged, of another kind or of another version', async () => {
    const bytes = saveJointSpace(await learn());
    const { tensors, metadata: written } = decodeSafetensors(bytes);
    const { checksums, ...metadata } = written;
    const changed = (changes: Record<string, string>) =>
      encodeSafetensors(tensors, { ...metadata, ...changes });
    const attempt = (data: Uint8Array) => () => loadJointSpace(data, 'space.safetensors');
    const refused = (code: string) =>
      expect.objectContaining({ code, message: expect.stringContaining('space.safetensors') });
    expect(attempt(bytes.subarray(0, bytes.length - 1))).toThrow(refused('bad-format'));
    expect(attempt(changed({ format: 'else' }))).toThrow(refused('bad-format'));
    expect(attempt(changed({ version: '2' }))).toThrow(refused('version'));
    expect(attempt(changed({ count: '-1' }))).toThrow(refused('bad-format'));
    for (const blocks of ['', '[', '[1]', '[["a"]]', '[[12],[8]]', '[[12],[8,20],[3]]'])
      expect(attempt(changed({ blocks }))).toThrow(refused('bad-format'));
    const fewer = new Map(tensors);
    fewer.delete('view.0.mean');
    expect(attempt(encodeSafetensors(fewer, metadata))).toThrow(refused('bad-format'));
  });
});
