import { CovistaError } from '../../base/errors.ts';
import type { TopK } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';

/**
 * The best words of each picture, best first; of equal scores the word with the lower number comes first.
 * @param scores pictures x words
 * @param count how many words a picture, from 1; at most all
 * @returns pictures x min(count, words), row-major
 * @throws CovistaError `usage` for a count below 1
 */
export function topTags(scores: Matrix32, count: number): TopK {
  if (!Number.isInteger(count) || count < 1)
    throw new CovistaError('usage', `The number of tags must be a whole number from 1, got ${count}.`);
  const { rows, columns, data } = scores;
  const wanted = Math.min(count, columns);
  const indices = new Uint32Array(rows * wanted);
  const best = new Float32Array(rows * wanted);
  for (let i = 0; i < rows; i++) {
    const start = i * wanted;
    let held = 0;
    for (let j = 0; j < columns; j++) {
      const score = data[i * columns + j]!;
      if (held === wanted && !(score > best[start + held - 1]!)) continue;
      let position = held < wanted ? held++ : held - 1;
      // Strictly greater keeps the earlier word in front of an equal one.
      while (position > 0 && score > best[start + position - 1]!) {
        best[start + position] = best[start + position - 1]!;
        indices[start + position] = indices[start + position - 1]!;
        position--;
      }
      best[start + position] = score;
      indices[start + position] = j;
    }
  }
  return { count: wanted, indices, scores: best };
}
