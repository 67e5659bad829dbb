import { CovistaError } from '../../base/errors.ts';

/** How many warnings of one kind are kept in full; the rest is counted. */
const keptOfAKind = 10;

/**
 * Collects what was wrong and left out while reading. A file with a million bad lines yields the first ten in
 * full and the number of the others.
 */
export class Warnings {
  readonly #kinds = new Map<string, { messages: string[]; more: number }>();

  /**
   * @param kind what the warning is one of, in the plural: `lines without a caption`
   * @param message the whole warning, naming file and line
   */
  add(kind: string, message: string): void {
    let entry = this.#kinds.get(kind);
    if (entry === undefined) {
      entry = { messages: [], more: 0 };
      this.#kinds.set(kind, entry);
    }
    if (entry.messages.length < keptOfAKind) entry.messages.push(message);
    else entry.more++;
  }

  /** All warnings, by kind in the order of their first. */
  list(): string[] {
    return [...this.#kinds].flatMap(([kind, { messages, more }]) =>
      more === 0 ? messages : [...messages, `... and ${more} more ${kind}.`],
    );
  }
}

/** Reads one file of many; where it cannot be read, a warning says why, and the others are read all the same. */
export async function tryFile(warnings: Warnings, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof CovistaError) || error.code === 'aborted') throw error;
    warnings.add('files that cannot be read', error.message);
  }
}
