import type { Annotation, Annotations } from './annotation.ts';
import { Warnings } from './warnings.ts';

interface Entry {
  readonly picture: string;
  readonly captions: string[];
  /** Made when the first one comes, since most pictures of large sets have none. */
  tags: Set<string> | undefined;
}

/** Gathers captions and tags by picture while a reader goes through its file. */
export class AnnotationCollector {
  readonly warnings = new Warnings();
  readonly #entries = new Map<string, Entry>();
  readonly #splits = new Map<string, string[]>();
  readonly #rows = { read: 0, lost: 0 };

  /** Counts a row, line or entry that could be read. */
  read(): void {
    this.#rows.read++;
  }

  /** Counts a row, line or entry that could not be read, and warns of it; see {@link Warnings.add}. */
  lost(kind: string, message: string): void {
    this.#rows.lost++;
    this.warnings.add(kind, message);
  }

  /** Notes that the picture exists, with or without words; `./` in front and `\` are made plain. */
  picture(name: string): Entry {
    const picture = plainPath(name);
    let entry = this.#entries.get(picture);
    if (entry === undefined) {
      entry = { picture, captions: [], tags: undefined };
      this.#entries.set(picture, entry);
    }
    return entry;
  }

  /**
   * Adds a sentence. Runs of white space become one space; an empty one is left out with a warning.
   * @param where file and line or record, for the warning
   */
  caption(name: string, caption: string, where: string): void {
    const entry = this.picture(name);
    const text = caption.replace(/\s+/g, ' ').trim();
    if (text === '') this.warnings.add('empty captions', `${where}: ${entry.picture} has an empty caption.`);
    else entry.captions.push(text);
  }

  /** Adds a sentence unless the picture has the very same one already: for formats that do not number captions. */
  captionOnce(name: string, caption: string, where: string): void {
    const entry = this.picture(name);
    if (entry.captions.includes(caption.replace(/\s+/g, ' ').trim()))
      this.warnings.add('repeated captions', `${where}: ${entry.picture} has this caption already.`);
    else this.caption(name, caption, where);
  }

  /** Adds keywords; empty ones and those the picture has already are left out. */
  tags(name: string, tags: Iterable<string>): void {
    const entry = this.picture(name);
    for (const tag of tags) {
      const text = tag.replace(/\s+/g, ' ').trim();
      if (text !== '') addTag(entry, text);
    }
  }

  /** Puts the picture into an official split. */
  split(name: string, split: string): void {
    const names = this.#splits.get(split);
    if (names === undefined) this.#splits.set(split, [plainPath(name)]);
    else names.push(plainPath(name));
  }

  /**
   * Adds what another reader gathered.
   * @param options `folder`: put in front of the picture names; `split`: what all its pictures belong to
   */
  merge(annotations: Annotations, options: { folder?: string; split?: string } = {}): void {
    const prefix = options.folder === undefined || options.folder === '' ? '' : `${options.folder}/`;
    for (const { picture, captions, tags } of annotations.pictures) {
      const entry = this.picture(prefix + picture);
      entry.captions.push(...captions);
      for (const tag of tags) addTag(entry, tag);
      if (options.split !== undefined) this.split(prefix + picture, options.split);
    }
    for (const [split, names] of Object.entries(annotations.splits ?? {}))
      for (const name of names) this.split(prefix + name, split);
    this.#rows.read += annotations.rows.read;
    this.#rows.lost += annotations.rows.lost;
    for (const warning of annotations.warnings) this.warnings.add('warnings', warning);
  }

  /** Everything gathered, one entry a picture in the order of first mention. */
  finish(format: string): Annotations {
    const pictures: Annotation[] = [];
    for (const { picture, captions, tags } of this.#entries.values())
      pictures.push({ picture, captions, tags: [...(tags ?? [])] });
    return {
      format,
      pictures,
      rows: { ...this.#rows },
      warnings: this.warnings.list(),
      ...(this.#splits.size > 0 ? { splits: Object.fromEntries(this.#splits) } : {}),
    };
  }
}

function addTag(entry: Entry, tag: string): void {
  entry.tags ??= new Set();
  entry.tags.add(tag);
}

function plainPath(name: string): string {
  return name
    .trim()
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/)+/, '');
}
