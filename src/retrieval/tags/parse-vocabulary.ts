import { CovistaError } from '../../base/errors.ts';
import { type IndexRows, indexRows } from '../gallery/index-rows.ts';

/** The tags that somebody wants to be given, in the order of their first mention. */
export interface OwnVocabulary {
  /** Words and phrases, each once. */
  readonly names: readonly string[];
  /** For each name the numbers of the names directly under it. */
  readonly children: IndexRows;
}

/**
 * Reads a vocabulary, one word or phrase a line. A hierarchy is written by indentation or by slashes, or both:
 *
 *     animal
 *       dog
 *       cat
 *     vehicle/car
 *
 * A name may stand under several others. Empty lines and what follows a `#` are passed over.
 * @param source what it is called in errors
 * @throws CovistaError `bad-format` without any name, or when a name stands under itself
 */
export function parseVocabulary(text: string, source: string): OwnVocabulary {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const children: Set<number>[] = [];
  const numberOf = (name: string): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, names.length);
    children.push(new Set());
    return names.push(name) - 1;
  };
  /** The names that the next line may stand under, and how far each is indented. */
  const open: { indent: number; name: number }[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const content = line.replace(/#.*/, '').trimEnd();
    const path = content
      .split('/')
      .map((part) => part.trim().replace(/\s+/g, ' ').toLowerCase())
      .filter((part) => part !== '');
    if (path.length === 0) continue;
    const indent = content.replaceAll('\t', '    ').search(/\S/);
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    let parent = open.at(-1)?.name;
    for (const part of path) {
      const name = numberOf(part);
      if (parent !== undefined) {
        if (reaches(children, name, parent))
          throw new CovistaError(
            'bad-format',
            `"${part}" stands under itself in line ${i + 1} of ${source}.`,
          );
        children[parent]!.add(name);
      }
      parent = name;
    }
    open.push({ indent, name: parent! });
  }
  if (names.length === 0)
    throw new CovistaError('bad-format', `There is no word in ${source}.`, {
      hint: 'Write one word or phrase a line; indent a word to put it under the one before.',
    });
  return { names, children: indexRows(children) };
}

/** Whether one name is another or stands above it. */
function reaches(children: readonly ReadonlySet<number>[], from: number, to: number): boolean {
  return from === to || [...children[from]!].some((child) => reaches(children, child, to));
}
