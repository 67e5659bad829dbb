import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nativeRuntimeProblem, onnxRuntime } from './onnx-runtime.ts';

/** Something besides the processor that the runtime can compute on, and whether it does here. */
export interface ExecutionProvider {
  /** `cuda`, `coreml`, `dml`, `webgpu` ... */
  readonly name: string;
  readonly works: boolean;
  /** Why it does not. */
  readonly reason: string | undefined;
}

/** What runs networks here. */
export interface NetworkRuntime {
  /** `onnxruntime-node`, or `onnxruntime-web` where the former is not installed or does not load. */
  readonly name: string;
  readonly version: string;
  /** Why it is not the faster one, and what to do about it; nothing when it is. */
  readonly problem: string | undefined;
}

/** What runs networks here unless another runtime is asked for. */
export async function networkRuntime(): Promise<NetworkRuntime> {
  const { name, version } = await onnxRuntime();
  return { name, version, problem: await nativeRuntimeProblem() };
}

/** Takes minutes to prepare a network, so it is used only when asked for. */
const SLOW_TO_PREPARE = 'tensorrt';

const TRIAL_MILLISECONDS = 20_000;

/**
 * What the runtime has been built with for this platform besides the processor, each tried on a tiny network. The
 * trial is a process of its own, since drivers that are missing or broken may write to the terminal or crash.
 */
export async function executionProviders(): Promise<ExecutionProvider[]> {
  const { providers } = await onnxRuntime();
  return Promise.all(providers.filter((name) => name !== SLOW_TO_PREPARE).map(tryProvider));
}

function tryProvider(name: string): Promise<ExecutionProvider> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const trial = fileURLToPath(new URL(`./provider-trial.worker${extension}`, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [trial, name], { timeout: TRIAL_MILLISECONDS }, (error, stdout) => {
      const said = stdout.trim().split('\n').at(-1)!.trim();
      const works = error === null && said === 'works';
      resolve({ name, works, reason: works ? undefined : said || 'its trial ended without a word' });
    });
  });
}
