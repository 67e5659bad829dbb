import { Command } from 'commander';
import type { WorkOptions } from '../../base/progress.ts';
import { absoluteEncoderName, encoderNames } from '../../encoders/image/index.ts';
import {
  areDefaultVectorsInCache,
  bestRun,
  CENTERNET_SIZE,
  DEFAULT_VECTOR_SIZE,
  describeSettings,
  HUMAN,
  imageEncoderRegistry,
  inspectModel,
  isCenternetInCache,
  isInCache,
  isSentenceEncoderInCache,
  listSpeeds,
  type SpeedRecord,
  sentenceEncoderRegistry,
  WINK_EMBEDDINGS,
} from '../../encoders/index.ts';
import { withEncoder } from '../context.ts';
import { jsonOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { paint, size, table } from '../terminal.ts';

const EXAMPLES = `
Examples:
  covista models
  covista models inspect vgg16.onnx
  covista models measure                    all image encoders that are in the cache
  covista models measure onnx:vgg16.onnx    one, fetched when it is not there`;

/** `covista models`, `covista models inspect <file>` and `covista models measure [encoder]` */
export function modelsCommand(): Command {
  return new Command('models')
    .addOption(jsonOption())
    .addOption(quietOption())
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES)
    .addCommand(inspectCommand())
    .addCommand(measureCommand())
    .action((options: CommonOptions) => runCommand(options, listModels));
}

/** What can be named for one option. */
interface Listed {
  readonly name: string;
  readonly dimensions: number;
  /** Size of the download. */
  readonly bytes: number;
  readonly licence: string;
  readonly cached: boolean;
  readonly description: string;
  /** Pictures a second on this machine, where that was measured. */
  readonly picturesPerSecond?: number | undefined;
}

async function listModels() {
  const speeds = await listSpeeds();
  const speedOf = (name: string) => {
    const record = speeds.find((one) => one.name === name);
    return record && Math.round(10 * bestRun(record).perSecond) / 10;
  };
  const encoders: Listed[] = [
    {
      name: 'default',
      dimensions: CENTERNET_SIZE,
      bytes: HUMAN.bytes,
      licence: HUMAN.licence,
      cached: await isCenternetInCache(),
      picturesPerSecond: speedOf('default'),
      description: HUMAN.credit,
    },
  ];
  for (const entry of imageEncoderRegistry)
    encoders.push({ ...entry, cached: await isInCache(entry), picturesPerSecond: speedOf(entry.name) });
  const wordVectors: Listed[] = [
    {
      name: 'default',
      dimensions: DEFAULT_VECTOR_SIZE,
      bytes: WINK_EMBEDDINGS.bytes,
      licence: WINK_EMBEDDINGS.licence,
      cached: await areDefaultVectorsInCache(),
      description: WINK_EMBEDDINGS.credit,
    },
  ];
  const textEncoders: Listed[] = [];
  for (const entry of sentenceEncoderRegistry)
    textEncoders.push({ ...entry, cached: await isSentenceEncoderInCache(entry) });
  const named = new Set(encoders.map(({ name }) => name));
  const others = speeds.filter(({ name }) => !named.has(name));
  return {
    text: [
      paint('bold', 'Image encoders (--encoder)'),
      listing(encoders),
      'Others: onnx:<file or URL> for any ONNX network, hf:<owner/name or folder> for a vision model of Hugging Face.',
      'Behind a name: ,views=2 or 7 or 11 for parts of each picture too, which finds more and takes as many times longer;',
      '  ,layer=<name> or ,layer=<name>+<name> for other layers (covista models inspect <file> lists them).',
      'Several side by side: "default + clip-vit-b32".',
      ...others.map(
        (record) => `${record.name}: ${bestRun(record).perSecond.toFixed(1)} pictures a second here`,
      ),
      '',
      paint('bold', 'Word vectors (--vectors)'),
      listing(wordVectors),
      'Others: a file of word2vec, GloVe, fastText or Numberbatch; "own" trains them on the captions.',
      '',
      paint('bold', 'Sentence encoders (--text-encoder)'),
      listing(textEncoders),
      'Others: hf:<owner/name or folder>, onnx:<file> with tokenizer.json beside it.',
      '',
      paint(
        'dim',
        'Pictures a second on this machine are measured at first use, or by: covista models measure',
      ),
    ].join('\n'),
    json: {
      encoders,
      wordVectors,
      textEncoders,
      measured: speeds.map((record) => ({ ...record, best: bestRun(record) })),
    },
  };
}

