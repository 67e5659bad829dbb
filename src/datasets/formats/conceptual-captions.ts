import { throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { textLines } from './text-file.ts';

/**
 * Conceptual Captions (Sharma et al., ACL 2018) and CC12M (Changpinyo et al., CVPR 2021): caption and address, or
 * address and caption, without a header line. Pictures are named by their address.
 */
export const conceptualCaptions: DatasetFormat = {
  name: 'conceptual-captions',
  description: 'Conceptual Captions and CC12M: caption and address separated by a tab, no header line',
  example: 'a very typical bus station<TAB>http://example.com/bus-station.jpg',
  recognise: ({ head }) => addressFirst(head.trimStart().split(/[\r\n]+/, 1)[0]!) !== undefined,
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    for await (const { number, text } of textLines(path, collector.warnings)) {
      if (number % 10000 === 0) throwIfAborted(signal);
      if (text.trim() === '') continue;
      const first = addressFirst(text);
      if (first === undefined) {
        collector.lost('bad lines', `${path}, line ${number}: not a caption and an address.`);
        continue;
      }
      collector.read();
      const [left, right] = text.split('\t') as [string, string];
      const [address, caption] = first ? [left, right] : [right, left];
      collector.captionOnce(address, caption, `${path}, line ${number}`);
    }
    return collector.finish('conceptual-captions');
  },
};

/** Whether the address stands first; undefined when the line is not an address and a text. */
function addressFirst(line: string): boolean | undefined {
  const fields = line.split('\t');
  if (fields.length !== 2) return undefined;
  const [left, right] = fields.map((field) => /^https?:\/\//.test(field.trim()));
  return left === right ? undefined : left;
}
