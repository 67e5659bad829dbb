import { smallerBank } from '../learning/banks.ts';
import type { Engine } from '../linalg/engine.ts';
import type { Matrix32, SparseRows } from '../linalg/matrix.ts';
import { sparseRows } from '../linalg/sparse-rows.ts';
import type { Model } from '../model/model.ts';
import { tagScorer } from '../model/tagging.ts';
import { type QueryPart, type QueryTag, strongestTags } from '../retrieval/index.ts';
import { stemmer } from '../text/index.ts';

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
  if (searchWeight(model) === 0) {
    const none = Array.from({ length: pictures.rows }, () => []);
    return sparseRows(none, model.tags.length);
  }
  const bank = model.bank && smallerBank(model.bank, VOTERS);
  return strongestTags(await tagScorer({ ...model, bank }, pictures, engine));
}

/** A word of a query and the tag that it means, or the words of a phrase and theirs. */
export interface TaggedWords extends QueryTag {
  /** One a tag. */
  readonly words: readonly string[];
}

/**
 * Finds the model's tags in queries: a word that is a tag means that, another one the most frequent tag of its stem. It
 * counts w / n² in a query of n different words, for the weight w of the recipe, times the weight of its part: a single
 * word says as much as it can by its tag, a sentence more by its text.
 *
 * A phrase counts as one word, whose tag is that all of its words hold; it has none where one of them is no tag.
 * @returns gives the tags of each part of a query
 */
export function queryTagger(model: Model): QueryTagger {
  let tagger = taggers.get(model);
  if (tagger === undefined) {
    tagger = createTagger(model);
    taggers.set(model, tagger);
  }
  return tagger;
}

type QueryTagger = (parts: readonly QueryPart[]) => TaggedWords[][];

/** Stemming all tags takes longer than a search. */
const taggers = new WeakMap<Model, QueryTagger>();

function createTagger(model: Model): QueryTagger {
  const search = searchWeight(model);
  if (search === 0) return (parts) => parts.map(() => []);
  const stem = stemmer(model.text.language);
  const exact = new Map(model.tags.map((tag, number) => [tag, number]));
  const stems = new Map(model.tags.map((tag, number) => [stem(tag), number] as const).toReversed());
  const tagOf = (word: string) => exact.get(word) ?? stems.get(stem(word));
  return (parts) => {
    const named = parts.map(({ text, phrase }) => {
      const words = [...new Set(model.text.words(text))];
      return phrase && words.length > 0 ? [words] : words.map((word) => [word]);
    });
    const n = named.flat().length;
    const largest = Math.max(...parts.map(({ weight }) => Math.abs(weight)));
    return parts.map((part, i) => {
      const weight = ((search / n ** 2) * part.weight) / largest;
      return named[i]!.flatMap((words) => {
        const tags = words.map(tagOf).filter((tag) => tag !== undefined);
        return tags.length < words.length ? [] : [{ words, tags, weight }];
      });
    });
  };
}

const searchWeight = ({ recipe: { tags } }: Model) => (tags.method === 'vote' ? (tags.search ?? 0) : 0);
