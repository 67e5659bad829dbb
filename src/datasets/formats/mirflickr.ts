import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../base/errors.ts';
import { fileError } from '../../files/system-error.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { textLines } from './text-file.ts';

/** MIRFlickr-25k (Huiskes and Lew, MIR 2008): one file of tags for each picture, one tag a line. */
export const mirflickr: DatasetFormat = {
  name: 'mirflickr',
  description: "MIRFlickr-25k as unpacked: im1.jpg and so on, with users' tags in meta/tags",
  example: 'im1.jpg, and meta/tags/tags1.txt with a tag a line',
  recognise: ({ entries }) =>
    (entries?.includes('meta') && entries.some((name) => /^im\d+\.jpg$/i.test(name))) ?? false,
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const folder = join(path, 'meta', 'tags');
    let files: Set<string>;
    try {
      files = new Set(await readdir(folder));
    } catch (error) {
      throw fileError(folder, error);
    }
    const numbers = (await readdir(path)).flatMap((name) => /^im(\d+)\.jpg$/i.exec(name)?.[1] ?? []);
    for (const number of numbers.sort((a, b) => Number(a) - Number(b))) {
      throwIfAborted(signal);
      const tags: string[] = [];
      if (files.has(`tags${number}.txt`))
        for await (const { text } of textLines(join(folder, `tags${number}.txt`), collector.warnings))
          tags.push(text);
      collector.tags(`im${number}.jpg`, tags);
    }
    return collector.finish('mirflickr');
  },
};
