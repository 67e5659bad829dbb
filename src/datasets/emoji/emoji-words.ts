import { join } from 'node:path';
import { emojiKey, readJsonObject } from './emoji-icons.ts';

/** What is said of one emoji. */
export interface EmojiWords {
  readonly character: string;
  /** Names and keywords, each of one or more words; the name first, each once. */
  readonly words: readonly string[];
  /** `food-drink`, `animals-nature` and seven others. */
  readonly group: string;
  /** Finer than the group: `food-fruit`. */
  readonly category: string;
  /** Position in Unicode's order. */
  readonly order: number;
}

/** Folders of the packages that the words come from. */
export interface WordFolders {
  readonly emojibase: string;
  /** English only. */
  readonly openmoji: string | undefined;
  /** English only. */
  readonly emojilib: string | undefined;
}

interface EmojibaseEntry {
  readonly hexcode: string;
  readonly emoji: string;
  readonly label: string;
  readonly tags?: readonly string[];
  readonly order?: number;
  readonly group?: number;
  readonly subgroup?: number;
}

interface OpenMojiEntry {
  readonly hexcode: string;
  readonly annotation: string;
  readonly tags: string;
  readonly openmoji_tags: string;
}

/** The languages of emojibase-data 17, English first. */
export const EMOJI_LANGUAGES: readonly string[] =
  'en bn da de en-gb es es-mx et fi fr hi hu it ja ko lt ms nb nl pl pt ru sv th uk vi zh zh-hant'.split(' ');

/**
 * Reads the words of every emoji in one language: emojibase-data's label and tags, and for English also
 * OpenMoji's annotation, tags and openmoji_tags and emojilib's keywords.
 * @returns by code point key
 */
export async function readEmojiWords(
  language: string,
  folders: WordFolders,
): Promise<ReadonlyMap<string, EmojiWords>> {
  const entries = await readJsonObject<readonly EmojibaseEntry[]>(
    join(folders.emojibase, language, 'data.json'),
  );
  const { groups, subgroups } = await readJsonObject<{
    readonly groups: Readonly<Record<string, string>>;
    readonly subgroups: Readonly<Record<string, string>>;
  }>(join(folders.emojibase, 'meta', 'groups.json'));
  const more = await readEnglish(folders);
  const words = new Map<string, EmojiWords>();
  for (const { hexcode, emoji, label, tags, order, group, subgroup } of entries) {
    const key = emojiKey(hexcode);
    words.set(key, {
      character: emoji,
      words: unique([label, ...(tags ?? []), ...(more.get(key) ?? [])]),
      group: groups[String(group)] ?? '',
      category: subgroups[String(subgroup)] ?? '',
      order: order ?? entries.length,
    });
  }
  return words;
}

async function readEnglish({ openmoji, emojilib }: WordFolders): Promise<Map<string, string[]>> {
  const words = new Map<string, string[]>();
  const add = (key: string, more: readonly string[]) => words.set(key, [...(words.get(key) ?? []), ...more]);
  if (openmoji !== undefined)
    for (const entry of await readJsonObject<readonly OpenMojiEntry[]>(
      join(openmoji, 'data', 'openmoji.json'),
    ))
      add(emojiKey(entry.hexcode), [
        entry.annotation,
        ...entry.tags.split(','),
        ...entry.openmoji_tags.split(','),
      ]);
  if (emojilib !== undefined) {
    const keywords = await readJsonObject<Readonly<Record<string, readonly string[]>>>(
      join(emojilib, 'dist', 'emoji-en-US.json'),
    );
    for (const [character, list] of Object.entries(keywords))
      add(
        emojiKey([...character].map((part) => part.codePointAt(0)!.toString(16)).join('-')),
        list.map((keyword) => keyword.replaceAll('_', ' ')),
      );
  }
  return words;
}

/** Each once, whatever its case; emoticons such as :D and <3 are not words. */
function unique(words: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const word of words) {
    const text = word.trim();
    const key = text.toLowerCase();
    if (/^[\p{L}\p{N}]/u.test(text) && !seen.has(key)) seen.set(key, text);
  }
  return [...seen.values()];
}
