import { join } from 'node:path';
import { listPictures } from '../photos/photo-folder.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { csv } from './delimited.ts';
import { jsonLines } from './json-lines.ts';

/** Hugging Face's `imagefolder` layout: a metadata file beside the pictures, in the folder or in one for each split. */
export const huggingFace: DatasetFormat = {
  name: 'imagefolder',
  description:
    'Hugging Face imagefolder: metadata.jsonl or metadata.csv beside the pictures, one for each split',
  example: 'train/metadata.jsonl with {"file_name": "0001.png", "text": "A golden retriever"}',
  recognise: ({ entries }) => entries?.some((name) => /(?:^|\/)metadata\.(?:jsonl|csv)$/.test(name)) ?? false,
  async read(path, options) {
    const collector = new AnnotationCollector();
    const { pictures: files } = await listPictures(path, { ...options, extensions: ['.jsonl', '.csv'] });
    for (const file of files) {
      const [, folder, kind] = /^(?:(.*)\/)?metadata\.(jsonl|csv)$/.exec(file) ?? [];
      if (kind === undefined) continue;
      const part = await (kind === 'csv' ? csv : jsonLines).read(join(path, file), options);
      collector.merge(part, folder === undefined ? {} : { folder, split: folder.split('/')[0]! });
    }
    return collector.finish('imagefolder');
  },
};
