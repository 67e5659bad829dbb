import { CovistaError } from '../errors.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type Tensor,
} from '../linalg/safetensors.ts';
import type { JointSpace, ViewProjection } from './joint-space.ts';

const format = 'covista-joint-space';
const version = 1;

/**
 * A joint space as a safetensors file: tensors `correlations`, `view.<i>.mean` and `view.<i>.weights` in
 * float64, and its format, version, count and block sizes as metadata.
 */
export function saveJointSpace(space: JointSpace): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = jointSpaceTensors(space);
  return encodeSafetensors(tensors, metadata);
}

/** What {@link saveJointSpace} writes, to be stored with other tensors. */
export function jointSpaceTensors(space: JointSpace): Safetensors {
  const tensors = new Map<string, Tensor>();
  const k = space.correlations.length;
  tensors.set('correlations', { type: 'F64', shape: [k], data: space.correlations });
  for (const [i, { mean, weights }] of space.views.entries()) {
    tensors.set(`view.${i}.mean`, { type: 'F64', shape: [mean.length], data: mean });
    tensors.set(`view.${i}.weights`, { type: 'F64', shape: [mean.length, k], data: weights.data });
  }
  return {
    tensors,
    metadata: {
      format,
      version: String(version),
      count: String(space.count),
      blocks: JSON.stringify(space.views.map((view) => view.blocks)),
    },
  };
}

/**
 * Reads what {@link saveJointSpace} wrote.
 * @param name what the bytes are, for messages: a file name
 * @throws CovistaError `bad-format` for anything else, `version` for a file of a later version
 */
export function loadJointSpace(bytes: Uint8Array, name = 'joint space'): JointSpace {
  return jointSpaceFrom(decodeSafetensors(bytes, name), name);
}

/**
 * The joint space that {@link jointSpaceTensors} gave the tensors of, which become its matrices without a copy.
 * @throws CovistaError as {@link loadJointSpace}
 */
export function jointSpaceFrom({ tensors, metadata }: Safetensors, name: string): JointSpace {
  if (metadata.format !== format)
    throw new CovistaError('bad-format', `${name} does not hold a joint space, but ${metadata.format}.`);
  if (metadata.version !== String(version))
    throw new CovistaError(
      'version',
      `${name} has version ${metadata.version}, this program reads ${version}.`,
      {
        hint: 'Fit the collection again, or update Covista.',
      },
    );
  const vector = (key: string, length?: number): Float64Array => {
    const tensor = tensors.get(key);
    if (tensor?.type !== 'F64' || (length !== undefined && tensor.data.length !== length))
      throw new CovistaError('bad-format', `${name}: tensor ${key} is missing or has another shape.`);
    return tensor.data;
  };
  const count = Number(metadata.count);
  const correlations = vector('correlations');
  const k = correlations.length;
  const views = readBlocks(metadata.blocks, name).map((blocks, i): ViewProjection => {
    const size = blocks.reduce((sum, block) => sum + block, 0);
    const weights = { rows: size, columns: k, data: vector(`view.${i}.weights`, size * k) };
    return { blocks, mean: vector(`view.${i}.mean`, size), weights };
  });
  if (!Number.isSafeInteger(count) || count < 0)
    throw new CovistaError('bad-format', `${name}: the count of pairs is ${metadata.count}.`);
  return { count, correlations, views };
}

function readBlocks(text: string | undefined, name: string): number[][] {
  let blocks: unknown;
  try {
    blocks = JSON.parse(text ?? '');
  } catch {
    blocks = undefined;
  }
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;
  if (!Array.isArray(blocks) || !blocks.every((view) => Array.isArray(view) && view.every(isSize)))
    throw new CovistaError('bad-format', `${name}: its block sizes are not valid.`);
  return blocks;
}
