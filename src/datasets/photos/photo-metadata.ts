import { readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import sharp from 'sharp';
import { throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from '../formats/collector.ts';
import type { DatasetFormat } from '../formats/dataset-format.ts';
import { readText } from '../formats/text-file.ts';
import { tryFile } from '../formats/warnings.ts';
import { parseExif } from './exif.ts';
import { parseIptc } from './iptc.ts';
import { listPictures } from './photo-folder.ts';
import { isPicturePath } from './picture-names.ts';
import { SidecarNames } from './sidecar-names.ts';
import { type PhotoWords, parseXmp } from './xmp.ts';

/** Larger ones are scans without keywords, and too much to read for some. */
const largestTiff = 256 * 1024 * 1024;

/** A photo library whose words are in the photos themselves, or in XMP files beside them. */
export const photoMetadata: DatasetFormat = {
  name: 'photos',
  description:
    'photo library by its own metadata: Exif, IPTC and XMP keywords and captions in the photos, or in .xmp files beside them (Lightroom, digiKam, Windows, Apple Photos)',
  example: 'beach.jpg with the keywords dog and beach; or beach.xmp or beach.jpg.xmp beside it',
  recognise: ({ entries }) =>
    entries?.some((name) => (!name.includes('/') && isPicturePath(name)) || /\.xmp$/i.test(name)) ?? false,
  async read(path, options) {
    const collector = new AnnotationCollector();
    const { pictures, warnings } = await listPictures(path, options);
    for (const warning of warnings) collector.warnings.add('folders that cannot be read', warning);
    const sidecars = new SidecarNames((await listPictures(path, { extensions: ['.xmp'] })).pictures);
    for (const [done, picture] of pictures.entries()) {
      throwIfAborted(options.signal);
      collector.picture(picture);
      const file = join(path, picture);
      const found: PhotoWords[] = [];
      try {
        const { format, xmp, iptc, exif } = await sharp(file, { limitInputPixels: false }).metadata();
        if (xmp !== undefined) add(parseXmp(xmp.toString('utf8')), file);
        if (iptc !== undefined) found.push(parseIptc(iptc));
        if (exif !== undefined) found.push(parseExif(exif));
        // A TIFF file is itself what Exif is within others.
        else if (format === 'tiff' && (await stat(file)).size <= largestTiff)
          found.push(parseExif(await readFile(file)));
      } catch {
        // BMP and JPEG XL, which sharp does not read, can have words beside them all the same.
        if (!/\.(?:bmp|jxl)$/i.test(picture))
          collector.warnings.add(
            'photos that cannot be read',
            `${file}: its keywords and captions cannot be read.`,
          );
      }
      for (const name of sidecars.of(picture, '.xmp'))
        await tryFile(collector.warnings, async () =>
          add(parseXmp(await readText(join(path, name), collector.warnings)), join(path, name)),
        );
      // The same words are usually in several of these places, and many programs put the file's name for a title.
      const captions = found.flatMap((words) =>
        words.captions.map((text) => text.replace(/\s+/g, ' ').trim()),
      );
      const names = [basename(picture), basename(picture, extname(picture))];
      for (const caption of new Set(captions))
        if (!names.includes(caption)) collector.caption(picture, caption, file);
      collector.tags(
        picture,
        found.flatMap((words) => words.tags),
      );
      options.onProgress?.({
        stage: 'read photo metadata',
        done: done + 1,
        total: pictures.length,
        unit: 'pictures',
      });

      function add(words: PhotoWords | undefined, where: string): void {
        if (words === undefined)
          collector.warnings.add('bad XMP', `${where}: its XMP is not well-formed XML.`);
        else found.push(words);
      }
    }
    return collector.finish('photos');
  },
};