function listing(rows: readonly Listed[]): string {
  const speeds = rows.some(({ picturesPerSecond }) => picturesPerSecond !== undefined);
  return table(
    ['name', 'numbers', 'download', 'licence', 'in cache', ...(speeds ? ['pictures/s'] : []), 'what it is'],
    rows.map(({ name, dimensions, bytes, licence, cached, picturesPerSecond, description }) => [
      name,
      `${dimensions}`,
      size(bytes),
      licence,
      cached ? 'yes' : 'no',
      ...(speeds ? [picturesPerSecond?.toFixed(1) ?? '-'] : []),
      description,
    ]),
  );
}

function measureCommand(): Command {
  return new Command('measure')
    .description(
      'measure how fast image encoders are here in several ways of running them, and keep the fastest',
    )
    .argument('[encoder]', 'as --encoder takes it; all that are in the cache when left out')
    .addOption(jsonOption())
    .addOption(quietOption())
    .action((encoder: string | undefined, options: CommonOptions) =>
      runCommand(options, async (work) => {
        const names =
          encoder === undefined ? await cachedEncoders() : encoderNames(absoluteEncoderName(encoder));
        const records: SpeedRecord[] = [];
        for (const name of names) records.push(await measureEncoder(name, work));
        return {
          text: records.map(describeRecord).join('\n\n'),
          json: records.map((record) => ({ ...record, best: bestRun(record) })),
        };
      }),
    );
}

async function cachedEncoders(): Promise<string[]> {
  const names = ['default'];
  for (const entry of imageEncoderRegistry) if (await isInCache(entry)) names.push(entry.name);
  return names;
}

async function measureEncoder(name: string, work: WorkOptions): Promise<SpeedRecord> {
  const id = await withEncoder(name, { ...work, measure: 'again' }, async (encoder) => encoder.id);
  return (await listSpeeds()).find((record) => record.id === id)!;
}

function describeRecord(record: SpeedRecord): string {
  const best = bestRun(record);
  const rows = record.runs.map((run) => [
    run.perSecond.toFixed(1),
    describeSettings(run.settings),
    run === best ? 'taken' : '',
  ]);
  return [
    `${paint('bold', record.name)} on ${record.machine}`,
    table(['pictures/s', 'how it is run', ''], rows),
  ].join('\n');
}

function inspectCommand(): Command {
  return new Command('inspect')
    .description('show what an ONNX network takes, and the layers that can be features')
    .argument('<file>', 'an ONNX file')
    .addOption(jsonOption())
    .addOption(quietOption())
    .action((file: string, options: CommonOptions) =>
      runCommand(options, async () => {
        const info = await inspectModel(file);
        const known = (sizes: readonly (number | string)[]) =>
          sizes.map((one) => (one === '' ? '?' : one)).join(' x ');
        const rows = info.layers.map(({ name, operator, shape }) => [name, operator, shape.join(' x ')]);
        return {
          text: [
            `${paint('bold', file)}: opset ${info.opset}${info.producer === '' ? '' : `, made by ${info.producer}`}`,
            ...info.inputs.map(({ name, shape }) => `input ${name}: ${known(shape)}`),
            `default layer: ${info.feature ?? 'none, as no last fully connected layer was found; name one'}`,
            '',
            table(['layer', 'operator', 'shape'], rows),
          ].join('\n'),
          json: info,
        };
      }),
    );
}
