import { relative } from 'node:path';
import { Command } from 'commander';
import { CovistaError } from '../../errors.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { row } from '../../linalg/matrix.ts';
import { encodePictures, openPictureIndex, searchByFeature, searchByWords } from '../../pipeline/index.ts';
import { openModel, withEncoder } from '../context.ts';
import { countOption, jsonOption, libraryOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { table } from '../terminal.ts';

interface Options extends CommonOptions {
  readonly library: string;
  readonly image?: string;
  readonly count: number;
}

/** `covista search "<words>"` */
export function searchCommand(): Command {
  return new Command('search')
    .description('find pictures by words, or with --image pictures that are like a picture')
    .argument('[words]', 'words or a sentence')
    .addOption(libraryOption())
    .option('-i, --image <file>', 'a picture to search by, in place of words')
    .addOption(countOption('how many pictures to show', 10))
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', '\nExample:\n  covista search "a man playing tennis" --library my-library -n 5')
    .action((words: string | undefined, options: Options) =>
      runCommand(options, async (work) => {
        const { image } = options;
        if ((words === undefined) === (image === undefined))
          throw new CovistaError('usage', 'Name either words or a picture to search by.', {
            hint: 'covista search "a dog on a beach", or: covista search --image dog.jpg',
          });
        const library = await Library.open(options.library);
        const engine = await createEngine();
        try {
          const { model, id } = await openModel(library, work);
          const index = await openPictureIndex(library, model, id, engine, work);
          const hits =
            words !== undefined
              ? await searchByWords(index, model, words, options.count, engine)
              : await withEncoder(library.encoder.spec, work, async (encoder) => {
                  const { vectors, failed } = await encodePictures(encoder, [image!], work);
                  if (failed.length > 0) throw new CovistaError('bad-picture', failed[0]!.reason);
                  return searchByFeature(index, model, row(vectors, 0), options.count, engine);
                });
          const rows = hits.map(({ path, score }, i) => [`${i + 1}`, score.toFixed(3), shown(path)]);
          return {
            text: table(['rank', 'score', 'picture'], rows),
            json: { query: words ?? { image }, hits },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}

/** Relative to here where that is shorter. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length && !near.startsWith('..') ? near : path;
}
