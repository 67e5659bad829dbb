import { CovistaError } from '../errors.ts';
import { hasSkinTone, readEmojiIcons } from './emoji-icons.ts';
import { EMOJI_LANGUAGES, readEmojiWords, type WordFolders } from './emoji-words.ts';

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
  readonly name: string;
  readonly author: string;
  /** SPDX identifier. */
  readonly license: string;
  readonly url: string;
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

/** Folders of the unpacked packages. */
export interface EmojiFolders extends WordFolders {
  readonly artists: Readonly<Record<EmojiArtist, string>>;
}

const pictureCredits: readonly Credit[] = [
  {
    name: 'Noto Emoji',
    author: 'Google Inc',
    license: 'Apache-2.0',
    url: 'https://github.com/googlefonts/noto-emoji',
    use: 'pictures',
  },
  {
    name: 'Twemoji',
    author: 'Twitter, Inc and other contributors',
    license: 'CC-BY-4.0',
    url: 'https://github.com/jdecked/twemoji',
    use: 'pictures',
  },
  {
    name: 'OpenMoji',
    author: 'OpenMoji, HfG Schwäbisch Gmünd',
    license: 'CC-BY-SA-4.0',
    url: 'https://openmoji.org',
    use: 'pictures',
  },
  {
    name: 'Fluent Emoji Flat',
    author: 'Microsoft Corporation',
    license: 'MIT',
    url: 'https://github.com/microsoft/fluentui-emoji',
    use: 'pictures',
  },
];

const emojibaseCredit: Credit = {
  name: 'Emojibase',
  author: 'Miles Johnson',
  license: 'MIT',
  url: 'https://emojibase.dev',
  use: 'words',
};

const englishCredits: readonly Credit[] = [
  {
    name: 'OpenMoji',
    author: 'OpenMoji, HfG Schwäbisch Gmünd',
    license: 'CC-BY-SA-4.0',
    url: 'https://openmoji.org',
    use: 'words',
  },
  {
    name: 'emojilib',
    author: 'Mu-An Chiou',
    license: 'MIT',
    url: 'https://github.com/muan/emojilib',
    use: 'words',
  },
];

/**
 * Reads the emoji that all four artists drew, without skin-tone variants: 1,594 in the pinned packages.
 * @param folders the unpacked packages
 * @throws CovistaError `usage` for a language there is none of, `not-found` or `bad-format` naming a file
 */
export async function readEmoji(folders: EmojiFolders, language = 'en'): Promise<EmojiSet> {
  requireLanguage(language);
  const icons = await Promise.all(EMOJI_ARTISTS.map((artist) => readEmojiIcons(folders.artists[artist])));
  const english = language === 'en';
  const words = await readEmojiWords(language, english ? folders : { emojibase: folders.emojibase });
  const shared = [...icons[0]!.keys].filter(
    (key) => !hasSkinTone(key) && words.has(key) && icons.every(({ keys }) => keys.has(key)),
  );
  shared.sort((a, b) => words.get(a)!.order - words.get(b)!.order);
  return {
    language,
    concepts: shared.map((key) => {
      const { character, words: names, group, category } = words.get(key)!;
      return { key, character, words: names, group, category };
    }),
    pictures: EMOJI_ARTISTS.flatMap((artist, a) =>
      shared.map((key, concept) => ({ concept, artist, svg: icons[a]!.svg(key) })),
    ),
    credits: [...pictureCredits, emojibaseCredit, ...(english ? englishCredits : [])],
  };
}

/** @throws CovistaError `usage` with the list of languages */
export function requireLanguage(language: string): void {
  if (!EMOJI_LANGUAGES.includes(language))
    throw new CovistaError('usage', `There are no emoji words in the language "${language}".`, {
      hint: `There are: ${EMOJI_LANGUAGES.join(', ')}.`,
    });
}
