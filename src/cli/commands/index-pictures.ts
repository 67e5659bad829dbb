import { Command } from 'commander';
import { CovistaError } from '../../base/errors.ts';
import type { WordSource } from '../../datasets/index.ts';
import type { ImageEncoder } from '../../encoders/image/index.ts';
import type { Library } from '../../library/index.ts';
import { type IndexResult, indexPictures } from '../../pipeline/index-pictures.ts';
import { withLibraryAndEncoder } from '../context.ts';
import {
  jsonOption,
  libraryOption,
  quietOption,
  type ReadingOptions,
  readingOf,
  readingOptions,
} from '../options.ts';
import { printable, shellArgument } from '../printable.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, paint } from '../terminal.ts';

const EXAMPLES = `
Examples:
  covista index ~/Pictures
  covista index photos --captions captions.csv --library my-library
  covista index coco/train2017 --captions coco/annotations/captions_train2017.json
  covista index photos --captions list.csv --separator ";" --image-column Datei --caption-column Titel
  covista index photos --format class-folders                 names of the folders are the tags
  covista index photos --encoder onnx:vgg16.onnx
  covista index photos --encoder "default + clip-vit-b32"     features of both, side by side

Words are read from whatever in the folder holds some: MS COCO captions_*.json, Flickr8k *.token.txt, CSV, TSV or JSON
lines with a picture column and a caption or tags column, .txt and .xmp files beside the pictures, keywords within them,
and, where there are no others, folders named by what they show (covista datasets has all formats). --captions reads
one file alone, --format photos only the pictures themselves. Run it again at any time: only what is new or has changed
is encoded.`;

interface Options extends CommonOptions, ReadingOptions {
  readonly library: string;
  readonly captions?: string;
  readonly encoder?: string;
}

/** `covista index <folder>` */
export function indexCommand(): Command {
  const command = new Command('index')
    .argument('<folder>', 'folder of pictures; folders within are included')
    .addOption(libraryOption())
    .option(
      '-c, --captions <file>',
      'file or folder with the captions or tags of the pictures (default: all that are in the folder)',
    )
    .option('-e, --encoder <encoder>', 'image encoder (default: that of the library, or "default")')
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((folder: string, options: Options) =>
      runCommand(options, async (work) => {
        const run = async (library: Library, encoder: ImageEncoder) => {
          const result = await indexPictures(library, encoder, folder, {
            ...work,
            ...readingOf(options),
            captions: options.captions,
          });
          if (result.added + result.unchanged === 0)
            throw new CovistaError('bad-picture', `None of the pictures in ${folder} could be encoded.`, {
              hint: printable(result.failed[0]?.reason ?? ''),
            });
          return {
            text: describe(result, library, options.library),
            json: { library: library.folder, ...result },
          };
        };
        return withLibraryAndEncoder(options.library, options.encoder, work, run, folder);
      }),
    );
  for (const option of readingOptions()) command.addOption(option);
  return command;
}

function describe(result: IndexResult, library: Library, named: string): string {
  const parts = [`${count(result.added)} encoded`, `${count(result.unchanged)} unchanged`];
  if (result.removed > 0) parts.push(`${count(result.removed)} removed`);
  if (result.failed.length > 0) parts.push(`${count(result.failed.length)} unreadable`);
  return [
    `${paint('bold', 'Pictures:')} ${parts.join(', ')}; ${count(result.withWords)} have words.`,
    ...result.words.map(describeSource),
    ...result.hints.map((hint) => `${paint('yellow', 'hint:')} ${hint}`),
    nextStep(result, library, named),
  ].join('\n');
}

function describeSource({ path, format, pictures, rows }: WordSource): string {
  const parts = [`${count(pictures)} pictures from ${path} (${format})`];
  if (rows.read + rows.lost > 0) parts.push(`${count(rows.read)} rows read`, `${count(rows.lost)} lost`);
  return `${paint('bold', 'Words:')} ${parts.join(', ')}`;
}

function nextStep({ withWords }: IndexResult, library: Library, named: string): string {
  if (withWords > 0) return `Next: covista fit --library ${shellArgument(named)}`;
  // The built-in starter knows what words look like to this encoder only.
  if (library.encoder.spec === 'default')
    return `No picture has words; search works all the same: covista search "dog on a beach" --library ${shellArgument(named)}`;
  return 'No picture has words, which only the default encoder can do without. Name a file of captions or tags: --captions <file>';
}
