import { throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { textLines } from './text-file.ts';

const line = /^(.+?)#(\S+)\t(.*)$/;

/** Flickr8k's and Flickr30k's token files (Hodosh et al., JAIR 2013): picture, number of the caption, caption. */
export const flickrToken: DatasetFormat = {
  name: 'flickr8k',
  description: 'Flickr8k.token.txt, and Flickr30k results_20130124.token: a caption a line',
  example: '1000268201_693b08cb0e.jpg#0<TAB>A child in a pink dress is climbing up a set of stairs .',
  // Any of the first lines may be a bad one.
  recognise: ({ head }) =>
    head
      .trimStart()
      .split(/[\r\n]+/, 20)
      .some((text) => line.test(text)),
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const seen = new Set<string>();
    for await (const { number, text } of textLines(path, collector.warnings)) {
      if (number % 10000 === 0) throwIfAborted(signal);
      if (text.trim() === '') continue;
      const where = `${path}, line ${number}`;
      const [, picture, index, caption] = line.exec(text) ?? [];
      if (picture === undefined) {
        collector.lost('bad lines', `${where}: not of the form picture#number<TAB>caption.`);
        continue;
      }
      collector.read();
      const key = `${picture}#${index}`;
      if (seen.has(key)) {
        collector.warnings.add(
          'entries given twice',
          `${where}: ${key} is there already; the first is kept.`,
        );
        continue;
      }
      seen.add(key);
      collector.caption(picture, caption!, where);
    }
    return collector.finish('flickr8k');
  },
};
