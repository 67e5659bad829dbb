import { parentPort, workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-web';
import { fromFloat16 } from '../../linalg/float16.ts';
import { openOnnxSession } from './onnx-runtime.ts';
import type { SessionReply, SessionRequest, SessionSettings } from './session-thread.ts';

/**
 * The side of a `SessionThread` that runs in the worker: opens the session and answers one request after the other.
 * @param runWith makes the function that answers, given the session and what makes its tensors
 */
export async function serveSession<Request>(
  runWith: (
    session: InferenceSession,
    Tensor: TensorConstructor,
  ) => (request: Request) => Promise<Float32Array<ArrayBuffer>>,
): Promise<void> {
  const port = parentPort!;
  const { model, provider, threads } = workerData as SessionSettings;
  const { session, runtime } = await openOnnxSession(model, {
    provider,
    threads,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // Threads that spin while they wait take the processor from decoding: it doubled the time of a picture.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const reply = (message: SessionReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const run = runWith(session, runtime.Tensor);
  reply({
    kind: 'ready',
    info: {
      inputs: session.inputMetadata.map((input) => ({
        name: input.name,
        type: input.isTensor ? input.type : 'sequence',
        shape: input.isTensor ? [...input.shape] : [],
      })),
      outputs: [...session.outputNames],
      runtime: runtime.name,
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
    try {
      await session.release();
    } finally {
      // The other side ends this thread; not every runtime lets it end itself.
      reply({ kind: 'closed' });
    }
  };
  // One after the other, so that closing waits for what was asked before it.
  let last = Promise.resolve();
  port.on('message', (message: SessionRequest<Request>) => {
    last = last.then(() => (message === 'close' ? close() : answer(message.id, message.request)));
  });
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
