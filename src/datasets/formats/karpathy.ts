import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { readJsonArrays } from './json-arrays.ts';

interface KarpathyImage {
  readonly filename?: unknown;
  /** Folder, in MS COCO's file only. */
  readonly filepath?: unknown;
  readonly split?: unknown;
  readonly sentences?: readonly { readonly raw?: unknown }[];
}

/** The splits that most papers report on (Karpathy and Fei-Fei, CVPR 2015). */
export const karpathy: DatasetFormat = {
  name: 'karpathy',
  description:
    "Karpathy's dataset_coco.json, dataset_flickr8k.json and dataset_flickr30k.json, with their splits",
  example:
    '{"images": [{"filepath": "val2014", "filename": "COCO_val2014_000000391895.jpg", "split": "test", "sentences": [{"raw": "A man on a bike."}]}]}',
  recognise: ({ head }) => /^\s*\{/.test(head) && /"sent(?:ences|ids)"\s*:/.test(head),
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const add = (key: string, element: unknown, index: number) => {
      if (key !== 'images') return;
      const where = `${path}, images[${index}]`;
      const { filename, filepath, split, sentences } = (element ?? {}) as KarpathyImage;
      if (typeof filename !== 'string') {
        collector.lost('bad images', `${where}: has no filename.`);
        return;
      }
      collector.read();
      const name = typeof filepath === 'string' && filepath !== '' ? `${filepath}/${filename}` : filename;
      collector.picture(name);
      if (typeof split === 'string') collector.split(name, split);
      for (const sentence of Array.isArray(sentences) ? sentences : [])
        if (typeof sentence?.raw === 'string') collector.caption(name, sentence.raw, where);
        else collector.warnings.add('bad sentences', `${where}: a sentence has no "raw" text.`);
    };
    await readJsonArrays(path, add, signal);
    return collector.finish('karpathy');
  },
};
