import { Command } from 'commander';
import { HUMAN, imageEncoderRegistry, inspectModel, isInCache, WINK_EMBEDDINGS } from '../../models/index.ts';
import { jsonOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { paint, size, table } from '../terminal.ts';

/** `covista models` and `covista models inspect <file>` */
export function modelsCommand(): Command {
  return new Command('models')
    .description('list the image encoders and word vectors that can be named')
    .addOption(jsonOption())
    .addOption(quietOption())
    .addCommand(inspectCommand())
    .action((options: CommonOptions) => runCommand(options, listModels));
}

async function listModels() {
  const encoders = await Promise.all(
    imageEncoderRegistry.map(async (entry) => ({ ...entry, cached: await isInCache(entry) })),
  );
  const rows = encoders.map(({ name, dimensions, bytes, licence, cached, description }) => [
    name,
    `${dimensions}`,
    size(bytes),
    licence,
    cached ? 'yes' : 'no',
    description,
  ]);
  return {
    text: [
      table(['encoder', 'numbers', 'download', 'licence', 'in cache', 'what it is'], rows),
      '',
      `${paint('bold', 'default')}: ${HUMAN.credit} (${HUMAN.licence}), ${size(HUMAN.bytes)}`,
      `${paint('bold', 'word vectors')}: ${WINK_EMBEDDINGS.credit} (${WINK_EMBEDDINGS.licence}), ${size(WINK_EMBEDDINGS.bytes)}`,
      '',
      'Others: onnx:<file or URL> for any ONNX network, hf:<owner/name or folder> for a vision model of Hugging Face.',
    ].join('\n'),
    json: { encoders, default: HUMAN, wordVectors: WINK_EMBEDDINGS },
  };
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
        const rows = info.layers.map(({ name, operator, shape }) => [name, operator, shape.join(' x ')]);
        return {
          text: [
            `${paint('bold', file)}: opset ${info.opset}${info.producer === '' ? '' : `, made by ${info.producer}`}`,
            ...info.inputs.map(({ name, shape }) => `input ${name}: ${shape.join(' x ')}`),
            `feature: ${info.feature ?? 'no last fully connected layer was found; name a layer'}`,
            '',
            table(['layer', 'operator', 'shape'], rows),
          ].join('\n'),
          json: info,
        };
      }),
    );
}
