import { CovistaError } from '../errors.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { readJson } from './json-file.ts';

interface CocoFile {
  readonly images?: unknown;
  readonly annotations?: unknown;
  readonly categories?: unknown;
}

/** MS COCO's annotation files (Lin et al., ECCV 2014; Chen et al., arXiv:1504.00325): captions and instances. */
export const coco: DatasetFormat = {
  name: 'coco',
  description: 'MS COCO captions_*.json, and instances_*.json with the categories as tags',
  example:
    '{"images": [{"id": 139, "file_name": "000000000139.jpg"}], "annotations": [{"image_id": 139, "id": 1, "caption": "A woman in a room."}]}',
  recognise: ({ head }) =>
    /^\s*\{/.test(head) &&
    /"(?:images|annotations|categories|info|licenses)"\s*:/.test(head) &&
    !/"sent(?:ences|ids)"\s*:/.test(head),
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const file = (await readJson(path, collector.warnings, signal)) as CocoFile;
    const images = arrayOf(file, 'images', path);
    const annotations = arrayOf(file, 'annotations', path);
    const names = new Map<unknown, string>();
    for (const [i, image] of images.entries()) {
      const { id, file_name: name } = asRecord(image);
      if (typeof name !== 'string' || id === undefined)
        collector.warnings.add('bad images', `${path}, images[${i}]: has no id or no file_name.`);
      else if (names.has(id))
        collector.warnings.add('images given twice', `${path}: image ${id} is there twice.`);
      else {
        names.set(id, name);
        collector.picture(name);
      }
    }
    const categories = new Map<unknown, string>();
    if (Array.isArray(file.categories))
      for (const category of file.categories) {
        const { id, name } = asRecord(category);
        if (typeof name === 'string') categories.set(id, name);
      }
    const seen = new Set<unknown>();
    for (const [i, annotation] of annotations.entries()) {
      const { id, image_id: image, caption, category_id: category } = asRecord(annotation);
      const where = `${path}, annotations[${i}]`;
      const name = names.get(image);
      if (name === undefined)
        collector.warnings.add(
          'annotations of unknown images',
          `${where}: there is no image ${String(image)}.`,
        );
      else if (id !== undefined && seen.has(id))
        collector.warnings.add('annotations given twice', `${where}: id ${String(id)} is there already.`);
      else if (typeof caption === 'string') collector.caption(name, caption, where);
      else if (categories.has(category)) collector.tags(name, [categories.get(category)!]);
      else
        collector.warnings.add('bad annotations', `${where}: has neither a caption nor a known category_id.`);
      seen.add(id);
    }
    return collector.finish('coco');
  },
};

function arrayOf(file: CocoFile, key: 'images' | 'annotations', path: string): readonly unknown[] {
  const value = asRecord(file)[key];
  if (!Array.isArray(value))
    throw new CovistaError('bad-format', `${path} looks like MS COCO, but has no list "${key}".`, {
      hint: 'Captions are in the files captions_*.json of the official annotations.',
    });
  return value;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
