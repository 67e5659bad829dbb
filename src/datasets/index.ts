import '../node-version.ts';

export { type HoldOut, holdOut } from '../base/sampling.ts';
export {
  type FeatureOptions,
  type NamedFeatureOptions,
  type NamedFeatures,
  readFeatures,
  readNamedFeatures,
} from './arrays/features.ts';
export { readNames, readSplit, requireDisjoint, type Split } from './arrays/names.ts';
export { type NpyArray, NpyFile, readNpy, writeNpy } from './arrays/npy.ts';
export { DATASETS, lostRows, readAnnotations, recogniseFormat } from './datasets.ts';
export {
  type Credit,
  EMOJI_ARTISTS,
  type EmojiArtist,
  type EmojiConcept,
  type EmojiPicture,
  type EmojiSet,
  emojiSources,
  loadEmoji,
} from './emoji/emoji.ts';
export { EMOJI_LANGUAGES } from './emoji/emoji-words.ts';
export { type FolderWords, readFolderWords, type WordSource } from './folder-words.ts';
export type { Annotation, Annotations } from './formats/annotation.ts';
export type { DatasetFormat, ReadOptions, Source } from './formats/dataset-format.ts';
export { type Match, matchAnnotations } from './formats/match.ts';
export { type OfficialSplits, officialSplits } from './formats/official-splits.ts';
export { listPictures, type PhotoFolder } from './photos/photo-folder.ts';
export { readSidecars } from './photos/sidecars.ts';
