import { env } from 'node:process';
import { CovistaError } from '../../base/errors.ts';

/** How a network is run; what is left out is left to the runtime. */
export interface RunSettings {
  /** What computes: `cpu`, `wasm`, `cuda`, `coreml`, `dml`, `webgpu` ... */
  readonly provider?: string | undefined;
  /** Copies of the network that run side by side. */
  readonly sessions?: number | undefined;
  /** Threads that one operation uses. */
  readonly threads?: number | undefined;
  /** Pictures or texts that the network is given at once. */
  readonly batch?: number | undefined;
}

const VARIABLE = 'COVISTA_ONNX';

/**
 * The settings that the environment variable `COVISTA_ONNX` asks for, such as `provider=cuda,batch=32` or
 * `sessions=2,threads=1`; they win over what was measured.
 * @throws CovistaError `usage` when it cannot be understood
 */
export function settingsFromEnvironment(): RunSettings | undefined {
  const text = env[VARIABLE];
  if (!text) return undefined;
  const settings: Record<string, string | number> = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((one) => one.trim());
    const whole = Number(value);
    if (name === 'provider' && value !== '') settings.provider = value;
    else if (
      /^(?:sessions|threads|batch)$/.test(name) &&
      Number.isInteger(whole) &&
      whole >= 1 &&
      whole <= 1024
    )
      settings[name] = whole;
    else
      throw new CovistaError('usage', `${VARIABLE}: "${part}" cannot be understood.`, {
        hint: `Give provider=<name>, sessions=<number>, threads=<number> or batch=<number>, as ${VARIABLE}=provider=cpu,threads=4.`,
      });
  }
  return settings;
}
/** Settings in a few words: `cpu, 2 sessions of 1 thread, 1 at once`. */
export function describeSettings({
  provider = 'cpu',
  sessions = 1,
  threads,
  batch = 1,
}: RunSettings): string {
  const each = threads === undefined ? '' : ` of ${threads} thread${threads === 1 ? '' : 's'}`;
  return `${provider}, ${sessions} session${sessions === 1 ? '' : 's'}${each}, ${batch} at once`;
}
