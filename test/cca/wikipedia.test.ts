import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cosineSimilarity, fit, project } from '../../src/cca/index.ts';
import { type NpyArray, readNpy } from '../../src/datasets/arrays/npy.ts';
import { type Matrix32, matrix, transpose } from '../../src/linalg/index.ts';
import { engine, momentsOf } from './data.ts';

const folder = '../shared/data/wikipedia';

async function features(name: string) {
  const { shape, data } = await readNpy(`${folder}/${name}.npy`);
  return matrix(shape[0]!, shape[1]!, data);
}

/** Mean average precision of ranking all columns by score, where items of the query's category are relevant. */
function meanAveragePrecision(scores: Matrix32, labels: NpyArray['data']): number {
  let total = 0;
  for (let q = 0; q < scores.rows; q++) {
    const own = scores.data.subarray(q * scores.columns, (q + 1) * scores.columns);
    const ranking = Array.from(own.keys()).sort((a, b) => own[b]! - own[a]!);
    let found = 0;
    let sum = 0;
    ranking.forEach((item, rank) => {
      if (labels[item] === labels[q]) sum += ++found / (rank + 1);
    });
    total += sum / found;
  }
  return total / scores.rows;
}

describe.skipIf(!existsSync(folder))('Wikipedia benchmark of Rasiwasia et al. 2010 (needs ../shared)', () => {
  it('plain CCA with 7 components reaches mAP 0.246 for image and 0.201 for text queries', async () => {
    const moments = await momentsOf(await features('image_train'), await features('text_train'));
    const space = await fit(moments, { engine, dimensions: 7 });
    const images = await project(space, 0, [await features('image_test')], { engine });
    const texts = await project(space, 1, [await features('text_test')], { engine });
    const labels = (await readNpy(`${folder}/label_test.npy`)).data;
    const scores = await cosineSimilarity(images, texts, { engine });
    expect(Math.abs(meanAveragePrecision(scores, labels) - 0.246)).toBeLessThan(0.003);
    expect(Math.abs(meanAveragePrecision(transpose(scores), labels) - 0.201)).toBeLessThan(0.003);
  });
});
