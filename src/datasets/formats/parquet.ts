import * as zlib from 'node:zlib';
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { CovistaError, throwIfAborted } from '../../base/errors.ts';
import { openForReading } from '../open-file.ts';
import { AnnotationCollector } from './collector.ts';
import { collectRow, findColumns, unknownColumns } from './columns.ts';
import type { DatasetFormat } from './dataset-format.ts';

const rowsAtOnce = 10000;

/** Snappy is built into hyparquet; these are what Node has. */
const compressors = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(zlib.gunzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(zlib.brotliDecompressSync(bytes)),
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zlib.zstdDecompressSync(bytes)),
};

/** A Parquet file whose columns are known. */
export interface ParquetTable {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Rows `start` to before `end`, as objects with the given columns. */
  read(start: number, end: number, columns: readonly string[]): Promise<Record<string, unknown>[]>;
}

/** @throws CovistaError `not-found`, or `bad-format` naming the file */
export async function openParquet(path: string): Promise<ParquetTable> {
  await (await openForReading(path)).close();
  const bad = (error: unknown) =>
    new CovistaError(
      'bad-format',
      `${path} is not a Parquet file that can be read: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  const file = await asyncBufferFromFile(path);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (error) {
    throw bad(error);
  }
  return {
    rows: Number(metadata.num_rows),
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    async read(rowStart, rowEnd, columns) {
      try {
        return await parquetReadObjects({
          file,
          metadata,
          rowStart,
          rowEnd,
          columns: [...columns],
          compressors,
        });
      } catch (error) {
        throw bad(error);
      }
    },
  };
}

/** Parquet tables, as LAION (Schuhmann et al., NeurIPS 2022) and img2dataset write them. */
export const parquet: DatasetFormat = {
  name: 'parquet',
  description: 'Parquet table, as of LAION or img2dataset: a key, path or url column, and captions or tags',
  example: 'columns URL and TEXT, or key, url and caption',
  recognise: ({ head }) => head.startsWith('PAR1'),
  async read(path, options) {
    const collector = new AnnotationCollector();
    const table = await openParquet(path);
    const columns = findColumns(table.columns, options);
    if (columns === undefined) throw unknownColumns(path, table.columns, options);
    const { picture, captions, tags } = columns;
    const wanted = [picture, ...captions, ...tags].map((i) => table.columns[i]!);
    for (let start = 0; start < table.rows; start += rowsAtOnce) {
      throwIfAborted(options.signal);
      const rows = await table.read(start, Math.min(table.rows, start + rowsAtOnce), wanted);
      for (const [i, row] of rows.entries()) {
        const values = table.columns.map((name) => row[name]);
        collectRow(values, columns, collector, `${path}, row ${start + i}`);
      }
    }
    return collector.finish('parquet');
  },
};
