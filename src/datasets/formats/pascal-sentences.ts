import { throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from './collector.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { readText } from './text-file.ts';

/** Pascal Sentences (Rashtchian et al., NAACL 2010 workshop): a web page with a table row for each picture. */
export const pascalSentences: DatasetFormat = {
  name: 'pascal-sentences',
  description: 'the page of Pascal Sentences: pictures with five sentences each; the folder is the tag',
  example:
    '<td><img src="aeroplane/2008_000716.jpg"></td><td><table><tr><td> A blue plane. </td></tr></table></td>',
  recognise: ({ head }) => /<img\s[^>]*src=/i.test(head) && /<td/i.test(head),
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const page = await readText(path, collector.warnings);
    throwIfAborted(signal);
    let picture: string | undefined;
    for (const [, source, cell] of page.matchAll(/<img\s[^>]*?src=["']?([^"'>\s]+)|<td[^>]*>([^<]+)/gi)) {
      if (source !== undefined) {
        picture = plainText(source);
        const tag = picture.split('/').at(-2);
        collector.tags(picture, tag === undefined ? [] : [tag]);
      } else if (picture !== undefined && cell!.trim() !== '')
        collector.caption(picture, plainText(cell!), path);
    }
    return collector.finish('pascal-sentences');
  },
};

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function plainText(html: string): string {
  return html.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (entities[name!] ?? whole) : String.fromCodePoint(Math.min(Number(code), 0x10ffff)),
  );
}
