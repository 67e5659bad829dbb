import { CovistaError } from '../errors.ts';
import { productIndex } from '../linalg/joint-gram.ts';
import { type Matrix64, zeros64 } from '../linalg/matrix.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../linalg/safetensors.ts';
import { Moments } from './moments.ts';

const format = 'covista-moments';
const version = 2;

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
  return encodeSafetensors(tensors, {
    format,
    version: String(version),
    count: String(count),
    blocks: String(moments.sizes.length),
  });
}

/**
 * Reads what {@link saveMoments} wrote.
 * @param name what the bytes are, for messages: a file name
 * @throws CovistaError `bad-format` for anything else, `version` for a file of another version
 */
export function loadMoments(bytes: Uint8Array, name = 'moments'): Moments {
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  if (metadata.format !== format)
    throw new CovistaError('bad-format', `${name} does not hold moments, but ${metadata.format}.`);
  if (metadata.version !== String(version))
    throw new CovistaError(
      'version',
      `${name} has version ${metadata.version}, this program reads ${version}.`,
      {
        hint: 'Compute the moments again, or update Covista.',
      },
    );
  const vector = (key: string, length?: number): Float64Array => {
    const tensor = tensors.get(key);
    if (tensor?.type !== 'F64' || (length !== undefined && tensor.data.length !== length))
      throw new CovistaError('bad-format', `${name}: tensor ${key} is missing or has another shape.`);
    // Copies: moments grow in place, and the bytes belong to the caller.
    return tensor.data.slice();
  };
  const count = Number(metadata.count);
  const blocks = Number(metadata.blocks);
  if (!(Number.isSafeInteger(count) && count >= 0 && Number.isSafeInteger(blocks) && blocks <= tensors.size))
    throw new CovistaError('bad-format', `${name}: its counts of pairs and blocks are not valid.`);
  const shifts: Float64Array[] = [];
  for (let i = 0; i < blocks; i++) shifts.push(vector(`shift.${i}`));
  const sums = shifts.map((shift, i) => vector(`sum.${i}`, shift.length));
  const products: Matrix64[] = [];
  for (let i = 0; i < blocks; i++)
    for (let j = i; j < blocks; j++) {
      const rows = shifts[i]!.length;
      const columns = shifts[j]!.length;
      const key = `product.${i}.${j}`;
      if (i === j) products.push(unpackTriangle(vector(key, (rows * (rows + 1)) / 2), rows));
      else products.push({ rows, columns, data: vector(key, rows * columns) });
    }
  const rounding = shifts.map((shift, i) => vector(`rounding.${i}`, shift.length));
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
