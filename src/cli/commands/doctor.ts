import { availableParallelism, totalmem } from 'node:os';
import { Command } from 'commander';
import { CovistaError } from '../../base/errors.ts';
import {
  bestRun,
  cacheFolder,
  describeSettings,
  type ExecutionProvider,
  executionProviders,
  listSpeeds,
  networkRuntime,
  settingsFromEnvironment,
} from '../../encoders/index.ts';
import { createEngine, type EngineName } from '../../linalg/create-engine.node.ts';
import { type EngineSpeed, measureEngine } from '../../linalg/index.ts';
import { jsonOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { paint, table } from '../terminal.ts';

interface Engines {
  readonly name: EngineName;
  readonly speed: EngineSpeed | undefined;
  /** Why there is none. */
  readonly missing: string | undefined;
}

/** `covista doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .addOption(jsonOption())
    .addOption(quietOption())
    .action((options: CommonOptions) =>
      runCommand(options, async ({ onProgress }) => {
        const auto = await createEngine();
        const used = auto.name;
        await auto.close();
        const engines: Engines[] = [];
        for (const name of ['native', 'wasm'] as const) {
          onProgress({ stage: `measure the ${name} engine`, done: 0 });
          engines.push(await measure(name));
        }
        onProgress({ stage: 'try what networks can run on', done: 0 });
        const runtime = await networkRuntime();
        const providers = await executionProviders();
        const speeds = (await listSpeeds()).map((record) => ({ name: record.name, ...bestRun(record) }));
        const asked = settingsFromEnvironment();
        const machine = {
          node: process.version,
          platform: `${process.platform} ${process.arch}`,
          cores: availableParallelism(),
          memory: totalmem(),
          cache: cacheFolder(),
        };
        return {
          text: [
            `Node ${machine.node} on ${machine.platform}, ${machine.cores} cores, ${(machine.memory / 2 ** 30).toFixed(0)} GiB of memory`,
            `Cache folder: ${machine.cache}`,
            `Engine in use: ${paint('bold', used)} (COVISTA_BLAS names a native library, COVISTA_BLAS=none switches it off)`,
            '',
            table(
              ['engine', 'threads', 'multiply float32', 'multiply float64', 'moments', 'Cholesky'],
              engines.map(engineRow),
            ),
            '',
            `Networks run on: ${[runtime.problem === undefined ? 'cpu' : 'cpu in WebAssembly', ...providers.map(describeProvider)].join(', ')} (${runtime.name} ${runtime.version})`,
            ...(runtime.problem === undefined
              ? []
              : [`They would run about three times as fast in native code. ${runtime.problem}`]),
            ...speeds.map(
              ({ name, perSecond, settings }) =>
                `${name}: ${perSecond.toFixed(1)} pictures a second (${describeSettings(settings)})`,
            ),
            asked === undefined
              ? 'covista models measure tries ways to run them; COVISTA_ONNX=provider=cpu,sessions=2,threads=1,batch=4 asks for one'
              : `COVISTA_ONNX asks for: ${describeSettings(asked)}`,
          ].join('\n'),
          json: {
            ...machine,
            engine: used,
            engines,
            runtime,
            providers,
            encoders: speeds,
          },
        };
      }),
    );
}

async function measure(name: EngineName): Promise<Engines> {
  try {
    const engine = await createEngine(name);
    try {
      return { name, speed: await measureEngine(engine), missing: undefined };
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof CovistaError)) throw error;
    return { name, speed: undefined, missing: error.message };
  }
}

function describeProvider({ name, works, reason }: ExecutionProvider): string {
  return works ? name : `not ${name} (${reason})`;
}

function engineRow({ name, speed, missing }: Engines): string[] {
  if (speed === undefined) return [name, '-', missing ?? ''];
  const { engine, threads, multiply32, multiply64, gram32, cholesky64 } = speed;
  return [
    engine,
    `${threads}`,
    ...[multiply32, multiply64, gram32, cholesky64].map((value) => value.toFixed(0)),
  ];
}
