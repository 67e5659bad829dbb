import type { WorkOptions } from '../../base/progress.ts';
import type { Annotations } from './annotation.ts';

/** What a format is recognised by. */
export interface Source {
  readonly path: string;
  /** File or folder name without the folders above it. */
  readonly name: string;
  /** The beginning of the file as text; empty for a folder. */
  readonly head: string;
  /** Names in the folder, and as `folder/name` the first in each folder within; undefined for a file. */
  readonly entries: readonly string[] | undefined;
}

/** How to read annotations where the file itself leaves a choice. */
export interface ReadOptions extends WorkOptions {
  /** Name of a format in `DATASETS`, instead of recognising it. */
  readonly format?: string;
  /** Column or key that names the picture; a known name such as `image` or `file_name` unless given. */
  readonly pictureColumn?: string;
  /** Columns or keys that hold a sentence each; with one name, all columns of that name. */
  readonly captionColumn?: string | readonly string[];
  /** Columns or keys that hold keywords. */
  readonly tagsColumn?: string | readonly string[];
  /** What stands between the cells of a text table; recognised by its header unless given. */
  readonly separator?: string;
}

/** A way in which data sets are published. */
export interface DatasetFormat {
  /** Short and stable: `coco`, `flickr8k`. */
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** What a line, or the folder, looks like. */
  readonly example: string;
  /** Whether the source is in this format, from its name and beginning only. */
  recognise(source: Source, options: ReadOptions): boolean;
  /** @throws CovistaError `bad-format` naming the file, `no-data` when there is no picture in it */
  read(path: string, options: ReadOptions): Promise<Annotations>;
}
