import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CovistaError } from '../../base/errors.ts';
import { coco } from './coco.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';

const annotationFile = /^(captions|instances)_((train|val|test)\d{4})\.json$/;

/** MS COCO as it is unpacked: `annotations/`, and a folder of pictures for each split. */
export const cocoFolder: DatasetFormat = {
  name: 'coco-folder',
  description: 'MS COCO 2014 or 2017 as unpacked: captions, or else instances as tags, with their splits',
  example: 'annotations/captions_train2017.json beside train2017/000000000009.jpg',
  recognise: ({ entries }) =>
    entries?.some((name) => name.startsWith('annotations/') && annotationFile.test(name.slice(12))) ?? false,
  async read(path, options) {
    const folder = join(path, 'annotations');
    const files = (await readdir(folder)).sort().flatMap((name) => {
      const [, kind, pictures, split] = annotationFile.exec(name) ?? [];
      return kind === undefined ? [] : [{ name, kind, pictures: pictures!, split: split! }];
    });
    const captions = files.filter(({ kind }) => kind === 'captions');
    const wanted = captions.length > 0 ? captions : files;
    if (wanted.length === 0)
      throw new CovistaError('no-data', `${folder} holds no captions_*.json or instances_*.json.`);
    const collector = new AnnotationCollector();
    for (const { name, pictures, split } of wanted) {
      const part = await coco.read(join(folder, name), options);
      collector.merge(part, { folder: pictures, split });
    }
    return collector.finish('coco-folder');
  },
};
