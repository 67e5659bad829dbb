import { listPictures } from '../photos/photo-folder.ts';
import { isPicturePath } from '../photos/picture-names.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';

const splitNames = /^(?:train|training|val|valid|validation|test)$/i;

/** Names of folders that say nothing of what is in them: those of cameras, phones and programs, and of sorting. */
const saysNothing =
  /^(?:dcim|camera(?: ?roll| uploads)?|(?:my )?(?:pictures|photos|images|albums?)|screen ?shots|downloads?|new folder.*|untitled.*|misc(?:ellaneous)?|various|other|unsorted|inbox|imports?|exports?|backups?|originals?|edited|raw|jpe?gs?|web|small|large|thumb(?:nail)?s?|favou?rites|best|tmp|temp|data|archive|trash|n\d{8}|[a-z]{0,4}[ _-]?\d+|\d{3}[a-z_]{5})$/i;

/**
 * Whether the folders of a collection look like classes. `clear`: each picture is in a folder of its own level, and the
 * names of all folders are words; `possible`: the names of some are.
 * @param pictures relative paths
 */
export function folderClasses(pictures: readonly string[]): 'clear' | 'possible' | undefined {
  const folders = pictures.map((picture) => foldersOf(picture).folders);
  const names = [...new Set(folders.flat())];
  const wordy = names.filter((name) => /\p{L}{2}/u.test(name) && !saysNothing.test(name));
  if (names.length < 2 || wordy.length === 0) return undefined;
  const isFlat = folders.every((path) => path.length === 1);
  return isFlat && wordy.length === names.length ? 'clear' : 'possible';
}

/** The folders above a picture, without the split that is the first of several. */
function foldersOf(picture: string): { folders: string[]; split: string | undefined } {
  const folders = picture.split('/').slice(0, -1);
  const isSplit = folders.length > 1 && splitNames.test(folders[0]!);
  return isSplit ? { folders: folders.slice(1), split: folders[0] } : { folders, split: undefined };
}

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
      const { folders, split } = foldersOf(picture);
      if (split !== undefined) collector.split(picture, split);
      collector.tags(
        picture,
        folders.map((name) => name.replaceAll('_', ' ')),
      );
    }
    return collector.finish('class-folders');
  },
};
