import { workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-web';
import { toFloat16 } from '../../linalg/float16.ts';
import { floatValues, serveSession } from '../../onnx/run/serve-session.ts';
import type { BatchRequest, PictureSessionSettings } from './onnx-session.ts';
import { writePixels } from './preprocessing.ts';

/* Runs one ONNX session on pictures, while the main thread goes on decoding. */

const settings = workerData as PictureSessionSettings;
await serveSession<BatchRequest>((session, Tensor) => (request) => run(session, Tensor, request));

/** Features of a batch of pictures, one row each: the outputs next to each other. */
async function run(
  session: InferenceSession,
  Tensor: TensorConstructor,
  { pixels, count }: BatchRequest,
): Promise<Float32Array<ArrayBuffer>> {
  const { preprocessing, outputs } = settings;
  const { width, height, layout } = preprocessing;
  const values = width * height * 3;
  const input = new Float32Array(count * values);
  for (const [index, picture] of pixels.entries()) writePixels(picture, preprocessing, input, index * values);
  const shape = layout === 'nchw' ? [count, 3, height, width] : [count, height, width, 3];
  const results = await session.run({ [settings.input]: inputTensor(session, Tensor, input, shape) }, [
    ...outputs,
  ]);
  const parts = outputs.map((name) => floatValues(results[name]!));
  for (const tensor of Object.values(results)) tensor.dispose();
  const sizes = parts.map((part) => part.length / count);
  const row = sizes.reduce((sum, size) => sum + size, 0);
  const features = new Float32Array(pixels.length * row);
  let column = 0;
  for (const [index, part] of parts.entries()) {
    const size = sizes[index]!;
    for (let picture = 0; picture < pixels.length; picture++)
      features.set(part.subarray(picture * size, (picture + 1) * size), picture * row + column);
    column += size;
  }
  return features;
}

function inputTensor(
  session: InferenceSession,
  Tensor: TensorConstructor,
  input: Float32Array,
  shape: readonly number[],
): Tensor {
  const info = session.inputMetadata.find(({ name }) => name === settings.input);
  const type = info?.isTensor ? info.type : 'float32';
  if (type === 'float16') return new Tensor('float16', toFloat16(input), shape);
  if (type === 'uint8') return new Tensor('uint8', Uint8Array.from(input), shape);
  return new Tensor('float32', input, shape);
}
