import { isPicturePath } from '../image/decode-picture.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { listPictures } from './photo-folder.ts';

const splitNames = /^(?:train|training|val|valid|validation|test)$/i;

/** Pictures sorted into folders by what they show, as ImageNet, Caltech-101 and many others are. */
export const classFolders: DatasetFormat = {
  name: 'class-folders',
  description:
    'folder of folders, each named by what its pictures show; train, val and test above them are splits',
  example: 'train/golden_retriever/1.jpg has the tag: golden retriever',
  recognise: ({ entries }) => {
    if (entries === undefined || entries.some((name) => !name.includes('/') && isPicturePath(name)))
      return false;
    const folders = entries
      .filter((name) => name.includes('/'))
      .map((name) => name.split('/') as [string, string]);
    if (folders.some(([folder, name]) => splitNames.test(folder) && !name.includes('.'))) return true;
    // A single folder of pictures says nothing about them.
    return new Set(folders.filter(([, name]) => isPicturePath(name)).map(([folder]) => folder)).size > 1;
  },
  async read(path, options) {
    const collector = new AnnotationCollector();
    const { pictures, warnings } = await listPictures(path, options);
    for (const warning of warnings) collector.warnings.add('folders that cannot be read', warning);
    for (const picture of pictures) {
      const folders = picture.split('/').slice(0, -1);
      if (folders.length > 1 && splitNames.test(folders[0]!)) collector.split(picture, folders.shift()!);
      collector.tags(
        picture,
        folders.map((name) => name.replaceAll('_', ' ')),
      );
    }
    return collector.finish('class-folders');
  },
};
