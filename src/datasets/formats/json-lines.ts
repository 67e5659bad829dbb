import { type CovistaError, throwIfAborted } from '../../base/errors.ts';
import { AnnotationCollector } from './collector.ts';
import { type Columns, collectRow, findColumns, unknownColumns } from './columns.ts';
import type { DatasetFormat } from './dataset-format.ts';
import { readJsonArrays } from './json-arrays.ts';
import { readTextHead, textLines } from './text-file.ts';

const firstLines = 20;

/** One JSON object a line, or one list of such objects. */
export const jsonLines: DatasetFormat = {
  name: 'jsonl',
  description: 'a JSON object a line (or a JSON list of them) with a picture key, and captions or tags',
  example: '{"image": "beach.jpg", "captions": ["Two dogs run"], "tags": ["dog", "beach"]}',
  recognise: ({ head, name }, options) => {
    const text = head.trimStart();
    if (/^\[\s*\{/.test(text)) return true;
    // Any of the first lines may be a bad one.
    const objects = text
      .split(/[\r\n]+/, firstLines)
      .map(parsed)
      .filter(isRecord);
    if (/\.(?:jsonl|ndjson)$/i.test(name) && objects.length > 0) return true;
    return objects.some((object) => findColumns(Object.keys(object), options) !== undefined);
  },
  async read(path, options) {
    const collector = new AnnotationCollector();
    let keys = '';
    let columns: Columns | undefined;
    /** What is wrong with the first object, as long as there is none whose keys are known. */
    let unknown: CovistaError | undefined;
    let any = false;
    if ((await readTextHead(path, 1024)).trimStart().startsWith('[')) {
      await readJsonArrays(path, (_, object, i) => add(object, `${path}, entry ${i}`), options.signal);
    } else {
      for await (const { number, text } of textLines(path, collector.warnings)) {
        if (number % 10000 === 0) throwIfAborted(options.signal);
        if (text.trim() === '') continue;
        const where = `${path}, line ${number}`;
        const object = parsed(text);
        if (object === undefined) collector.lost('bad lines', `${where}: not valid JSON.`);
        else add(object, where);
      }
    }
    if (unknown !== undefined) throw unknown;
    return collector.finish('jsonl');

    function add(object: unknown, where: string): void {
      if (!isRecord(object)) {
        collector.lost('bad lines', `${where}: not a JSON object.`);
        return;
      }
      // Keys may be missing from some lines, so the columns are looked up again where they differ.
      const names = Object.keys(object);
      const joined = names.join('\n');
      if (joined !== keys) {
        keys = joined;
        columns = findColumns(names, options);
      }
      if (columns === undefined) {
        if (!any) unknown ??= unknownColumns(path, names, options);
        collector.lost('bad lines', `${where}: no picture key, or neither captions nor tags.`);
        return;
      }
      any = true;
      unknown = undefined;
      collectRow(Object.values(object), columns, collector, where);
    }
  },
};

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
