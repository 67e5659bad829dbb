import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { listPictures } from '../../datasets/index.ts';
import { CovistaError } from '../../errors.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { decidedTags, encodePictures, explainTags, tagFeatures } from '../../pipeline/index.ts';
import { openModel, withEncoder } from '../context.ts';
import { explainedTags } from '../explanation-text.ts';
import { countOption, explainOption, jsonOption, libraryOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { paint } from '../terminal.ts';
import { shown } from './search.ts';

interface Options extends CommonOptions {
  readonly library: string;
  readonly count: number;
  readonly explain?: boolean;
}

/** `covista tag <picture or folder>` */
export function tagCommand(): Command {
  return new Command('tag')
    .description('describe a picture, or every picture of a folder, in the words of a library')
    .argument('<picture...>', 'pictures or folders; they need not be in the library')
    .addOption(libraryOption())
    .addOption(countOption('how many tags a picture', 5))
    .addOption(explainOption('show the training captions that voted for each tag'))
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nExample:\n  covista tag photo.jpg holiday --library my-library -n 8\n\nAccept or reject tags, to learn from: covista teach photo.jpg --accept dog --reject cat',
    )
    .action((targets: string[], options: Options) =>
      runCommand(options, async (work) => {
        const library = await Library.open(options.library);
        const engine = await createEngine();
        try {
          const { model } = await openModel(library, work);
          const files = (await Promise.all(targets.map(picturesIn))).flat();
          const encoded = await withEncoder(library.encoder.spec, work, (encoder) =>
            encodePictures(encoder, files, work),
          );
          if (encoded.paths.length === 0)
            throw new CovistaError('bad-picture', encoded.failed[0]?.reason ?? 'There is no picture to tag.');
          const decisions = await library.decisions();
          const decided = encoded.paths.map((path) => decisions.get(resolve(path)));
          const rejected = decided.reduce((most, one) => Math.max(most, one?.rejected.length ?? 0), 0);
          const found = await tagFeatures(model, encoded.vectors, options.count + rejected, engine);
          if (options.explain) {
            const kept = found.map((some, i) =>
              some.filter(({ word }) => !decided[i]?.rejected.includes(word)).slice(0, options.count),
            );
            const explained = await explainTags(model, encoded.vectors, kept, engine);
            const pictures = encoded.paths.map((path, i) => ({ path, tags: explained[i]! }));
            return {
              text: pictures.map((picture) => explainedTags(shown(picture.path), picture.tags)).join('\n\n'),
              json: { pictures, failed: encoded.failed },
            };
          }
          const pictures = encoded.paths.map((path, i) => ({
            path,
            tags: decidedTags(found[i]!, decided[i], options.count),
          }));
          return {
            text: pictures
              .map(
                ({ path, tags: some }) =>
                  `${paint('bold', shown(path))}: ${some.map(({ word, score }) => `${word} ${paint('dim', score.toFixed(2))}`).join(', ')}`,
              )
              .join('\n'),
            json: { pictures, failed: encoded.failed },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}

async function picturesIn(target: string): Promise<string[]> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) throw new CovistaError('not-found', `${target} does not exist.`);
  if (!found.isDirectory()) return [target];
  const { pictures } = await listPictures(target);
  if (pictures.length === 0) throw new CovistaError('no-data', `There are no pictures in ${target}.`);
  return pictures.map((picture) => join(target, picture));
}
