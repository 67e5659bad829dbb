import { CovistaError } from '../errors.ts';
import { HalfMatrix, type Tensor } from '../linalg/index.ts';
import type { Matrix32 } from '../linalg/matrix.ts';
import type { VoterPictures } from '../retrieval/index.ts';
import type { CaptionBank } from './model.ts';

/** The tensors of a bank of captions, all that begin with `bank.`; its texts are no tensor. */
export function* bankTensors(bank: CaptionBank): Generator<[name: string, tensor: Tensor]> {
  const { embeddings, words, correction, pictures, partial } = bank;
  yield ['bank.embeddings', halves(embeddings)];
  yield ['bank.offsets', whole(words.offsets)];
  yield ['bank.correction', { type: 'F32', shape: [correction.length], data: correction }];
  yield ['bank.words', whole(words.indices)];
  if (partial !== undefined) yield ['bank.partial', whole(partial)];
  if (pictures !== undefined) {
    yield ['bank.pictures', whole(pictures.of)];
    yield ['bank.agreed.offsets', whole(pictures.words.offsets)];
    yield ['bank.agreed.words', whole(pictures.words.indices)];
  }
}

/**
 * The bank that {@link bankTensors} wrote, without its texts; undefined where there is none.
 * @param file what the tensors were read from, for messages
 * @throws CovistaError `bad-format` when a tensor is missing or of another type
 */
export function bankFrom(tensors: ReadonlyMap<string, Tensor>, file: string): CaptionBank | undefined {
  if (!tensors.has('bank.embeddings')) return undefined;
  const embeddings = fromHalves(tensors.get('bank.embeddings'));
  const offsets = tensors.get('bank.offsets');
  const words = tensors.get('bank.words');
  const correction = tensors.get('bank.correction');
  const partial = tensors.get('bank.partial');
  if (
    embeddings === undefined ||
    offsets?.type !== 'U32' ||
    words?.type !== 'U32' ||
    correction?.type !== 'F32' ||
    offsets.data.length !== embeddings.rows + 1 ||
    correction.data.length !== embeddings.rows
  )
    throw new CovistaError('bad-format', `The bank of captions in ${file} cannot be read.`);
  return {
    embeddings,
    words: { offsets: offsets.data, indices: words.data },
    correction: correction.data,
    pictures: voterPicturesFrom(tensors),
    partial: partial?.type === 'U32' ? partial.data : undefined,
  };
}

function voterPicturesFrom(tensors: ReadonlyMap<string, Tensor>): VoterPictures | undefined {
  const of = tensors.get('bank.pictures');
  const offsets = tensors.get('bank.agreed.offsets');
  const words = tensors.get('bank.agreed.words');
  if (of?.type !== 'U32' || offsets?.type !== 'U32' || words?.type !== 'U32') return undefined;
  return { of: of.data, words: { offsets: offsets.data, indices: words.data } };
}

const whole = (data: Uint32Array): Tensor => ({ type: 'U32', shape: [data.length], data });

/** Numbers in half precision: the unit length of embeddings keeps the error of a score below 0.001. */
export function halves(m: Matrix32): Tensor {
  const { rows, columns, bits } = HalfMatrix.of(m);
  return { type: 'F16', shape: [rows, columns], data: bits };
}

/** The matrix that {@link halves} wrote; undefined for anything else. */
export function fromHalves(tensor: Tensor | undefined): HalfMatrix | undefined {
  if (tensor?.type !== 'F16' || tensor.shape.length !== 2) return undefined;
  return new HalfMatrix(tensor.shape[0]!, tensor.shape[1]!, tensor.data);
}
