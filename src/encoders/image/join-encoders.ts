import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { joinArrays } from '../../linalg/matrix.ts';
import type { EncodedPicture, ImageEncoder } from './image-encoder.ts';

type Pictures = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Pictures that all encoders work on before the next ones are begun. */
const CHUNK = 32;

/**
 * One encoder of several: its features are theirs side by side, in their order, each with its own blocks. Encoders that
 * were trained for different ends see different things, and CCA takes what helps of each. A picture that one of them
 * cannot encode has no feature.
 * @param encoders two or more that differ; they are closed with the joined one
 * @throws CovistaError `usage` when one of them is given twice
 */
export function joinEncoders(encoders: readonly ImageEncoder[]): ImageEncoder {
  const ids = encoders.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw new CovistaError('usage', `The encoder ${twice} is named twice.`);
  return {
    id: ids.join(' + '),
    size: encoders.reduce((sum, { size }) => sum + size, 0),
    blocks: encoders.flatMap(({ blocks }) => blocks),
    encode: (pictures, options = {}) => encode(encoders, pictures, options),
    close: async () => void (await Promise.all(encoders.map((encoder) => encoder.close()))),
  };
}

async function* encode(
  encoders: readonly ImageEncoder[],
  pictures: Pictures,
  { signal, onProgress }: WorkOptions,
): AsyncGenerator<EncodedPicture> {
  const total = Array.isArray(pictures) ? { total: pictures.length } : {};
  let done = 0;
  for await (const chunk of chunksOf(pictures)) {
    throwIfAborted(signal);
    // All have to end before an error is thrown, so that none still works when the encoders are closed.
    const settled = await Promise.allSettled(encoders.map((encoder) => inOrder(encoder, chunk, signal)));
    const results = settled.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    });
    for (let i = 0; i < chunk.length; i++) {
      yield { ...sideBySide(results.map((ofOne) => ofOne[i]!)), index: done++ };
      onProgress?.({ stage: 'encode pictures', done, ...total, unit: 'pictures' });
    }
  }
}

async function* chunksOf(pictures: Pictures): AsyncGenerator<(string | Uint8Array)[]> {
  let chunk: (string | Uint8Array)[] = [];
  for await (const picture of pictures) {
    chunk.push(picture);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function inOrder(
  encoder: ImageEncoder,
  pictures: readonly (string | Uint8Array)[],
  signal: AbortSignal | undefined,
): Promise<EncodedPicture[]> {
  const results: EncodedPicture[] = [];
  for await (const result of encoder.encode(pictures, { signal })) results[result.index] = result;
  return results;
}

/** What all encoders say of one picture; the first error where there is one. */
function sideBySide(results: readonly EncodedPicture[]): EncodedPicture {
  const features: Float32Array[] = [];
  let last: EncodedPicture | undefined;
  for (const result of results) {
    if ('error' in result) return result;
    features.push(result.feature);
    last = result;
  }
  return { ...last!, feature: joinArrays(Float32Array, features) };
}
