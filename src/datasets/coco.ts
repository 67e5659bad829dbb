import { CovistaError } from '../errors.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { readJsonArrays } from './json-arrays.ts';

/** What is kept of an entry of `annotations`, most of which is outlines. */
interface CocoAnnotation {
  readonly where: string;
  readonly id: unknown;
  readonly image: unknown;
  readonly caption: unknown;
  readonly category: unknown;
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
    const names = new Map<unknown, string>();
    const categories = new Map<unknown, string>();
    const annotations: CocoAnnotation[] = [];
    const add = (key: string, element: unknown, index: number) => {
      const record = asRecord(element);
      if (key === 'images') addImage(record, `${path}, images[${index}]`);
      else if (key === 'categories' && typeof record.name === 'string')
        categories.set(record.id, record.name);
      else if (key === 'annotations') {
        const { id, image_id: image, caption, category_id: category } = record;
        annotations.push({ where: `${path}, annotations[${index}]`, id, image, caption, category });
      }
    };
    await readJsonArrays(path, add, signal);
    if (names.size === 0)
      throw new CovistaError('bad-format', `${path} looks like MS COCO, but lists no "images".`, {
        hint: 'Captions are in the files captions_*.json of the official annotations.',
      });
    addAnnotations();
    return collector.finish('coco');

    function addImage({ id, file_name: name }: Readonly<Record<string, unknown>>, where: string): void {
      if (typeof name !== 'string' || id === undefined)
        collector.warnings.add('bad images', `${where}: has no id or no file_name.`);
      else if (names.has(id))
        collector.warnings.add('images given twice', `${where}: image ${String(id)} is there already.`);
      else {
        names.set(id, name);
        collector.picture(name);
      }
    }

    // Categories and images may stand after the annotations, so those come last.
    function addAnnotations(): void {
      const seen = new Set<unknown>();
      for (const { where, id, image, caption, category } of annotations) {
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
          collector.warnings.add(
            'bad annotations',
            `${where}: has neither a caption nor a known category_id.`,
          );
        seen.add(id);
      }
    }
  },
};

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
