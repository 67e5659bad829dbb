import '../node-version.ts';

export { type HoldOut, holdOut } from '../base/sampling.ts';
export type { Annotation, Annotations } from './annotation.ts';
export type { DatasetFormat, ReadOptions, Source } from './dataset-format.ts';
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
} from './emoji.ts';
export { EMOJI_LANGUAGES } from './emoji-words.ts';
export {
  type FeatureOptions,
  type NamedFeatureOptions,
  type NamedFeatures,
  readFeatures,
  readNamedFeatures,
} from './features.ts';
export { type FolderWords, readFolderWords, type WordSource } from './folder-words.ts';
export { type Match, matchAnnotations } from './match.ts';
export { readNames, readSplit, requireDisjoint, type Split } from './names.ts';
export { type NpyArray, NpyFile, readNpy, writeNpy } from './npy.ts';
export { type OfficialSplits, officialSplits } from './official-splits.ts';
export { listPictures, type PhotoFolder } from './photo-folder.ts';
export { readSidecars } from './sidecars.ts';
