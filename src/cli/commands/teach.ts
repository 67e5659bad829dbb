import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';
import { CovistaError } from '../../base/errors.ts';
import { fileError } from '../../files/system-error.ts';
import { type Decision, Library } from '../../library/index.ts';
import { readTeachings, type Teaching, type TeachResult, teach } from '../../pipeline/teach.ts';
import { jsonOption, libraryOption, quietOption } from '../options.ts';
import { printable, shellArgument } from '../printable.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, paint, shown } from '../terminal.ts';

const EXAMPLES = `
Examples:
  covista teach photo.jpg --accept dog beach --reject cat
  covista teach holiday/*.jpg --accept italy          a word that the model need not know yet
  covista teach photo.jpg --forget cat                undo; --forget alone undoes all of the picture
  covista teach --list --json > decisions.json        keep or move what was decided
  covista teach --from decisions.json                 lists of {"path": ..., "accept": [...], "reject": [...]}

Accepted tags are learned from like captions, from the next covista fit on. A rejected tag is never given to that picture
again.`;

interface Options extends CommonOptions {
  readonly library: string;
  readonly accept?: readonly string[];
  readonly reject?: readonly string[];
  readonly forget?: readonly string[] | true;
  readonly from?: string;
  readonly list?: true;
}

/** `covista teach <picture...>` */
export function teachCommand(): Command {
  return new Command('teach')
    .argument('[picture...]', 'pictures of the library; what is decided holds for each of them')
    .addOption(libraryOption())
    .option('-a, --accept <tags...>', 'tags that are right')
    .option('-r, --reject <tags...>', 'tags that are wrong')
    .option('--forget [tags...]', 'tags that are no longer decided; all of the pictures when none is named')
    .option(
      '--from <file>',
      'decisions as JSON, a list or one object a line; - reads them from standard input',
    )
    .option('--list', 'show what was decided, of the pictures that are named or of all')
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((pictures: string[], options: Options) =>
      runCommand(options, async ({ onProgress }) => {
        const paths = pictures.map((picture) => resolve(picture));
        const library = await Library.open(options.library);
        try {
          if (options.list) return listed(await library.decisions(), paths);
          const result = await teach(library, await teachings(paths, options));
          if (result.decisions.length === 0)
            throw new CovistaError(
              'not-found',
              `${result.unknown[0]} is not in the library in ${library.folder}.`,
              {
                hint: 'Index its folder first: covista index <folder> --library <dir>',
              },
            );
          for (const path of result.unknown)
            onProgress({ stage: 'teach', done: 0, warning: `${path} is not in the library; left out.` });
          return { text: described(result, options.library), json: result };
        } finally {
          library.close();
        }
      }),
    );
}

async function teachings(paths: readonly string[], options: Options): Promise<Teaching[]> {
  const { accept = [], reject = [], forget, from } = options;
  if (from !== undefined) {
    const content = await (from === '-' ? readAll(process.stdin) : readFile(from, 'utf8')).catch((cause) => {
      throw fileError(from, cause);
    });
    return readTeachings(content, from === '-' ? resolve('standard input') : from);
  }
  if (paths.length === 0 || (accept.length + reject.length === 0 && forget === undefined))
    throw new CovistaError('usage', 'Name pictures, and tags to accept or to reject.', {
      hint: 'covista teach photo.jpg --accept dog beach --reject cat; covista tag photo.jpg shows its tags.',
    });
  const split = (tags: readonly string[]) =>
    tags.flatMap((some) => some.split(',')).filter((tag) => tag.trim() !== '');
  return paths.map((path) => ({
    path,
    accept: split(accept),
    reject: split(reject),
    forget: forget === true ? 'all' : split(forget ?? []),
  }));
}

const described = ({ decisions, total }: TeachResult, library: string) =>
  [
    ...decisions.map(describedOne),
    `${count(total)} ${total === 1 ? 'picture has' : 'pictures have'} decisions. Next: covista fit --library ${shellArgument(library)}`,
  ].join('\n');

function describedOne({ path, accepted, rejected }: Decision): string {
  const parts = [
    ...(accepted.length > 0 ? [`accepted ${printable(accepted.join(', '))}`] : []),
    ...(rejected.length > 0 ? [`rejected ${printable(rejected.join(', '))}`] : []),
  ];
  return `${paint('bold', shown(path))}: ${parts.join('; ') || 'nothing decided'}`;
}

function listed(all: ReadonlyMap<string, Decision>, paths: readonly string[]) {
  const some = paths.length === 0 ? [...all.values()] : paths.flatMap((path) => all.get(path) ?? []);
  return { text: some.map(describedOne).join('\n') || 'Nothing was decided yet.', json: some };
}
