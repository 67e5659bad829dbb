/**
 * Runs of letters, marks and digits; apostrophes between letters and `.` or `,` between digits belong to a word.
 * Full stops, colons and underscores between letters part words, as captions and tags often lack the space.
 */
const PARTS =
  /[\p{L}\p{M}\p{N}]+(?:(?:(?<=[\p{L}\p{M}])'(?=\p{L})|(?<=\p{Nd})[.,](?=\p{Nd}))[\p{L}\p{M}\p{N}]+)*/gu;
const ASCII_PARTS = /[a-z0-9]+(?:(?:(?<=[a-z])'(?=[a-z])|(?<=[0-9])[.,](?=[0-9]))[a-z0-9]+)*/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what ASCII is.
const ASCII = /^[\x00-\x7f]*$/;
const APOSTROPHES = /[\u2018\u2019\u02bc\uff07]/g;
const POSSESSIVE = /(?:'s)+$/;

const segmenters = new Map<string, Intl.Segmenter>();

/**
 * The words of a text in their order: lower case, in Unicode's compatibility form (NFKC), separated by
 * Unicode's rules for the language (UAX #29; dictionaries for Chinese, Japanese, Thai and others).
 *
 * Numbers are words. Hyphenated words are parted (`long-haired` gives `long`, `haired`) unless a part is a single
 * letter (`t-shirt`, `x-ray`). `'s` at the end is dropped, other apostrophes inside words stay (`don't`).
 * @param language a BCP 47 tag, such as `en` or `zh-Hant`
 */
export function segmentWords(text: string, language: string): string[] {
  // Lower case may undo the composed form, as it does for İ.
  const normal = text
    .normalize('NFKC')
    .toLocaleLowerCase(language)
    .normalize('NFKC')
    .replace(APOSTROPHES, "'");
  const words: string[] = [];
  let end = -1;
  let hyphen = false;
  const add = (word: string, start: number): void => {
    const last = words.length - 1;
    const joined = hyphen && start === end + 1 && last >= 0;
    if (joined && (isLetter(word) || isLetter(words[last]!))) words[last] += `-${word}`;
    else words.push(word);
    end = start + word.length;
    hyphen = normal.charCodeAt(end) === 0x2d;
  };
  if (ASCII.test(normal)) {
    // The segmenter would find the same words, ten times slower.
    for (const part of normal.matchAll(ASCII_PARTS)) add(part[0], part.index);
  } else {
    for (const { segment, index, isWordLike } of segmenter(language).segment(normal)) {
      if (!isWordLike) continue;
      for (const part of segment.matchAll(PARTS)) add(part[0], index + part.index);
    }
  }
  for (let i = 0; i < words.length; i++) words[i] = words[i]!.replace(POSSESSIVE, '');
  return words;
}

function segmenter(language: string): Intl.Segmenter {
  let found = segmenters.get(language);
  if (found === undefined) {
    found = new Intl.Segmenter(language, { granularity: 'word' });
    segmenters.set(language, found);
  }
  return found;
}

function isLetter(word: string): boolean {
  return word.length === 1 && /\p{L}/u.test(word);
}
