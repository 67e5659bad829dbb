import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fromFloat16, toFloat16 } from '../linalg/float16.ts';
import type { BatchRequest, SessionReply, SessionSettings } from './onnx-session.ts';
import { writePixels } from './preprocessing.ts';

/*
 * Runs one ONNX session. Inference blocks the thread that it runs on, so it has this one to itself and the main
 * thread goes on decoding.
 */

const settings = workerData as SessionSettings;
const port = parentPort!;
const session = await open();
const reply = (message: SessionReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

const inputInfo = session.inputMetadata.find(({ name }) => name === settings.input);
const inputType = inputInfo?.isTensor ? inputInfo.type : 'float32';
const fixedBatch = inputInfo?.isTensor && typeof inputInfo.shape[0] === 'number' ? inputInfo.shape[0] : -1;
reply({ kind: 'ready', fixedBatch });

// One after the other, so that closing waits for what was asked before it.
let last = Promise.resolve();
port.on('message', (request: BatchRequest | 'close') => {
  last = last.then(() => (request === 'close' ? close() : answer(request)));
});

async function answer({ id, pixels, count }: BatchRequest): Promise<void> {
  try {
    const features = await run(pixels, count);
    reply({ kind: 'features', id, features }, [features.buffer]);
  } catch (error) {
    reply({ kind: 'failed', id, reason: error instanceof Error ? error.message : String(error) });
  }
}

async function close(): Promise<void> {
  await session.release();
  port.close();
}

async function open(): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // Threads that spin while they wait take the processor from decoding: it doubled the time of a picture.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(settings.threads === undefined ? {} : { intraOpNumThreads: settings.threads }),
  };
  return typeof settings.model === 'string'
    ? InferenceSession.create(settings.model, options)
    : InferenceSession.create(settings.model, options);
}

/** Features of a batch of pictures, one row each: the outputs next to each other. */
async function run(pixels: readonly Uint8Array[], count: number): Promise<Float32Array<ArrayBuffer>> {
  const { preprocessing, outputs } = settings;
  const { width, height, layout } = preprocessing;
  const values = width * height * 3;
  const input = new Float32Array(count * values);
  for (const [index, picture] of pixels.entries()) writePixels(picture, preprocessing, input, index * values);
  const shape = layout === 'nchw' ? [count, 3, height, width] : [count, height, width, 3];
  const feeds = { [settings.input]: inputTensor(input, shape) };
  const results = await session.run(feeds, [...outputs]);
  const parts = outputs.map((name) => outputValues(results[name]!));
  for (const tensor of Object.values(results)) tensor.dispose();
  const sizes = parts.map((part) => part.length / count);
  const row = sizes.reduce((sum, size) => sum + size, 0);
  const features = new Float32Array(pixels.length * row);
  let column = 0;
  for (const [index, part] of parts.entries()) {
    const size = sizes[index]!;
    for (let picture = 0; picture < pixels.length; picture++) {
      features.set(part.subarray(picture * size, (picture + 1) * size), picture * row + column);
    }
    column += size;
  }
  return features;
}

function inputTensor(input: Float32Array, shape: readonly number[]): Tensor {
  if (inputType === 'float16') return new Tensor('float16', toFloat16(input), shape);
  if (inputType === 'uint8') return new Tensor('uint8', Uint8Array.from(input), shape);
  return new Tensor('float32', input, shape);
}

function outputValues(tensor: Tensor): Float32Array {
  if (tensor.type === 'float32') return tensor.data as Float32Array;
  if (tensor.type === 'float64') return Float32Array.from(tensor.data as Float64Array);
  if (tensor.type !== 'float16') throw new Error(`an output is of type ${tensor.type}, not of a float type`);
  const half = tensor.data as unknown as ArrayBufferView;
  return fromFloat16(new Uint16Array(half.buffer, half.byteOffset, half.byteLength / 2));
}
