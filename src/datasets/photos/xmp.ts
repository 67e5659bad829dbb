import { DOMParser, type Element } from '@xmldom/xmldom';
import { isCameraText } from './camera-text.ts';

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const dublinCore = 'http://purl.org/dc/elements/1.1/';
const lightroom = 'http://ns.adobe.com/lightroom/1.0/';
const digiKam = 'http://www.digikam.org/ns/1.0/';
/** Versions 1.0 and 1.2 are in use. */
const microsoftPhoto = [
  'http://ns.microsoft.com/photo/1.0/',
  'http://ns.microsoft.com/photo/1.2/',
  'http://ns.microsoft.com/photo/1.0',
  'http://ns.microsoft.com/photo/1.2',
];
const tiff = 'http://ns.adobe.com/tiff/1.0/';
const exif = 'http://ns.adobe.com/exif/1.0/';

/** What digiKam keeps of its own among the tags: labels of colours and picks. */
const internalTag = /^_Digikam_Internal_Tags_(?:\/|$)/i;

/** Words that a photo carries. */
export interface PhotoWords {
  readonly captions: readonly string[];
  readonly tags: readonly string[];
}

/**
 * Reads captions and keywords from an XMP packet or sidecar file (ISO 16684-1): `dc:title`, `dc:description`,
 * `tiff:ImageDescription` and `exif:UserComment`; `dc:subject`, `lr:hierarchicalSubject`, `digiKam:TagsList` and
 * `MicrosoftPhoto:LastKeywordXMP`. Each level of a hierarchy is a keyword.
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
  const items = (namespace: string, name: string) => [
    ...[...element.getElementsByTagNameNS(namespace, name)].flatMap((property) => {
      const list = [...property.getElementsByTagNameNS(rdf, 'li')];
      return (list.length > 0 ? list : [property]).map((item) => item.textContent?.trim() ?? '');
    }),
    // A property of one value may be written as an attribute.
    ...[...element.getElementsByTagNameNS(rdf, 'Description')].map(
      (description) => description.getAttributeNS(namespace, name)?.trim() ?? '',
    ),
  ];
  const levels = (texts: readonly string[], separator: RegExp) =>
    texts
      .filter((path) => !internalTag.test(path))
      .flatMap((path) => path.split(separator))
      .map((level) => level.trim());
  return {
    captions: unique([
      ...items(dublinCore, 'title'),
      ...items(dublinCore, 'description'),
      ...items(tiff, 'ImageDescription'),
      ...items(exif, 'UserComment'),
    ]).filter((caption) => !isCameraText(caption)),
    tags: unique([
      ...items(dublinCore, 'subject').filter((one) => !internalTag.test(one)),
      ...levels(items(lightroom, 'hierarchicalSubject'), /\|/),
      ...levels(items(digiKam, 'TagsList'), /\//),
      ...levels(
        microsoftPhoto.flatMap((namespace) => items(namespace, 'LastKeywordXMP')),
        /\//,
      ),
    ]),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text) => text !== ''))];
}
