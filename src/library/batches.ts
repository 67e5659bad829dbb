import type { RecordBatch } from 'apache-arrow';
import { joinRows, type Matrix32, matrix, zeros32 } from '../linalg/matrix.ts';

/** Paths, and row by row the vectors that belong to them. */
export interface VectorBatch {
  readonly paths: readonly string[];
  readonly vectors: Matrix32;
}

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
