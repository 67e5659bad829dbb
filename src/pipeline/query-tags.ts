import type { Engine } from '../linalg/engine.ts';
import type { Matrix32, SparseRows } from '../linalg/matrix.ts';
import { type QueryPart, strongestTags, type TagWeights } from '../retrieval/index.ts';
import { smallerBank } from './banks.ts';
import type { Model } from './model.ts';
import { tagScorer } from './tag.ts';

/**
 * Captions that vote for these tags: more add little but time. On Flickr8k, 5,000 / 10,000 / 30,000 find single words
 * with a precision at 10 of 40.8 / 41.2 / 41.6, in 0.58 / 0.77 / 1.6 ms a picture.
 */
const VOTERS = 50_000;

/**
 * The tags by which pictures are found beside their embeddings: none in a model whose recipe searches without.
 * @param pictures embeddings of pictures, n x k, as `embedPictures` gives them
 * @returns n x tags, probabilities
 */
export async function searchTags(model: Model, pictures: Matrix32, engine: Engine): Promise<SparseRows> {
  if (searchWeight(model) > 0) {
    const bank = model.bank && smallerBank(model.bank, VOTERS);
    return strongestTags(await tagScorer({ ...model, bank }, pictures, engine));
  }
  return {
    rows: pictures.rows,
    columns: model.tags.length,
    offsets: new Uint32Array(pictures.rows + 1),
    indices: new Uint32Array(0),
    values: new Float32Array(0),
  };
}

/**
 * Finds the model's tags in queries. A tag counts w / n² in a query of n different words, for the weight w of the
 * recipe, times the weight of its part: a single word says as much as it can by its tag, a sentence more by its text.
 * @returns gives the tags of each part of a query
 */
export function queryTagger(model: Model): (parts: readonly QueryPart[]) => TagWeights[] {
  const search = searchWeight(model);
  const numbers = new Map(search > 0 ? model.tags.map((tag, number) => [tag, number]) : []);
  return (parts) => {
    const words = parts.map(({ text }) => new Set(model.text.words(text)));
    const n = words.reduce((sum, some) => sum + some.size, 0);
    const largest = Math.max(...parts.map(({ weight }) => Math.abs(weight)));
    return parts.map(({ weight }, i) => {
      const tags = [...words[i]!].map((word) => numbers.get(word)).filter((number) => number !== undefined);
      return new Map(tags.map((number) => [number, ((search / n ** 2) * weight) / largest]));
    });
  };
}

const searchWeight = ({ recipe: { tags } }: Model) => (tags.method === 'vote' ? (tags.search ?? 0) : 0);
