/** The words that somebody gave to one picture, as read from a captions file. */
export interface Annotation {
  /** The picture's file name or path as the captions file writes it, with `/` between folders. */
  readonly picture: string;
  /** Sentences. */
  readonly captions: readonly string[];
  /** Keywords; each may be of several words. */
  readonly tags: readonly string[];
}

/** Everything that a captions file holds, one entry a picture, in the order of first mention. */
export interface Annotations {
  /** Name of the format in `DATASETS`: `coco`, `flickr8k`, `csv`, `jsonl`, `txt` and others. */
  readonly format: string;
  readonly pictures: readonly Annotation[];
  /** Picture names by official split (`train`, `val`, `test`, `restval`), where the format has splits. */
  readonly splits?: Readonly<Record<string, readonly string[]>>;
  /** How many rows, lines or entries were read, and how many could not be. */
  readonly rows: { readonly read: number; readonly lost: number };
  /** What was wrong and left out: the line, and why. */
  readonly warnings: readonly string[];
}
