import { DOMParser, type Element } from '@xmldom/xmldom';

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const dublinCore = 'http://purl.org/dc/elements/1.1/';
const lightroom = 'http://ns.adobe.com/lightroom/1.0/';
const digiKam = 'http://www.digikam.org/ns/1.0/';

/** Words that a photo carries. */
export interface PhotoWords {
  readonly captions: readonly string[];
  readonly tags: readonly string[];
}

/**
 * Reads captions and keywords from an XMP packet or sidecar file (ISO 16684-1): `dc:description`, `dc:subject`,
 * `lr:hierarchicalSubject` and `digiKam:TagsList`; each level of a hierarchy is a keyword.
 * @returns undefined when it is not well-formed XML
 */
export function parseXmp(xml: string): PhotoWords | undefined {
  let root: Element | null;
  try {
    const parser = new DOMParser({
      onError: (level) => {
        if (level !== 'warning') throw new Error('not well-formed');
      },
    });
    // Packets are padded with white space and may end in a zero byte.
    root = parser.parseFromString(
      xml
        .replaceAll('\0', '')
        .replace(/^\ufeff/, '')
        .trim(),
      'text/xml',
    ).documentElement;
  } catch {
    return undefined;
  }
  if (root === null) return undefined;
  const element = root;
  const items = (namespace: string, name: string) =>
    [...element.getElementsByTagNameNS(namespace, name)].flatMap((property) => {
      const list = [...property.getElementsByTagNameNS(rdf, 'li')];
      return (list.length > 0 ? list : [property]).map((item) => item.textContent?.trim() ?? '');
    });
  return {
    captions: unique(items(dublinCore, 'description')),
    tags: unique([
      ...items(dublinCore, 'subject'),
      ...items(lightroom, 'hierarchicalSubject').flatMap((path) => path.split('|')),
      ...items(digiKam, 'TagsList').flatMap((path) => path.split('/')),
    ]),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text) => text !== ''))];
}
