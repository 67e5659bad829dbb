import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { type PackageSource, packageFolder } from '../../files/npm-package.ts';
import {
  EMOJIBASE,
  EMOJILIB,
  FLUENT_EMOJI,
  NOTO,
  OPENMOJI,
  OPENMOJI_WORDS,
  TWEMOJI,
} from '../../files/sources.ts';
import { type EmojiIcons, hasSkinTone, readEmojiIcons } from './emoji-icons.ts';
import { EMOJI_LANGUAGES, type EmojiWords, readEmojiWords } from './emoji-words.ts';

/** Those whose emoji are in the set, in the order of the pictures. */
export const EMOJI_ARTISTS = ['noto', 'twemoji', 'openmoji', 'fluent-emoji-flat'] as const;
export type EmojiArtist = (typeof EMOJI_ARTISTS)[number];

/** One emoji, whoever draws it. */
export interface EmojiConcept {
  /** Code points, as `1f469-200d-1f680`: lower-case hexadecimal joined by `-`, without variation selectors. */
  readonly key: string;
  readonly character: string;
  /** Names and keywords, each of one or more words; the name first, each once. */
  readonly words: readonly string[];
  /** `food-drink`, `animals-nature` and seven others. */
  readonly group: string;
  /** Finer than the group: `food-fruit`. */
  readonly category: string;
}

/** One artist's drawing of one emoji. */
export interface EmojiPicture {
  /** Position in `concepts`. */
  readonly concept: number;
  readonly artist: EmojiArtist;
  /** A standalone SVG document of 256 x 256 pixels on a transparent ground. */
  readonly svg: string;
}

/** Whom to name when the set, or a model learnt from it, is shown. */
export interface Credit {
  /** The package that it came in. */
  readonly name: string;
  readonly version: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** Whom to thank, in one line. */
  readonly credit: string;
  /** What was taken from it. */
  readonly use: 'pictures' | 'words';
}

/** Pictures of the same things by four artists, with words. */
export interface EmojiSet {
  readonly language: string;
  /** In Unicode's order. */
  readonly concepts: readonly EmojiConcept[];
  /** Artist by artist in the order of `EMOJI_ARTISTS`, each in the order of `concepts`. */
  readonly pictures: readonly EmojiPicture[];
  readonly credits: readonly Credit[];
}

const pictureSources: Readonly<Record<EmojiArtist, PackageSource>> = {
  noto: NOTO,
  twemoji: TWEMOJI,
  openmoji: OPENMOJI,
  'fluent-emoji-flat': FLUENT_EMOJI,
};

/**
 * The packages that the set in a language is made of, with their sizes, licences and credits.
 * @throws CovistaError `usage` for a language there is none of
 */
export function emojiSources(language = 'en'): readonly PackageSource[] {
  return [...Object.values(pictureSources), ...wordSources(language)];
}

/**
 * The emoji that all four artists drew, without skin-tone variants: 1,594 in the pinned packages. They are fetched
 * at first use (18 MB; 14 MB in other languages than English).
 * @param options `language`: one of `EMOJI_LANGUAGES`, `en` unless given
 * @throws CovistaError `usage` for a language there is none of; `network`, `integrity`, `bad-format`, `aborted`
 */
export async function loadEmoji(options: WorkOptions & { language?: string } = {}): Promise<EmojiSet> {
  const language = options.language ?? 'en';
  const words = wordSources(language);
  // One after another, so that progress is that of one download.
  const artists: EmojiIcons[] = [];
  for (const artist of EMOJI_ARTISTS)
    artists.push(await readEmojiIcons(await packageFolder(pictureSources[artist], options)));
  const folders: string[] = [];
  for (const source of words) folders.push(await packageFolder(source, options));
  const [emojibase, openmoji, emojilib] = folders;
  return combine(
    language,
    artists,
    await readEmojiWords(language, { emojibase: emojibase!, openmoji, emojilib }),
  );
}

/** Keeps what every artist drew and words are known of. */
function combine(
  language: string,
  artists: readonly EmojiIcons[],
  words: ReadonlyMap<string, EmojiWords>,
): EmojiSet {
  const shared = [...words.keys()].filter(
    (key) => !hasSkinTone(key) && artists.every(({ keys }) => keys.has(key)),
  );
  shared.sort((a, b) => words.get(a)!.order - words.get(b)!.order);
  const credit =
    (use: Credit['use']) =>
    ({ name, version, licence, credit }: PackageSource): Credit => ({ name, version, licence, credit, use });
  return {
    language,
    concepts: shared.map((key) => {
      const { character, words: names, group, category } = words.get(key)!;
      return { key, character, words: names, group, category };
    }),
    pictures: EMOJI_ARTISTS.flatMap((artist, a) =>
      shared.map((key, concept) => ({ concept, artist, svg: artists[a]!.svg(key) })),
    ),
    credits: [
      ...Object.values(pictureSources).map(credit('pictures')),
      ...wordSources(language).map(credit('words')),
    ],
  };
}

function wordSources(language: string): readonly PackageSource[] {
  if (!EMOJI_LANGUAGES.includes(language))
    throw new CovistaError('usage', `There are no emoji words in the language "${language}".`, {
      hint: `There are: ${EMOJI_LANGUAGES.join(', ')}.`,
    });
  return language === 'en' ? [EMOJIBASE, OPENMOJI_WORDS, EMOJILIB] : [EMOJIBASE];
}
