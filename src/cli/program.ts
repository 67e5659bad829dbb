import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { cocoCommand } from './commands/coco.ts';
import { datasetsCommand } from './commands/datasets.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { fitCommand } from './commands/fit.ts';
import { indexCommand } from './commands/index-pictures.ts';
import { modelsCommand } from './commands/models.ts';
import { searchCommand } from './commands/search.ts';
import { tagCommand } from './commands/tag.ts';
import { teachCommand } from './commands/teach.ts';
import { printableText } from './printable.ts';

const EXIT_CODES = `
Exit codes: 0 done, 1 unexpected error, 2 wrong usage, 3 something named does not exist or is empty,
4 unreadable or unusable data, 5 download failed, 6 numeric failure, 7 a file may not or cannot be read or written (no
permission, no space left), 130 stopped by Ctrl-C.

Everything fetched is kept in a cache folder; COVISTA_CACHE names another one.`;

const USAGE_HINT = 'Run with --help to see how it is used.';

/** The command line as a value, so that tests and documentation can look at it. */
export function createProgram(): Command {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const program = new Command('covista')
    .description('Find pictures by words, words by picture and pictures by picture.')
    .version(manifest.version)
    // Options behind a command are its own, also where a command has commands.
    .enablePositionalOptions()
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError(USAGE_HINT);
  for (const command of [
    demoCommand(),
    indexCommand(),
    fitCommand(),
    searchCommand(),
    tagCommand(),
    teachCommand(),
    evalCommand(),
    cocoCommand(),
    modelsCommand(),
    datasetsCommand(),
    doctorCommand(),
  ])
    program.addCommand(command);
  // Usage errors are thrown rather than ending the process, so that output already written is flushed.
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])])
    command.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(printableText(text)) });
  for (const command of program.commands)
    if (command.name() !== 'search') command.showHelpAfterError(USAGE_HINT);
  return program;
}
