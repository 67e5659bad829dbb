import { z } from 'zod';
import { productIndex } from '../../linalg/joint-gram.ts';
import { type Matrix64, zeros64 } from '../../linalg/matrix.ts';
import { wholeText } from '../../linalg/metadata-text.ts';
import type { Tensor } from '../../linalg/safetensors.ts';
import { nonNegative } from '../../linalg/tensor-checks.ts';
import { encodeTensorFile, TensorFile, type TensorFileKind } from '../../linalg/tensor-file.ts';
import { Moments } from './moments.ts';

const kind: TensorFileKind = {
  entry: ['format', 'covista-moments'],
  what: 'moments',
  version: 2,
  hint: 'Compute the moments again, or update Covista.',
};

const metadataSchema = z.object({ count: wholeText, blocks: wholeText });

/**
 * Moments as a safetensors file, in float64: tensors `shift.<i>`, `sum.<i>`, `rounding.<i>` and `product.<i>.<j>` for blocks
 * i <= j (see MomentSums); of the symmetric products (i = j) only the rows of the upper triangle.
 */
export function saveMoments(moments: Moments): Uint8Array<ArrayBuffer> {
  const { shifts, sums, products, rounding, count } = moments.sums;
  const tensors = new Map<string, Tensor>();
  moments.sizes.forEach((size, i) => {
    tensors.set(`shift.${i}`, { type: 'F64', shape: [size], data: shifts[i]! });
    tensors.set(`sum.${i}`, { type: 'F64', shape: [size], data: sums[i]! });
    tensors.set(`rounding.${i}`, { type: 'F64', shape: [size], data: rounding[i]! });
    for (let j = i; j < moments.sizes.length; j++) {
      const { data } = products[productIndex(moments.sizes.length, i, j)]!;
      const packed = i === j ? packTriangle(data, size) : data;
      const shape = i === j ? [packed.length] : [size, moments.sizes[j]!];
      tensors.set(`product.${i}.${j}`, { type: 'F64', shape, data: packed });
    }
  });
  const [format, value] = kind.entry;
  return encodeTensorFile(tensors, {
    [format]: value,
    version: String(kind.version),
    count: String(count),
    blocks: String(moments.sizes.length),
  });
}

/**
 * Reads what {@link saveMoments} wrote.
 * @param name what the bytes are, for messages: a file name
 * @throws CovistaError `bad-format` for anything else and for what was damaged, `version` for a file of another version
 */
export function loadMoments(bytes: Uint8Array, name = 'moments'): Moments {
  const file = TensorFile.decode(bytes, name, kind);
  const { count, blocks } = file.read(metadataSchema);
  // Copies: moments grow in place, and the bytes belong to the caller.
  const vector = (key: string, ...shape: (number | string)[]) => file.tensor(key, 'F64', shape).slice();
  const shifts: Float64Array[] = [];
  for (let i = 0; i < blocks; i++) shifts.push(vector(`shift.${i}`, `columns of block ${i}`));
  const sums = shifts.map((shift, i) => vector(`sum.${i}`, shift.length));
  const products: Matrix64[] = [];
  for (let i = 0; i < blocks; i++)
    for (let j = i; j < blocks; j++) {
      const rows = shifts[i]!.length;
      const columns = shifts[j]!.length;
      const key = `product.${i}.${j}`;
      if (i === j) products.push(unpackTriangle(vector(key, (rows * (rows + 1)) / 2), rows));
      else products.push({ rows, columns, data: vector(key, rows, columns) });
    }
  const rounding = shifts.map((shift, i) =>
    file.tensor(`rounding.${i}`, 'F64', [shift.length], nonNegative).slice(),
  );
  file.finish();
  return new Moments({ count, shifts, sums, products, rounding });
}

function packTriangle(data: Float64Array, size: number): Float64Array {
  const packed = new Float64Array((size * (size + 1)) / 2);
  let position = 0;
  for (let i = 0; i < size; i++) {
    packed.set(data.subarray(i * size + i, (i + 1) * size), position);
    position += size - i;
  }
  return packed;
}

function unpackTriangle(packed: Float64Array, size: number): Matrix64 {
  const full = zeros64(size, size);
  let position = 0;
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) {
      const value = packed[position++]!;
      full.data[i * size + j] = value;
      full.data[j * size + i] = value;
    }
  return full;
}
