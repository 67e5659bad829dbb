import { Command } from 'commander';
import { CovistaError } from '../../errors.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { row } from '../../linalg/matrix.ts';
import { encodePictures, openPictureIndex, search } from '../../pipeline/search.ts';
import type { WorkOptions } from '../../progress.ts';
import { openModel, withEncoder } from '../context.ts';
import { countOption, explainOption, jsonOption, libraryOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { shown, table } from '../terminal.ts';
import { lap } from '../timings.ts';

const EXAMPLES = `
Examples:
  covista search "a man playing tennis" -n 5
  covista search "a dog -grass"           without grass
  covista search "2:red bicycle"          red counts twice
  covista search '"hot dog" mustard'      a phrase, not any dog
  covista search --image beach.jpg "at night"
  covista search "a dog on grass" --explain   what each word added to each score`;

interface Options extends CommonOptions {
  readonly library: string;
  readonly image?: string;
  readonly count: number;
  readonly explain?: boolean;
}

/** `covista search "<words>"` */
export function searchCommand(): Command {
  return new Command('search')
    .argument('[words]', 'words or a sentence')
    .addOption(libraryOption())
    .option('-i, --image <file>', 'a picture to search by, alone or beside words')
    .addOption(countOption('how many pictures to show', 10))
    .addOption(
      explainOption('show what each word added to a score, and the training captions that carried it'),
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((words: string | undefined, options: Options) =>
      runCommand(options, async (work) => {
        const { image } = options;
        if (words === undefined && image === undefined)
          throw new CovistaError('usage', 'Name words, a picture, or both to search by.', {
            hint: 'covista search "a dog on a beach", or: covista search --image dog.jpg',
          });
        const library = await Library.open(options.library);
        lap('open the library');
        const engine = await createEngine();
        lap('start the engine');
        try {
          const { model, id } = await openModel(library, { ...work, engine });
          lap('open the model');
          const picture =
            image === undefined ? undefined : await featureOf(image, library.encoder.spec, work);
          if (picture !== undefined) lap('encode the picture');
          const index = await openPictureIndex(library, model, id, engine, work);
          lap('read where pictures are');
          const hits = await search(index, model, { words, picture }, options.count, engine);
          lap('search');
          if (options.explain) {
            const { explainHits } = await import('../../pipeline/explain.ts');
            const { explainedHit } = await import('../explanation-text.ts');
            const explained = await explainHits(index, model, { words, picture }, hits, engine);
            return {
              text: explained.map((hit, i) => explainedHit(hit, i + 1, shown(hit.path))).join('\n'),
              json: { query: { words, image }, hits: explained },
            };
          }
          const rows = hits.map(({ path, score }, i) => [`${i + 1}`, score.toFixed(3), shown(path)]);
          return {
            text: table(['rank', 'score', 'picture'], rows),
            json: { query: { words, image }, hits },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}

/** The feature of one picture, which must be readable. */
async function featureOf(image: string, encoder: string, work: WorkOptions): Promise<Float32Array> {
  const { vectors, failed } = await withEncoder(encoder, work, (open) => encodePictures(open, [image], work));
  if (failed.length > 0) throw new CovistaError('bad-picture', failed[0]!.reason);
  return row(vectors, 0);
}
