import { Command } from 'commander';
import { CovistaError } from '../../errors.ts';
import type { ImageEncoder } from '../../image/index.ts';
import type { Library } from '../../library/index.ts';
import { type IndexResult, indexPictures } from '../../pipeline/index.ts';
import { withLibraryAndEncoder } from '../context.ts';
import { jsonOption, libraryOption, quietOption } from '../options.ts';
import { printable } from '../printable.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, paint } from '../terminal.ts';

const EXAMPLES = `
Examples:
  covista index ~/Pictures
  covista index photos --captions captions.csv --library my-library
  covista index coco/train2017 --captions coco/annotations/captions_train2017.json
  covista index photos --encoder onnx:vgg16.onnx
  covista index photos --encoder "default + clip-vit-b32"     features of both, side by side

Captions are read from MS COCO captions_*.json, Flickr8k *.token.txt, CSV, TSV or JSON lines with a picture column and a
caption or tags column, or from a .txt file beside each picture. Run it again at any time: only what is new or has
changed is encoded.`;

interface Options extends CommonOptions {
  readonly library: string;
  readonly captions?: string;
  readonly encoder?: string;
}

/** `covista index <folder>` */
export function indexCommand(): Command {
  return new Command('index')
    .description('encode a folder of pictures, and their captions or tags, into a library')
    .argument('<folder>', 'folder of pictures; folders within are included')
    .addOption(libraryOption())
    .option('-c, --captions <file>', 'file with the captions or tags of the pictures')
    .option('-e, --encoder <encoder>', 'image encoder (default: that of the library, or "default")')
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((folder: string, options: Options) =>
      runCommand(options, async (work) => {
        const run = async (library: Library, encoder: ImageEncoder) => {
          const result = await indexPictures(library, encoder, folder, {
            ...work,
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
}

function describe(result: IndexResult, library: Library, named: string): string {
  const parts = [`${count(result.added)} encoded`, `${count(result.unchanged)} unchanged`];
  if (result.removed > 0) parts.push(`${count(result.removed)} removed`);
  if (result.failed.length > 0) parts.push(`${count(result.failed.length)} unreadable`);
  return [
    `${paint('bold', 'Pictures:')} ${parts.join(', ')}; ${count(result.withWords)} have words.`,
    nextStep(result, library, named),
  ].join('\n');
}

function nextStep({ withWords }: IndexResult, library: Library, named: string): string {
  if (withWords > 0) return `Next: covista fit --library ${named}`;
  // The built-in starter knows what words look like to this encoder only.
  if (library.encoder.spec === 'default')
    return `No picture has words; search works all the same: covista search "dog on a beach" --library ${named}`;
  return 'No picture has words, which only the default encoder can do without. Name a file of captions or tags: --captions <file>';
}
