import { Buffer } from 'node:buffer';

/** How a fastText model cuts words into n-grams, and into how many rows their hashes fall. */
export interface Subwords {
  /** Shortest and longest n-gram, in characters. */
  readonly shortest: number;
  readonly longest: number;
  /** Rows of n-gram vectors. */
  readonly buckets: number;
}

/**
 * The rows of a word's n-grams, as fastText numbers them (Bojanowski et al., TACL 2017): the n-grams of `<word>`,
 * except `<` and `>` alone, by a 32-bit FNV-1a hash that takes bytes as signed.
 */
export function subwordRows(word: string, { shortest, longest, buckets }: Subwords): number[] {
  const characters = Array.from(`<${word}>`, (character) => Buffer.from(character));
  const rows: number[] = [];
  for (let i = 0; i < characters.length; i++) {
    let hash = 0x811c9dc5;
    for (let n = 1; n <= longest && i + n <= characters.length; n++) {
      for (const byte of characters[i + n - 1]!) hash = Math.imul(hash ^ ((byte << 24) >> 24), 0x01000193);
      const edge = n === 1 && (i === 0 || i === characters.length - 1);
      if (n >= shortest && !edge) rows.push((hash >>> 0) % buckets);
    }
  }
  return rows;
}
