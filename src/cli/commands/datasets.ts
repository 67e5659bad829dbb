import { Command } from 'commander';
import { DATASETS } from '../../datasets/index.ts';
import { jsonOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { paint } from '../terminal.ts';

/** `covista datasets` */
export function datasetsCommand(): Command {
  return new Command('datasets').addOption(jsonOption()).action((options: CommonOptions) =>
    runCommand(options, async () => ({
      text: DATASETS.map(
        ({ name, description, example }) =>
          `${paint('bold', name)}: ${description}\n  ${paint('dim', example)}`,
      ).join('\n'),
      json: DATASETS.map(({ name, description, example }) => ({ name, description, example })),
    })),
  );
}
