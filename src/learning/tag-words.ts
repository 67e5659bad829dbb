import { tagTruth } from '../evaluation/metrics/tag-truth.ts';
import type { Model } from '../model/model.ts';
import type { IndexRows } from '../retrieval/index.ts';

/** The right tags of pictures: the words in at least two of their captions, or in the only one. */
export function tagTruthOf(
  model: Pick<Model, 'text' | 'tags'>,
  captions: readonly (readonly string[])[],
): IndexRows {
  const single = captions.every((some) => some.length === 1);
  const tokens = captions.map((some) => some.map((caption) => model.text.words(caption)));
  return tagTruth(tokens, model.tags, { minimumCaptions: single ? 1 : 2 }).tags;
}

/** In how many pictures each tag occurs. */
export function pictureCounts(
  tokens: readonly (readonly (readonly string[])[])[],
  tags: readonly string[],
): number[] {
  const counts = new Map(tags.map((tag) => [tag, 0]));
  for (const picture of tokens)
    for (const word of new Set(picture.flat())) {
      const count = counts.get(word);
      if (count !== undefined) counts.set(word, count + 1);
    }
  return tags.map((tag) => counts.get(tag)!);
}

/**
 * In how many training pictures a word must occur to be given as a tag: 5 in large collections, where rarer words are
 * mostly misspellings, and fewer in small ones, where every word counts.
 */
export function minimumPictures(pictures: number): number {
  if (pictures >= 2000) return 5;
  return pictures >= 200 ? 2 : 1;
}
