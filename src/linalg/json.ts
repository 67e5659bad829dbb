/**
 * JSON whose objects and arrays are not nested deeper than `deepest`. JSON.parse ends the process for want of memory on
 * some ten million brackets, which no file that is read here has.
 * @throws SyntaxError for what is no JSON or nested deeper
 */
export function parseJson(text: string, deepest: number): unknown {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const mark = text.charCodeAt(i);
    if (mark === QUOTE) i = endOfString(text, i);
    else if (mark === OPEN_BRACE || mark === OPEN_BRACKET) {
      depth++;
      if (depth > deepest) throw new SyntaxError(`JSON is nested deeper than ${deepest} levels`);
    } else if (mark === CLOSE_BRACE || mark === CLOSE_BRACKET) depth--;
  }
  return JSON.parse(text);
}

/**
 * A key that an object has twice, of which JSON.parse keeps the last; undefined when there is none.
 * @param json valid JSON
 */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  const colon = /\s*:/y;
  for (let i = 0; i < json.length; i++) {
    const mark = json.charCodeAt(i);
    if (mark === OPEN_BRACE) open.push(new Set());
    else if (mark === CLOSE_BRACE) open.pop();
    else if (mark === QUOTE) {
      const start = i;
      i = endOfString(json, start);
      colon.lastIndex = i + 1;
      if (!colon.test(json)) continue;
      const key = JSON.parse(json.slice(start, i + 1)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;

/** Where the text ends that begins at a quote; the end of all where it does not end. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let slashes = end;
    while (json.charCodeAt(slashes - 1) === BACKSLASH) slashes--;
    if ((end - slashes) % 2 === 0) return end;
  }
  return json.length;
}
