/**
 * What a terminal obeys rather than shows: control characters, escape sequences among them, marks that turn the
 * direction of writing, separators of lines, and halves of characters.
 */
const OBEYED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Names, captions and messages as they can be shown in one line, whatever is in them: `\x1b` for an escape. */
export function printable(text: string): string {
  return text.replace(OBEYED, (character) => SHORT[character] ?? escaped(character));
}

/** Text of several lines with the colours that `paint` gives; all else is shown as {@link printable} shows it. */
export function printableText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  return text.replace(/(\n|\x1b\[\d{1,3}(?:;\d{1,3}){0,4}m)|[^\n\x1b]+|\x1b/g, (part, kept) =>
    kept === undefined ? printable(part) : part,
  );
}

/** JSON in which all that a terminal obeys is written as JSON writes it: `\u001b`. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(OBEYED, (character) =>
    character === '\n' ? character : `\\u${hexadecimal(character, 4)}`,
  );
}

/** An argument as it can be copied into a shell: in quotes where it holds more than letters of usual names. */
export function shellArgument(text: string): string {
  return /^[\p{L}\p{M}\p{N}_./:@%+=,-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const escaped = (character: string) =>
  character.charCodeAt(0) < 0x100 ? `\\x${hexadecimal(character, 2)}` : `\\u${hexadecimal(character, 4)}`;

const hexadecimal = (character: string, digits: number) =>
  character.charCodeAt(0).toString(16).padStart(digits, '0');
