import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { list, type ReadEntry } from 'tar';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import { openForReading } from '../open-file.ts';
import { isPicturePath } from '../photos/picture-names.ts';
import { AnnotationCollector } from './collector.ts';
import { collectRow, findColumns } from './columns.ts';
import type { DatasetFormat } from './dataset-format.ts';

const longestText = 16 * 1024 * 1024;

/** WebDataset shards: tar files in which `0001.jpg`, `0001.txt` and `0001.json` belong together. */
export const webDataset: DatasetFormat = {
  name: 'webdataset',
  description: 'WebDataset tar shards: files of the same name belong together; .txt is a caption, .cls a tag',
  example: '00000.tar with 000000001.jpg, 000000001.txt and 000000001.json',
  recognise: ({ name, entries }) =>
    entries === undefined ? /\.tar$/i.test(name) : entries.some((entry) => /^[^/]+\.tar$/i.test(entry)),
  async read(path, { signal }) {
    const collector = new AnnotationCollector();
    const shards = (await stat(path)).isDirectory()
      ? (await readdir(path))
          .filter((name) => /\.tar$/i.test(name))
          .sort()
          .map((name) => join(path, name))
      : [path];
    for (const shard of shards) {
      throwIfAborted(signal);
      await readShard(shard, collector, signal);
    }
    return collector.finish('webdataset');
  },
};

async function readShard(path: string, collector: AnnotationCollector, signal?: AbortSignal): Promise<void> {
  await (await openForReading(path)).close();
  const pictures = new Map<string, string>();
  const texts: { key: string; kind: string; text: string }[] = [];
  const read = (entry: ReadEntry) => {
    // A name counts up to its first dot, so that 1.seg.png belongs to 1.jpg.
    const [, key, kind] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(entry.path.replace(/^\.\//, '')) ?? [];
    if (key === undefined || kind === undefined) return;
    if (isPicturePath(`x.${kind}`) && !pictures.has(key)) pictures.set(key, `${key}.${kind}`);
    if (!/^(?:txt|caption|cls|json)$/.test(kind) || entry.size > longestText) return;
    const chunks: Buffer[] = [];
    entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    entry.on('end', () => texts.push({ key, kind, text: Buffer.concat(chunks).toString('utf8') }));
  };
  try {
    await list({ file: path, strict: true, onReadEntry: read });
  } catch (error) {
    throw new CovistaError('bad-format', `${path} is not a whole tar file: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  throwIfAborted(signal);
  for (const picture of pictures.values()) collector.picture(picture);
  const texted = new Set(texts.filter(({ kind }) => kind !== 'json' && kind !== 'cls').map(({ key }) => key));
  for (const { key, kind, text } of texts) {
    const where = `${basename(path)}, ${key}.${kind}`;
    const picture = pictures.get(key);
    if (picture === undefined) collector.warnings.add('texts without a picture', `${where}: has no picture.`);
    else if (kind === 'cls') collector.tags(picture, [text]);
    else if (kind !== 'json') collector.captionOnce(picture, text, where);
    else addJson(picture, text, where, texted.has(key));
  }

  /** The caption in the JSON is that of the text file, where there is one. */
  function addJson(picture: string, text: string, where: string, hasText: boolean): void {
    try {
      const row = { ...(JSON.parse(text) as Record<string, unknown>), __picture: picture };
      const columns = findColumns(Object.keys(row), { pictureColumn: '__picture' });
      if (columns !== undefined)
        collectRow(Object.values(row), hasText ? { ...columns, captions: [] } : columns, collector, where);
    } catch {
      collector.warnings.add('bad texts', `${where}: not valid JSON.`);
    }
  }
}
