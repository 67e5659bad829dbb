import type { Engine, TopK } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import { row } from '../../linalg/matrix.ts';
import { Gallery } from '../gallery/gallery.ts';

/**
 * Image2tag by the nearest words: each word's vector is projected into the joint space as if it were a caption of
 * that single word, and a picture gets the words of the largest cosine similarity. It knows words that no training
 * caption holds, and does not know how often a word is said at all: the vote of neighbours is far better at common ones.
 *
 * @param pictures pictures x k, rows of unit length
 * @param words the projected word vectors, words x k, rows of unit length
 * @param count how many words a picture; at most all
 * @returns word numbers and similarities, best first
 * @throws CovistaError as {@link Gallery}
 */
export async function nearestTags(
  engine: Engine,
  pictures: Matrix32,
  words: Matrix32,
  count: number,
): Promise<TopK> {
  return new Gallery(engine, words).search(pictures, count);
}

/**
 * What each canonical dimension adds to the similarity of a picture and a word (or of any two embeddings): the
 * products of their coordinates, which add up to the score.
 * @param i the row of `pictures`
 * @param j the row of `words`
 * @returns k numbers
 */
export function similarityByDimension(
  pictures: Matrix32,
  i: number,
  words: Matrix32,
  j: number,
): Float64Array {
  const a = row(pictures, i);
  const b = row(words, j);
  const parts = new Float64Array(a.length);
  for (let d = 0; d < parts.length; d++) parts[d] = a[d]! * b[d]!;
  return parts;
}
