import { join } from 'node:path';
import { throwIfAborted } from '../../base/errors.ts';
import { listPictures } from '../photos/photo-folder.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { readText } from './text-file.ts';

/** IAPR TC-12 (Grubinger et al., 2006): a file of tagged text for each picture; each phrase is one caption. */
export const iaprTc12: DatasetFormat = {
  name: 'iapr-tc12',
  description:
    'IAPR TC-12 annotations: a .eng file for each picture, each phrase of the description a caption',
  example:
    '00/25.eng with <DESCRIPTION>a yellow building; two palm trees;</DESCRIPTION> <IMAGE>images/00/25.jpg</IMAGE>',
  recognise: ({ entries }) =>
    entries?.some((name) => /\.eng$/i.test(name) || /^annotations_complete(?:_eng)?$/i.test(name)) ?? false,
  async read(path, options) {
    const collector = new AnnotationCollector();
    const { pictures: files, warnings } = await listPictures(path, { ...options, extensions: ['.eng'] });
    for (const warning of warnings) collector.warnings.add('folders that cannot be read', warning);
    for (const file of files) {
      throwIfAborted(options.signal);
      const text = await readText(join(path, file), collector.warnings);
      const field = (name: string) =>
        new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'i').exec(text)?.[1]?.trim();
      const picture = field('IMAGE');
      if (picture === undefined || picture === '') {
        collector.warnings.add('bad files', `${join(path, file)}: has no <IMAGE>.`);
        continue;
      }
      collector.picture(picture);
      const phrases = (field('DESCRIPTION') ?? '').split(';').filter((phrase) => phrase.trim() !== '');
      for (const phrase of phrases) collector.captionOnce(picture, phrase, join(path, file));
      if (phrases.length === 0)
        collector.warnings.add('empty captions', `${join(path, file)}: has no description.`);
    }
    return collector.finish('iapr-tc12');
  },
};
