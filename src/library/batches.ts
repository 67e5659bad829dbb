import type { Float32, RecordBatch, Uint32, Vector } from 'apache-arrow';
import { joinArrays, joinRows, type Matrix32, matrix, type SparseRows, zeros32 } from '../linalg/matrix.ts';
import type { VectorBatch } from './records.ts';

/** A text as it stands in a filter. */
export const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A text column. */
export function strings(batch: RecordBatch, column: string): string[] {
  return [...batch.getChild(column)!] as string[];
}

/** Copies a vector column out of Arrow's memory. */
export function vectors(batch: RecordBatch, column: string, size: number): Matrix32 {
  const data = new Float32Array(batch.numRows * size);
  let at = 0;
  for (const chunk of batch.getChild(column)!.data) {
    const values = chunk.children[0]!;
    const from = (chunk.offset ?? 0) * size;
    data.set((values.values as Float32Array).subarray(from, from + chunk.length * size), at);
    at += chunk.length * size;
  }
  return matrix(batch.numRows, size, data);
}

/** Several batches as one. */
export function joinBatches(parts: readonly VectorBatch[], size: number): VectorBatch {
  if (parts.length === 0) return { paths: [], vectors: zeros32(0, size) };
  return { paths: parts.flatMap((part) => part.paths), vectors: joinRows(parts.map((part) => part.vectors)) };
}

/** The tags of pictures in one batch: how many each picture has, their numbers, and their probabilities. */
export interface TagLists {
  readonly counts: number[];
  readonly tags: Uint32Array;
  readonly probabilities: Float32Array;
}

/** Copies the columns `tags` and `probabilities` out of Arrow's memory. */
export function tagLists(batch: RecordBatch): TagLists {
  const lists = [...batch.getChild('tags')!].map((list) => (list as Vector<Uint32>).toArray());
  const probabilities = [...batch.getChild('probabilities')!].map((list) =>
    (list as Vector<Float32>).toArray(),
  );
  return {
    counts: lists.map(({ length }) => length),
    tags: joinArrays(Uint32Array, lists),
    probabilities: joinArrays(Float32Array, probabilities),
  };
}

/**
 * The tags of several batches, pictures x tags.
 * @param columns how many tags the model has
 */
export function joinTagLists(parts: readonly TagLists[], columns: number): SparseRows {
  const counts = parts.flatMap((part) => part.counts);
  const offsets = new Uint32Array(counts.length + 1);
  for (const [i, count] of counts.entries()) offsets[i + 1] = offsets[i]! + count;
  return {
    rows: counts.length,
    columns,
    offsets,
    indices: joinArrays(
      Uint32Array,
      parts.map((part) => part.tags),
    ),
    values: joinArrays(
      Float32Array,
      parts.map((part) => part.probabilities),
    ),
  };
}
