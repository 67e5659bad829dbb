import type { Matrix32 } from './matrix.ts';

/** So many elements of a row tell most rows apart. */
const SAMPLE = 6;

/**
 * Finds rows of equal values.
 * @returns for each row the number of the first that equals it, often its own; undefined when all rows differ
 */
export function equalRows(m: Matrix32): Uint32Array | undefined {
  const step = Math.max(1, Math.floor(m.columns / SAMPLE));
  const found = firstEqual(m, step) ?? firstEqual(m, 1, true)!;
  return found.some((first, i) => first !== i) ? found : undefined;
}

/**
 * Looks rows up in a hash table by every `step`th element.
 * @returns undefined when rows that differ come out the same too often, unless `patient`
 */
function firstEqual(
  { rows, columns, data }: Matrix32,
  step: number,
  patient = false,
): Uint32Array | undefined {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const size = 2 ** Math.ceil(Math.log2(2 * rows + 2));
  const slots = new Uint32Array(size);
  const hashes = new Uint32Array(rows);
  const first = new Uint32Array(rows);
  let misses = 0;
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let hash = 0;
    // The sign is left out, since 0 equals -0.
    for (let c = 0; c < columns; c += step)
      hash = Math.imul(hash ^ (bits[start + c]! << 1), 0x9e3779b1) ^ (hash >>> 15);
    hash = (hash ^ (hash >>> 16)) >>> 0;
    hashes[i] = hash;
    first[i] = i;
    for (let slot = hash & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      const other = slots[slot]! - 1;
      if (other < 0) {
        slots[slot] = i + 1;
        break;
      }
      if (hashes[other] !== hash) continue;
      if (areEqual(data, other * columns, start, columns)) {
        first[i] = other;
        break;
      }
      if (++misses > rows && !patient) return undefined;
    }
  }
  return first;
}

function areEqual(data: Float32Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (data[a + i] !== data[b + i]) return false;
  return true;
}
