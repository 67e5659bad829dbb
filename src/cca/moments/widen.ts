import { isSparse, type Matrix, type Matrix64 } from '../../linalg/matrix.ts';
import { type CheckedBlock, notFinite } from './block-rows.ts';

/** @throws CovistaError `bad-values` naming the first value that is not finite */
export function requireFinite(blocks: readonly Matrix[]): void {
  for (const [i, block] of blocks.entries()) if (!isFiniteData(block.data)) throw notFinite(block, i);
}

/** Rows of a matrix in float64. */
export function widenRows({ rows, columns, data }: Matrix, start = 0, count = rows): Matrix64 {
  const end = Math.min(rows, start + count);
  return {
    rows: end - start,
    columns,
    data: new Float64Array(data.subarray(start * columns, end * columns)),
  };
}

/** A dense block in float64; sparse ones are multiplied in float64 as they are. */
export function widenBlock(block: CheckedBlock): CheckedBlock {
  const { rows } = block;
  return isSparse(rows) || rows.data instanceof Float64Array ? block : { ...block, rows: widenRows(rows) };
}

/** 0 times anything finite is 0, so that their sum tells, without a test for each. */
function isFiniteData(data: Matrix['data']): boolean {
  let sum = 0;
  for (let p = 0; p < data.length; p++) sum += 0 * data[p]!;
  return sum === 0;
}
