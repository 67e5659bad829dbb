/** Articles and forms of "be" and "have", which stand in sentences but hardly ever in tags. */
const sentenceWords = new Set(
  `a an the is are was were has have his her their its
   der das ein eine einen einem einer ist sind hat haben
   le la les un une des est el los las unos unas está están il lo uno è sono
   het een um uma é são`.split(/\s+/),
);

/** Longer parts than this between separators are clauses. */
const mostWords = 4;

/**
 * The tags in a line of text, where it is a list of tags rather than a sentence: `dog, beach, blue sky`, with commas or
 * semicolons, or `#dog #beach`. A line is a sentence where it ends in a full stop, or a part has an article, a form of
 * "be" or many words; of two parts, both must be short.
 */
export function tagsOf(line: string): string[] | undefined {
  const text = line.trim();
  if (/^(?:#[^\s#]+\s*)+$/u.test(text)) return text.split(/[#\s]+/).filter((tag) => tag !== '');
  if (/[.!?]["”']?$/u.test(text)) return undefined;
  const separator = text.includes(';') ? ';' : ',';
  const parts = text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (!text.includes(separator) || parts.length === 0) return undefined;
  const words = parts.map((part) => part.split(/\s+/));
  const most = parts.length > 2 ? mostWords : 2;
  if (words.some((part) => part.length > most || part.some(isSentenceWord))) return undefined;
  // "Red car, parked" begins as a sentence does; "New York, night" with a name.
  const [first, second] = words;
  const isClause = /^\p{Lu}/u.test(first![0]!) && /^\p{Ll}/u.test(first![1] ?? '');
  if (parts.length === 2 && isClause && /^\p{Ll}/u.test(second![0]!)) return undefined;
  return parts;
}

/** "la" is an article in "la mer", and none in "La Paz" or "Las Vegas". */
function isSentenceWord(word: string, position: number, part: readonly string[]): boolean {
  if (!sentenceWords.has(word.toLowerCase())) return false;
  const next = part[position + 1];
  return /^\p{Ll}/u.test(word) || (next !== undefined && /^\p{Ll}/u.test(next));
}
