import { CovistaError, throwIfAborted } from '../errors.ts';
import { AnnotationCollector } from './collector.ts';
import { type Columns, collectRow, findColumns, unknownColumns } from './columns.ts';
import type { DatasetFormat, ReadOptions } from './dataset-format.ts';
import { readJsonArrays } from './json-arrays.ts';
import { readTextHead, textLines } from './text-file.ts';

/** One JSON object a line, or one list of such objects. */
export const jsonLines: DatasetFormat = {
  name: 'jsonl',
  description: 'a JSON object a line (or a JSON list of them) with a picture key, and captions or tags',
  example: '{"image": "beach.jpg", "captions": ["Two dogs run"], "tags": ["dog", "beach"]}',
  recognise: ({ head }, options) => {
    const text = head.trimStart();
    if (/^\[\s*\{/.test(text)) return true;
    try {
      const object: unknown = JSON.parse(text.split(/\r?\n/, 1)[0]!);
      return isRecord(object) && findColumns(Object.keys(object), options) !== undefined;
    } catch {
      return false;
    }
  },
  async read(path, options) {
    const collector = new AnnotationCollector();
    const add = rowAdder(path, options, collector);
    if ((await readTextHead(path, 1024)).trimStart().startsWith('[')) {
      await readJsonArrays(path, (_, object, i) => add(object, `${path}, entry ${i}`), options.signal);
    } else {
      for await (const { number, text } of textLines(path, collector.warnings)) {
        if (number % 10000 === 0) throwIfAborted(options.signal);
        if (text.trim() === '') continue;
        const where = `${path}, line ${number}`;
        try {
          add(JSON.parse(text), where);
        } catch (error) {
          if (error instanceof CovistaError) throw error;
          collector.warnings.add('bad lines', `${where}: not valid JSON.`);
        }
      }
    }
    return collector.finish('jsonl');
  },
};

function rowAdder(path: string, options: ReadOptions, collector: AnnotationCollector) {
  let keys = '';
  let columns: Columns | undefined;
  let any = false;
  return (object: unknown, where: string) => {
    if (!isRecord(object)) {
      collector.warnings.add('bad lines', `${where}: not a JSON object.`);
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
      if (!any) throw unknownColumns(path, names);
      collector.warnings.add('bad lines', `${where}: no picture key, or neither captions nor tags.`);
      return;
    }
    any = true;
    collectRow(object, columns, collector, where);
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
