import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { printableText } from './printable.ts';

const EXIT_CODES = `
Exit codes: 0 done, 1 unexpected error, 2 wrong usage, 3 something named does not exist or is empty,
4 unreadable or unusable data, 5 download failed, 6 numeric failure, 7 a file may not or cannot be read or written (no
permission, no space left), 130 stopped by Ctrl-C.

Everything fetched is kept in a cache folder; COVISTA_CACHE names another one.
COVISTA_TIMINGS=1 says on standard error where the time of a command went.`;

const USAGE_HINT = 'Run with --help to see how it is used.';

/** A command that is loaded when it is called for, since all of them together take longer to load than most to run. */
interface Listed {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

/** In the order of the help. */
const COMMANDS: readonly Listed[] = [
  {
    name: 'demo',
    description: 'learn from emoji drawn by three artists, search those of a fourth, and write a report',
    load: async () => (await import('./commands/demo.ts')).demoCommand(),
  },
  {
    name: 'index',
    description: 'encode a folder of pictures, and their captions or tags, into a library',
    load: async () => (await import('./commands/index-pictures.ts')).indexCommand(),
  },
  {
    name: 'fit',
    description: 'learn the joint space of pictures and words from the captioned pictures of a library',
    load: async () => (await import('./commands/fit.ts')).fitCommand(),
  },
  {
    name: 'search',
    description: 'find pictures by words, by a picture, or by both',
    load: async () => (await import('./commands/search.ts')).searchCommand(),
  },
  {
    name: 'tag',
    description: 'describe a picture, or every picture of a folder, in the words of a library',
    load: async () => (await import('./commands/tag.ts')).tagCommand(),
  },
  {
    name: 'teach',
    description: 'accept or reject tags of pictures of a library, to learn from',
    load: async () => (await import('./commands/teach.ts')).teachCommand(),
  },
  {
    name: 'eval',
    description: 'measure retrieval and tagging on pictures that were never learned from',
    load: async () => (await import('./commands/eval.ts')).evalCommand(),
  },
  {
    name: 'coco',
    description: 'learn from the official train half of MS COCO, test on val, and write a report',
    load: async () => (await import('./commands/coco.ts')).cocoCommand(),
  },
  {
    name: 'models',
    description: 'list the image encoders, word vectors and sentence encoders that can be named',
    load: async () => (await import('./commands/models.ts')).modelsCommand(),
  },
  {
    name: 'datasets',
    description: 'list the formats in which captions and tags are read',
    load: async () => (await import('./commands/datasets.ts')).datasetsCommand(),
  },
  {
    name: 'doctor',
    description: 'say what this machine has, which numeric engine runs and how fast it is',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
];

/**
 * The command line as a value, so that tests and documentation can look at it.
 * @param args what follows `covista`: commands that it does not name are listed, but without what they take; all are
 *   complete when it is left out
 */
export async function createProgram(args?: readonly string[]): Promise<Command> {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const program = new Command('covista')
    .description('Find pictures by words, words by picture and pictures by picture.')
    .version(manifest.version)
    // Options behind a command are its own, also where a command has commands.
    .enablePositionalOptions()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError(USAGE_HINT);
  const isNamed = args && namedIn(args);
  for (const { name, description, load } of COMMANDS) {
    const command = isNamed === undefined || isNamed(name) ? await load() : new Command(name);
    program.addCommand(command.description(description));
  }
  // Usage errors are thrown rather than ending the process, so that output already written is flushed.
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])])
    command.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(printableText(text)) });
  for (const command of program.commands)
    if (command.name() !== 'search') command.showHelpAfterError(USAGE_HINT);
  return program;
}

/** Whether arguments call for a command: `search dog`, `help search`. No option before a command takes a value. */
function namedIn(args: readonly string[]): (name: string) => boolean {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return (name) => name === first || (first === 'help' && name === second);
}
