import { workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-web';
import { floatValues, serveSession } from '../../onnx/run/serve-session.ts';
import type { SentenceBatch, SentenceSessionSettings } from './sentence-network.ts';

/* Runs one ONNX session on tokens and pools what it gives into one vector a text. */

const settings = workerData as SentenceSessionSettings;
await serveSession<SentenceBatch>((session, Tensor) => (batch) => run(session, Tensor, batch));

async function run(
  session: InferenceSession,
  Tensor: TensorConstructor,
  batch: SentenceBatch,
): Promise<Float32Array<ArrayBuffer>> {
  const results = await session.run(feedsOf(session, Tensor, batch), [batch.output]);
  const tensor = results[batch.output]!;
  const vectors = pool(floatValues(tensor), tensor.dims, batch);
  tensor.dispose();
  return vectors;
}

function feedsOf(
  session: InferenceSession,
  Tensor: TensorConstructor,
  batch: SentenceBatch,
): Record<string, Tensor> {
  const { ids, count, lengths } = batch;
  const length = ids.length / count;
  const values: Record<string, (i: number) => number> = {
    input_ids: (i) => ids[i]!,
    attention_mask: (i) => (i % length < lengths[Math.floor(i / length)]! ? 1 : 0),
    token_type_ids: () => 0,
    position_ids: (i) => i % length,
  };
  return Object.fromEntries(
    session.inputMetadata.map((input) => {
      const value = values[input.name];
      if (value === undefined) throw new Error(`the input ${input.name} is none that a text fills`);
      const type = input.isTensor ? input.type : 'int64';
      const data =
        type === 'int32'
          ? Int32Array.from(ids, (_, i) => value(i))
          : BigInt64Array.from({ length: ids.length }, (_, i) => BigInt(value(i)));
      return [input.name, new Tensor(type === 'int32' ? 'int32' : 'int64', data, [count, length])];
    }),
  );
}

/** One vector of unit length a text. */
function pool(
  values: Float32Array,
  dims: readonly number[],
  { output, count, lengths }: SentenceBatch,
): Float32Array<ArrayBuffer> {
  const size = dims.at(-1)!;
  if (dims[0] !== count || dims.length < 2 || dims.length > 3)
    throw new Error(`the output ${output} has the shape [${dims.join(', ')}] for ${count} texts`);
  const tokens = dims.length === 3 ? dims[1]! : 1;
  const vectors = new Float32Array(count * size);
  for (let text = 0; text < count; text++) {
    const vector = vectors.subarray(text * size, (text + 1) * size);
    const used = Math.min(tokens, lengths[text]!);
    const [first, last] =
      settings.pooling === 'mean' ? [0, used] : settings.pooling === 'cls' ? [0, 1] : [used - 1, used];
    for (let token = first; token < last; token++) {
      const start = (text * tokens + token) * size;
      for (let i = 0; i < size; i++) vector[i]! += values[start + i]!;
    }
    let energy = 0;
    for (const value of vector) energy += value * value;
    const scale = energy > 0 ? 1 / Math.sqrt(energy) : 0;
    for (let i = 0; i < size; i++) vector[i]! *= scale;
  }
  return vectors;
}
