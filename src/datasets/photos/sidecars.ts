import { join } from 'node:path';
import { throwIfAborted } from '../../base/errors.ts';
import type { Annotations } from '../formats/annotation.ts';
import { AnnotationCollector } from '../formats/collector.ts';
import type { DatasetFormat, ReadOptions } from '../formats/dataset-format.ts';
import { textLines } from '../formats/text-file.ts';
import { tryFile } from '../formats/warnings.ts';
import { listPictures } from './photo-folder.ts';
import { isPicturePath } from './picture-names.ts';
import { SidecarNames } from './sidecar-names.ts';
import { tagsOf } from './tag-list.ts';

/** A folder of pictures, each with a text file of the same name beside it. */
export const sidecars: DatasetFormat = {
  name: 'txt',
  description: 'folder of pictures, each with a .txt of the same name beside it: a caption a line',
  example: 'beach.jpg, and beach.txt with the line: Two dogs run',
  recognise: ({ entries }) => {
    const names = new SidecarNames(entries ?? []);
    return (entries ?? []).some((name) => isPicturePath(name) && names.of(name, '.txt').length > 0);
  },
  read: readSidecars,
};

/**
 * Reads the text files beside the pictures of a folder and the folders within: `beach.txt` or `beach.jpg.txt`
 * for `beach.jpg`, in any case, with a caption or a list of tags on each line (see {@link tagsOf}). Pictures without one are listed without captions.
 * @throws CovistaError `not-found` when the folder cannot be read
 */
export async function readSidecars(folder: string, options: ReadOptions = {}): Promise<Annotations> {
  const collector = new AnnotationCollector();
  const { pictures, warnings } = await listPictures(folder, options);
  for (const warning of warnings) collector.warnings.add('folders that cannot be read', warning);
  const texts = new SidecarNames((await listPictures(folder, { extensions: ['.txt'] })).pictures);
  for (const picture of pictures) {
    throwIfAborted(options.signal);
    collector.picture(picture);
    const [text] = texts.of(picture, '.txt');
    if (text === undefined) continue;
    await tryFile(collector.warnings, async () => {
      let any = false;
      for await (const line of textLines(join(folder, text), collector.warnings))
        if (line.text.trim() !== '') {
          any = true;
          const tags = tagsOf(line.text);
          if (tags !== undefined) collector.tags(picture, tags);
          else collector.captionOnce(picture, line.text, `${join(folder, text)}, line ${line.number}`);
        }
      if (!any) collector.warnings.add('empty captions', `${join(folder, text)} is empty.`);
    });
  }
  return collector.finish('txt');
}
