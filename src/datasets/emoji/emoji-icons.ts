import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CovistaError } from '../../base/errors.ts';
import { fileError } from '../../files/system-error.ts';

/** An icon of an Iconify set; sizes missing here are those of the set. */
interface Icon {
  readonly body: string;
  readonly left?: number;
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
}

interface IconFile {
  readonly icons: Readonly<Record<string, Icon>>;
  readonly width?: number;
  readonly height?: number;
}

/** One artist's emoji: icons by code points. */
export interface EmojiIcons {
  /** Code point keys, as `1f469-200d-1f680`: lower-case hexadecimal joined by `-`, without variation selectors. */
  readonly keys: ReadonlySet<string>;
  /** A standalone SVG document of 256 x 256 pixels. */
  svg(key: string): string;
}

/** Pixels of a rendered emoji. */
const size = 256;

/**
 * Reads a package of the `@iconify-json` scope: `chars.json` from code points to icon, `icons.json` with bodies.
 * @throws CovistaError `not-found` or `bad-format` naming the file
 */
export async function readEmojiIcons(folder: string): Promise<EmojiIcons> {
  const chars = await readJsonObject<Readonly<Record<string, string>>>(join(folder, 'chars.json'));
  const file = await readJsonObject<IconFile>(join(folder, 'icons.json'));
  const names = new Map<string, string>();
  for (const [codePoints, name] of Object.entries(chars))
    if (file.icons[name] !== undefined) names.set(emojiKey(codePoints), name);
  return {
    keys: new Set(names.keys()),
    svg(key) {
      const icon = file.icons[names.get(key) ?? ''];
      if (icon === undefined) throw new CovistaError('not-found', `${folder} has no icon for ${key}.`);
      const width = icon.width ?? file.width ?? 16;
      const height = icon.height ?? file.height ?? 16;
      const box = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
      return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="${box}">${icon.body}</svg>`;
    },
  };
}

/** The code point key of an emoji: lower case, without variation selector 16, which artists write differently. */
export function emojiKey(codePoints: string): string {
  return codePoints
    .toLowerCase()
    .split('-')
    .filter((codePoint) => codePoint !== 'fe0f')
    .join('-');
}

/** Whether the key has one of the five skin tones (Unicode Technical Standard 51, section 2.4). */
export function hasSkinTone(key: string): boolean {
  return /(?:^|-)1f3f[b-f](?:-|$)/.test(key);
}

/** @throws CovistaError `not-found` or `bad-format` naming the file */
export async function readJsonObject<T>(path: string): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError(path, error);
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new CovistaError('bad-format', `${path} is not valid JSON.`, { cause: error });
  }
}
