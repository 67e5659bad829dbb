import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { textLines } from './text-file.ts';

/** NUS-WIDE (Chua et al., CIVR 2009): users' tags, and 81 concepts judged by people. */
export const nusWide: DatasetFormat = {
  name: 'nus-wide',
  description: "NUS-WIDE as unpacked: ImageList, users' tags and the 81 concepts as tags, with its split",
  example:
    'ImageList/Imagelist.txt with actor\\0001_2124494179.jpg; NUS_WID_Tags/All_Tags.txt with 2124494179 city lights',
  recognise: ({ entries }) =>
    (entries?.includes('ImageList') && entries.some((name) => /^(?:NUS_WID_Tags|Groundtruth)$/.test(name))) ??
    false,
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const lines = async function* (...names: string[]) {
      for await (const line of textLines(join(path, ...names), collector.warnings)) {
        if (line.number % 10000 === 0) throwIfAborted(signal);
        if (line.text.trim() !== '') yield { number: line.number, text: line.text.trim() };
      }
    };
    const pictures: string[] = [];
    const byId = new Map<string, string>();
    for await (const { text } of lines('ImageList', 'Imagelist.txt')) {
      const name = text.replaceAll('\\', '/');
      pictures.push(name);
      collector.picture(name);
      byId.set(/_(\d+)\.\w+$/.exec(name)?.[1] ?? name, name);
    }
    if ((await names(path)).includes('NUS_WID_Tags'))
      for await (const { number, text } of lines('NUS_WID_Tags', 'All_Tags.txt')) {
        const [id, ...tags] = text.split(/\s+/);
        const name = byId.get(id!);
        if (name === undefined)
          collector.warnings.add(
            'tags of unknown pictures',
            `All_Tags.txt, line ${number}: there is no picture ${id}.`,
          );
        else collector.tags(name, tags);
      }
    for (const file of await names(path, 'Groundtruth', 'AllLabels')) {
      const concept = /^Labels_(.+)\.txt$/.exec(file)?.[1];
      if (concept === undefined) continue;
      let row = 0;
      for await (const { text } of lines('Groundtruth', 'AllLabels', file)) {
        const name = pictures[row++];
        if (name !== undefined && text === '1') collector.tags(name, [concept]);
      }
      if (row !== pictures.length)
        throw new CovistaError(
          'bad-format',
          `${join(path, 'Groundtruth', 'AllLabels', file)} has ${row} lines for ${pictures.length} pictures.`,
        );
    }
    for (const [file, split] of [
      ['TrainImagelist.txt', 'train'],
      ['TestImagelist.txt', 'test'],
    ] as const)
      if ((await names(path, 'ImageList')).includes(file))
        for await (const { text } of lines('ImageList', file)) collector.split(text, split);
    return collector.finish('nus-wide');
  },
};

async function names(...path: string[]): Promise<string[]> {
  return (await readdir(join(...path)).catch(() => [])).sort();
}
