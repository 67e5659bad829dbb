import { checkOptions, whole } from '../../base/check-options.ts';
import { type IndexRows, wordRows } from '../../retrieval/gallery/index-rows.ts';

/** The tokens of each caption of one picture, stop words removed. */
export type PictureTokens = readonly (readonly string[])[];

/** The right tags of pictures. */
export interface TagTruth {
  /** One row of vocabulary positions a picture; empty when it has no right tag. */
  readonly tags: IndexRows;
  /** How many right tags, over all pictures, lie outside the vocabulary and are left out. */
  readonly outside: number;
}

/**
 * The words that tags are chosen from: those in the captions of enough training pictures, the most frequent first
 * and words of the same frequency in the order of their code points.
 * @param training one entry a training picture
 * @param options `minimumPictures`: in how many training pictures a word must occur, 5 by default
 */
export function tagVocabulary(
  training: readonly PictureTokens[],
  options: { readonly minimumPictures?: number } = {},
): string[] {
  checkOptions('tagVocabulary', options, { minimumPictures: whole(1) });
  const { minimumPictures = 5 } = options;
  const frequency = new Map<string, number>();
  for (const captions of training)
    for (const word of new Set(captions.flat())) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  return [...frequency]
    .filter(([, pictures]) => pictures >= minimumPictures)
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .map(([word]) => word);
}

/**
 * The right tags of pictures: the vocabulary's words in enough of a picture's own captions.
 * @param pictures one entry a picture
 * @param vocabulary as {@link tagVocabulary} gives it
 * @param options `minimumCaptions`: in how many of its captions a word must occur, 2 by default; 1 for tagged pictures
 */
export function tagTruth(
  pictures: readonly PictureTokens[],
  vocabulary: readonly string[],
  options: { readonly minimumCaptions?: number } = {},
): TagTruth {
  checkOptions('tagTruth', options, { minimumCaptions: whole(1) });
  const { minimumCaptions = 2 } = options;
  const right = pictures.map((captions) => wordsInAtLeast(captions, minimumCaptions));
  const tags = wordRows(right, vocabulary);
  const all = right.reduce((sum, words) => sum + words.length, 0);
  return { tags, outside: all - tags.indices.length };
}

function wordsInAtLeast(captions: PictureTokens, minimum: number): string[] {
  const count = new Map<string, number>();
  for (const tokens of captions)
    for (const word of new Set(tokens)) count.set(word, (count.get(word) ?? 0) + 1);
  return [...count].filter(([, times]) => times >= minimum).map(([word]) => word);
}
