import { Buffer } from 'node:buffer';
import { offsetsTo } from '../../linalg/tensor-checks.ts';

/** The words of a vector file as bytes: none of them is a string before somebody asks for it. */
export interface WordIndexData {
  /** All words in the order of the file, UTF-8, one after the other. */
  readonly words: Uint8Array;
  /** Word i is `words[offsets[i]] .. words[offsets[i + 1]]`; one more than there are words. */
  readonly offsets: Uint32Array;
  /**
   * Hash table with linear probing; its length is a power of two. A slot holds 0, or 1 + the position of a word
   * whose search begins at or before it: at {@link hashWord} modulo the length.
   */
  readonly slots: Uint32Array;
}

/** The 32-bit FNV-1a hash of bytes (Fowler, Noll and Vo; RFC 9923). */
function hashWord(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

/** The position of a word (UTF-8), or -1. */
export function findWord(index: WordIndexData, word: Uint8Array): number {
  const { words, offsets, slots } = index;
  return slots[findSlot(words, offsets, slots, word)]! - 1;
}

/**
 * What is wrong with words that were read from a file, or nothing: every word has its place among the bytes and stands
 * in one slot, so that a search ends at it or at an empty slot.
 */
export function wrongIndex({ words, offsets, slots }: WordIndexData): string | undefined {
  const wrong = offsetsTo(words.length)(offsets);
  if (wrong !== undefined) return `the list of where words begin ${wrong}`;
  const count = offsets.length - 1;
  const placed = new Uint8Array(count);
  let left = count;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if (slot === 0) continue;
    if (slot > count || placed[slot - 1] === 1) return `its hash table is wrong in slot ${i}`;
    placed[slot - 1] = 1;
    left--;
  }
  return left > 0 || count >= slots.length ? `its hash table lacks ${left} of ${count} words` : undefined;
}

/** Collects words for a file: bytes and numbers in arrays that grow, so that millions of words stay small. */
export class WordIndexBuilder {
  count = 0;
  private words = new Uint8Array(1 << 16);
  private offsets = new Uint32Array(1 << 13);
  private slots = new Uint32Array(1 << 14);

  /** Adds a word and returns true, or returns false if it is there already. */
  add(word: Uint8Array): boolean {
    const slot = findSlot(this.words, this.offsets, this.slots, word);
    if (this.slots[slot] !== 0) return false;
    const start = this.offsets[this.count]!;
    const end = start + word.length;
    if (end > this.words.length) this.words = grown(this.words, Math.max(end, 2 * this.words.length));
    if (this.count + 2 > this.offsets.length) this.offsets = grown(this.offsets, 2 * this.offsets.length);
    this.words.set(word, start);
    this.count++;
    this.offsets[this.count] = end;
    this.slots[slot] = this.count;
    // Above two thirds, probing gets slow.
    if (3 * this.count > 2 * this.slots.length) this.rehash();
    return true;
  }

  /** Views of what was collected. */
  data(): WordIndexData {
    const offsets = this.offsets.subarray(0, this.count + 1);
    return { words: this.words.subarray(0, offsets[this.count]), offsets, slots: this.slots };
  }

  private rehash(): void {
    const slots = new Uint32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    for (let i = 0; i < this.count; i++) {
      const word = this.words.subarray(this.offsets[i], this.offsets[i + 1]);
      let slot = hashWord(word) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.slots = slots;
  }
}

/** The slot that holds the word, or the empty one where it belongs. */
function findSlot(words: Uint8Array, offsets: Uint32Array, slots: Uint32Array, word: Uint8Array): number {
  const mask = slots.length - 1;
  let slot = hashWord(word) & mask;
  for (;;) {
    const found = slots[slot]!;
    if (found === 0) return slot;
    const start = offsets[found - 1]!;
    const end = offsets[found]!;
    if (end - start === word.length && Buffer.compare(word, words.subarray(start, end)) === 0) return slot;
    slot = (slot + 1) & mask;
  }
}

function grown<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
