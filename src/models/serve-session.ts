import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { fromFloat16 } from '../linalg/float16.ts';
import type { SessionReply, SessionRequest, SessionSettings } from './session-thread.ts';

/**
 * The side of a `SessionThread` that runs in the worker: opens the session and answers one request after the other.
 * @param runWith makes the function that answers, given the session
 */
export async function serveSession<Request>(
  runWith: (session: InferenceSession) => (request: Request) => Promise<Float32Array<ArrayBuffer>>,
): Promise<void> {
  const port = parentPort!;
  const session = await open(workerData as SessionSettings);
  const reply = (message: SessionReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const run = runWith(session);
  reply({
    kind: 'ready',
    info: {
      inputs: session.inputMetadata.map((input) => ({
        name: input.name,
        type: input.isTensor ? input.type : 'sequence',
        shape: input.isTensor ? [...input.shape] : [],
      })),
      outputs: [...session.outputNames],
    },
  });

  const answer = async (id: number, request: Request): Promise<void> => {
    try {
      const result = await run(request);
      reply({ kind: 'result', id, result }, [result.buffer]);
    } catch (error) {
      reply({ kind: 'failed', id, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  const close = async (): Promise<void> => {
    await session.release();
    port.close();
  };
  // One after the other, so that closing waits for what was asked before it.
  let last = Promise.resolve();
  port.on('message', (message: SessionRequest<Request>) => {
    last = last.then(() => (message === 'close' ? close() : answer(message.id, message.request)));
  });
}

async function open({ model, provider, threads }: SessionSettings): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // Threads that spin while they wait take the processor from decoding: it doubled the time of a picture.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(provider === undefined ? {} : { executionProviders: [provider] }),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}

/**
 * The numbers of an output as float32.
 * @throws Error when it holds no floats
 */
export function floatValues(tensor: Tensor): Float32Array {
  if (tensor.type === 'float32') return tensor.data as Float32Array;
  if (tensor.type === 'float64') return Float32Array.from(tensor.data as Float64Array);
  if (tensor.type !== 'float16') throw new Error(`an output is of type ${tensor.type}, not of a float type`);
  const half = tensor.data as unknown as ArrayBufferView;
  return fromFloat16(new Uint16Array(half.buffer, half.byteOffset, half.byteLength / 2));
}
