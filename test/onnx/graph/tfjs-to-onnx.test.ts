import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeOnnxModel } from '../../../src/encoders/index.ts';
import { readTfjsGraph } from '../../../src/onnx/graph/tfjs-graph.ts';
import { type PooledLayer, tfjsToOnnx } from '../../../src/onnx/graph/tfjs-to-onnx.ts';
import { sampleModel, samplePicture, writeSample } from './tfjs-sample.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'covista-tfjs-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Means and maxima over the picture, as @tensorflow/tfjs-converter 4.22 with its CPU backend computes them. */
const golden = {
  joined: {
    average: [21.67902, 0.01355964, 2.056162, 19.37691, 46.75732, 6.860352, 8.36084, 124, 125, 124],
    maximum: [94.11156, 0.05588201, 5.615527, 84.85251, 210.8125, 85.84375, 86.59375, 252, 254, 252],
  },
  'hard-swish': {
    average: [20.78006, 24.47501, 22.76798, 19.08276],
    maximum: [94.92871, 103.7896, 68.97949, 85.0459],
  },
  gated: {
    average: [20.60118, 0.01317775, 1.853511, 19.03937],
    maximum: [94.11156, 0.05588201, 5.615527, 84.85251],
  },
};

async function pooled(
  layers: readonly PooledLayer[],
): Promise<{ feature: number[]; sizes: readonly number[] }> {
  const { model, sizes } = tfjsToOnnx(await readTfjsGraph(await writeSample(folder)), layers);
  const session = await InferenceSession.create(encodeOnnxModel(model));
  const picture = samplePicture();
  const channelsFirst = Float32Array.from(
    picture,
    (_, index) => picture[(index % 64) * 3 + Math.floor(index / 64)]!,
  );
  const { feature } = await session.run({ image: new Tensor('float32', channelsFirst, [1, 3, 8, 8]) });
  await session.release();
  return { feature: [...(feature!.data as Float32Array)], sizes };
}

describe('a converted graph', () => {
  test('gives what TensorFlow.js gives, operation by operation', async () => {
    const layers = Object.keys(golden).flatMap((tensor): PooledLayer[] => [
      { tensor, pooling: 'average' },
      { tensor, pooling: 'maximum' },
    ]);
    const { feature, sizes } = await pooled(layers);
    const wanted = Object.values(golden).flatMap(({ average, maximum }) => [...average, ...maximum]);
    expect(sizes).toEqual([10, 10, 4, 4, 4, 4]);
    expect(feature).toHaveLength(wanted.length);
    for (const [index, value] of feature.entries()) {
      const distance = Math.abs(value - wanted[index]!);
      expect(distance, `value ${index}`).toBeLessThan(1e-5 * (1 + Math.abs(wanted[index]!)));
    }
  });

  test('is cut behind its layers', async () => {
    const graph = await readTfjsGraph(await writeSample(folder));
    const { model } = tfjsToOnnx(graph, [{ tensor: 'strided', pooling: 'average' }]);
    expect(model.graph!.node!.map(({ opType }) => opType)).not.toContain('Resize');
    expect(model.graph!.initializer!.map(({ name }) => name)).toEqual(['strided:weights', 'strided:bias']);
  });
});

describe('a graph that cannot be converted', () => {
  test('because a layer does not exist', async () => {
    await expect(pooled([{ tensor: 'absent', pooling: 'average' }])).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('absent'),
    });
  });

  test('because an operation is unknown', async () => {
    const { model, bytes } = sampleModel();
    const node = model.modelTopology.node.find(({ op }) => op === 'Sigmoid')!;
    node.op = 'Erf';
    const graph = await readTfjsGraph(await writeSample(folder, { model, bytes }));
    const convert = () => tfjsToOnnx(graph, [{ tensor: 'joined', pooling: 'average' }]);
    expect(convert).toThrow(
      expect.objectContaining({ code: 'bad-format', message: expect.stringContaining('Erf') }),
    );
  });

  test('because its weights are cut short or too long', async () => {
    const { model, bytes } = sampleModel();
    for (const wrong of [bytes.subarray(0, bytes.length - 4), Buffer.concat([bytes, bytes])]) {
      const path = await writeSample(folder, { model, bytes: wrong });
      await expect(readTfjsGraph(path)).rejects.toMatchObject({ code: 'bad-format' });
    }
  });

  test('because it is something else', async () => {
    const path = join(folder, 'other.json');
    for (const content of ['', '{"format": "layers-model"}']) {
      await writeFile(path, content);
      await expect(readTfjsGraph(path)).rejects.toMatchObject({ code: 'bad-format' });
    }
  });
});
