import { CovistaError } from '../../base/errors.ts';
import { textLines } from '../formats/text-file.ts';
import { Warnings } from '../formats/warnings.ts';

/**
 * Reads the names of a matrix's rows: one name a line, in row order. Empty lines at the end are left out.
 * @throws CovistaError `bad-format` for an empty line between names, `bad-values` for a name listed twice,
 *   `no-data` when there is none
 */
export async function readNames(path: string): Promise<string[]> {
  const seen = new Map<string, number>();
  let empty = 0;
  for await (const { number, text } of textLines(path, new Warnings())) {
    const name = text.trim();
    if (name === '') {
      empty ||= number;
      continue;
    }
    if (empty > 0)
      throw new CovistaError('bad-format', `${path}, line ${empty} is empty.`, {
        hint: 'Each line names one row of the features: an empty one would shift those after it.',
      });
    const before = seen.get(name);
    if (before !== undefined)
      throw new CovistaError('bad-values', `${path} lists ${name} twice, in lines ${before} and ${number}.`);
    seen.set(name, number);
  }
  if (seen.size === 0) throw new CovistaError('no-data', `${path} holds no names.`);
  return [...seen.keys()];
}

/** The pictures of one split. */
export interface Split {
  /** In the file's order, each once. */
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads a split file: one picture name a line. Names listed twice are kept once, with a warning.
 * @throws CovistaError `no-data` when it holds no name
 */
export async function readSplit(path: string): Promise<Split> {
  const warnings = new Warnings();
  const names = new Set<string>();
  for await (const { number, text } of textLines(path, warnings)) {
    const name = text.trim();
    if (name === '') continue;
    if (names.has(name))
      warnings.add('names listed twice', `${path}, line ${number}: ${name} is listed twice.`);
    names.add(name);
  }
  if (names.size === 0) throw new CovistaError('no-data', `${path} holds no picture names.`);
  return { names: [...names], warnings: warnings.list() };
}

/**
 * Makes sure that no picture is in two splits, since a model must not be tested on what it has seen.
 * @param splits names by split, as `{ train, validation, test }`
 * @throws CovistaError `bad-values` naming the first picture that two splits share
 */
export function requireDisjoint(splits: Readonly<Record<string, readonly string[]>>): void {
  const splitOf = new Map<string, string>();
  for (const [split, names] of Object.entries(splits))
    for (const name of names) {
      const other = splitOf.get(name);
      if (other !== undefined && other !== split)
        throw new CovistaError('bad-values', `${name} is in both the ${other} and the ${split} split.`, {
          hint: 'Remove it from one of the two split files.',
        });
      splitOf.set(name, split);
    }
}
