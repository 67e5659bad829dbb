import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-web';

/** What runs ONNX networks in this process. */
export interface OnnxRuntime {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  /** What it was built to compute on besides the processor, whether that works here or not. */
  readonly providers: readonly string[];
}

/** The provider that asks for WebAssembly, where the faster runtime is installed too. */
const WASM = 'wasm';

/**
 * The runtime that a provider needs: `onnxruntime-node`, which computes in native code, or where it is not installed
 * or does not load, `onnxruntime-web`, which computes the same in WebAssembly.
 * @param provider `wasm` asks for WebAssembly in any case
 */
export async function onnxRuntime(provider?: string): Promise<OnnxRuntime> {
  if (provider !== WASM) {
    try {
      return await nativeRuntime();
    } catch {
      // `nativeRuntimeProblem` says why, where somebody wants to know.
    }
  }
  const { InferenceSession, Tensor, env } = await import('onnxruntime-web');
  return { name: 'onnxruntime-web', version: env.versions.web!, InferenceSession, Tensor, providers: [] };
}

async function nativeRuntime(): Promise<OnnxRuntime> {
  const { InferenceSession, Tensor, env, listSupportedBackends } = await import('onnxruntime-node');
  return {
    name: 'onnxruntime-node',
    version: env.versions.node!,
    InferenceSession,
    Tensor,
    providers: listSupportedBackends()
      .map(({ name }) => name)
      .filter((name) => name !== 'cpu'),
  };
}

/** How a session is opened. */
interface OpenOptions extends InferenceSession.SessionOptions {
  readonly provider?: string | undefined;
  /** Threads of one operation; the runtime decides when left out. */
  readonly threads?: number | undefined;
}

/**
 * Opens a network.
 * @param model path of an ONNX file, or its bytes
 * @throws Error as the runtime does; when a provider is asked for that the runtime at hand does not have
 */
export async function openOnnxSession(
  model: string | Uint8Array,
  { provider, threads, ...options }: OpenOptions,
): Promise<{ session: InferenceSession; runtime: OnnxRuntime }> {
  const runtime = await onnxRuntime(provider);
  const own = { ...options };
  if (runtime.name === 'onnxruntime-node') {
    if (provider !== undefined) own.executionProviders = [provider];
    if (threads !== undefined) own.intraOpNumThreads = threads;
  } else {
    if (provider !== undefined && provider !== WASM && provider !== 'cpu')
      throw new Error(`${provider} needs onnxruntime-node. ${await nativeRuntimeProblem()}`);
    if (threads !== undefined) (await import('onnxruntime-web')).env.wasm.numThreads = threads;
  }
  const { InferenceSession } = runtime;
  const session = await (typeof model === 'string'
    ? InferenceSession.create(model, own)
    : InferenceSession.create(model, own));
  return { session, runtime };
}

/** Why the faster runtime is not used, and what to do about it; nothing when it is there. */
export async function nativeRuntimeProblem(): Promise<string | undefined> {
  try {
    await nativeRuntime();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND')
      return (
        'onnxruntime-node is not installed: npm leaves it out where its script cannot fetch the libraries of CUDA. ' +
        'This installs it without them: ONNXRUNTIME_NODE_INSTALL=skip npm install'
      );
    return `onnxruntime-node does not load here: ${message.split('\n')[0]}`;
  }
}

let advised = false;

/** Says once in a process that networks run in WebAssembly, and how they run faster. */
export async function adviseNativeRuntime(): Promise<void> {
  if (advised) return;
  advised = true;
  const problem = await nativeRuntimeProblem();
  if (problem !== undefined)
    process.emitWarning(
      `Networks run in WebAssembly, at about a third of the speed of native code. ${problem}`,
      {
        code: 'COVISTA_WASM',
      },
    );
}
