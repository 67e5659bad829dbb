import { CovistaError } from '../../base/errors.ts';
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
    const names = new Ids();
    const categories = new Ids();
    const annotations: CocoAnnotation[] = [];
    const add = (key: string, element: unknown, index: number) => {
      const record = asRecord(element);
      if (key === 'images') addImage(record, `${path}, images[${index}]`);
      else if (key === 'categories' && typeof record.name === 'string')
        categories.add(record.id, record.name);
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
      if (typeof name !== 'string' || !isId(id))
        collector.warnings.add('bad images', `${where}: has no id or no file_name.`);
      else if (names.add(id, name)) collector.picture(name);
      else collector.warnings.add('images given twice', `${where}: image ${String(id)} is there already.`);
    }

    // Categories and images may stand after the annotations, so those come last.
    function addAnnotations(): void {
      const seen = new Set<unknown>();
      for (const { where, id, image, caption, category } of annotations) {
        const name = names.get(image);
        const kind = categories.get(category);
        if (name === undefined)
          collector.lost('annotations of unknown images', `${where}: there is no image ${String(image)}.`);
        else if (id !== undefined && seen.has(id))
          collector.lost('annotations given twice', `${where}: id ${String(id)} is there already.`);
        else if (typeof caption === 'string' || kind !== undefined) {
          collector.read();
          if (typeof caption === 'string') collector.caption(name, caption, where);
          else collector.tags(name, [kind!]);
        } else collector.lost('bad annotations', `${where}: has neither a caption nor a known category_id.`);
        seen.add(id);
      }
    }
  },
};

/**
 * Texts by id. An id is the same as a number and as a string, since exporters mix them: 139, "139", and, where no
 * other id is written so, "000000000139" and "139.0".
 */
class Ids {
  readonly #texts = new Map<string, string>();
  readonly #byNumber = new Map<number, string | undefined>();

  get size(): number {
    return this.#texts.size;
  }

  /** @returns false when there is a text of this id already, which is kept */
  add(id: unknown, text: string): boolean {
    const key = String(id).trim();
    if (this.#texts.has(key)) return false;
    this.#texts.set(key, text);
    const number = wholeNumber(key);
    // Two ids that are the same number are told apart by how they are written only.
    if (number !== undefined) this.#byNumber.set(number, this.#byNumber.has(number) ? undefined : text);
    return true;
  }

  get(id: unknown): string | undefined {
    if (!isId(id)) return undefined;
    const key = String(id).trim();
    const number = wholeNumber(key);
    return this.#texts.get(key) ?? (number === undefined ? undefined : this.#byNumber.get(number));
  }
}

function isId(id: unknown): boolean {
  return typeof id === 'number' || (typeof id === 'string' && id.trim() !== '');
}

function wholeNumber(text: string): number | undefined {
  const number = Number(text);
  return text !== '' && Number.isSafeInteger(number) ? number : undefined;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
