/**
 * How near the defaults are to what `covista fit --select` would choose, on four collections: the score of both on
 * folds of the training pairs that were held out.
 *
 *     node bench/quality/defaults.ts [--only emoji] [--seconds 120]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Moments, type SelectionFold, select } from '../../src/cca/index.ts';
import { readNpy } from '../../src/datasets/index.ts';
import { defaultWordVectors } from '../../src/encoders/index.ts';
import { relevantRanks } from '../../src/evaluation/index.ts';
import { averagePrecision } from '../../src/evaluation/metrics/category-metrics.ts';
import { createEngine } from '../../src/linalg/create-engine.node.ts';
import { type Matrix32, matrix, selectRows } from '../../src/linalg/matrix.ts';
import { RECIPES, selectRecipe } from '../../src/pipeline/index.ts';
import { cocoMini, emoji, flickr8k } from './collections.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, seconds: { type: 'string', default: '120' } },
});
const SHARED = join(import.meta.dirname, '../../../shared/data');
const seconds = Number(values.seconds);
const recipe = RECIPES.default!;
const engine = await createEngine();
const wordVectors = await defaultWordVectors();

/** The benchmark has topics for texts, no words: the numbers of the recipe are applied to both views as they are. */
async function wikipedia(): Promise<void> {
  const read = async (name: string): Promise<Matrix32> => {
    const { shape, data } = await readNpy(join(SHARED, 'wikipedia', `${name}.npy`));
    return matrix(shape[0]!, shape[1]!, Float32Array.from(data));
  };
  const [images, texts] = [await read('image_train'), await read('text_train')];
  const { data: labels } = await readNpy(join(SHARED, 'wikipedia/label_train.npy'));
  const folds: (SelectionFold & { readonly rows: readonly number[] })[] = [];
  let total = Moments.zero([images.columns, texts.columns]);
  for (let fold = 0; fold < 5; fold++) {
    const rows = Array.from(labels.keys()).filter((i) => i % 5 === fold);
    const [x, y] = [selectRows(images, rows), selectRows(texts, rows)];
    const moments = Moments.zero([images.columns, texts.columns]);
    await moments.add([x, y], { engine });
    total = total.merge(moments);
    folds.push({ moments, items: [[x], [y]], rows });
  }
  const { score, startScore, parameters } = await select(total, folds, {
    engine,
    views: [[0], [1]],
    normalize: [recipe.normalize.image, recipe.normalize.text],
    start: {
      ridge: recipe.ridge,
      blockWeights: [1, 1],
      dimensions: texts.columns,
      similarity: { form: 'cosine', power: recipe.scaling },
    },
    seconds,
    score: async ([x, y], fold) => {
      const { rows } = folds[fold]!;
      const precisions: number[] = [];
      for (const [queries, items] of [
        [x, y],
        [y, x],
      ] as const) {
        const { data } = await engine.multiply(queries, items, { transposeB: true });
        rows.forEach((row, q) => {
          const relevant = Uint32Array.from(rows.keys()).filter((i) => labels[rows[i]!] === labels[row]);
          const scores = data.subarray(q * items.rows, (q + 1) * items.rows);
          precisions.push(averagePrecision(relevantRanks(scores, relevant)));
        });
      }
      return (100 * precisions.reduce((sum, value) => sum + value, 0)) / precisions.length;
    },
  });
  const { ridge, dimensions, similarity } = parameters;
  print('Wikipedia (mAP)', startScore, score, ridge, dimensions, similarity.power, []);
}

function print(
  name: string,
  start: number,
  chosen: number,
  ridge: readonly number[],
  dimensions: number,
  power: number,
  weights: readonly number[],
): void {
  const numbers = (some: readonly number[]) => some.map((value) => value.toPrecision(2)).join(' and ');
  console.log(
    `| ${name} | ${start.toFixed(1)} | ${chosen.toFixed(1)} | ${numbers(ridge)} | ${numbers(weights)} | ${dimensions} | ${power} |`,
  );
}

console.log('| collection | default | chosen | ridge | block weights | dimensions | scaling |');
console.log('| --- | ---: | ---: | --- | --- | ---: | ---: |');
try {
  for (const [name, pairs] of Object.entries({ 'COCO-mini': cocoMini, Emoji: emoji, Flickr8k: flickr8k })) {
    if (!name.toLowerCase().includes(values.only)) continue;
    const chosen = await selectRecipe(await pairs(), recipe, { engine, wordVectors, seconds });
    const { ridge, blockWeights = [], dimensions, scaling } = chosen.recipe;
    const { startScore, score } = chosen.selection;
    print(name, startScore, score, ridge, dimensions, scaling, blockWeights);
  }
  if ('wikipedia'.includes(values.only)) await wikipedia();
} finally {
  await engine.close();
}
