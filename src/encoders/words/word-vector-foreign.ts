import type { Buffer } from 'node:buffer';
import { CovistaError } from '../../base/errors.ts';

/** Something that is given as word vectors but is none: how it begins, and what to do then. */
interface Foreign {
  readonly begins: (beginning: string) => boolean;
  readonly what: string;
  readonly hint: string;
}

const LINES = 'Write a text: each line a word and its numbers, with spaces between.';

const starting = (...starts: readonly string[]): Foreign['begins'] => {
  return (beginning) => starts.some((start) => beginning.startsWith(start));
};

/** Bytes as Latin-1. */
const FOREIGN: readonly Foreign[] = [
  {
    begins: starting('version https://git-lfs.github.com/'),
    what: 'is a pointer of Git LFS, which stands for a file that was not fetched',
    hint: 'Fetch the file itself: git lfs pull.',
  },
  {
    begins: (beginning) => /^\s*<(?:!doctype|!--|\?xml|html|head|body)/i.test(beginning),
    what: 'is a web page',
    hint: 'Download the file itself, not the page that offers it.',
  },
  { begins: (beginning) => /^\s*[{[]\s*["{[]/.test(beginning), what: 'is JSON', hint: LINES },
  { begins: starting('\x93NUMPY'), what: 'is a NumPy array, which holds no words', hint: LINES },
  {
    begins: starting('\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'),
    what: 'is a Python pickle, which is not read, as it may run any code',
    hint: 'Write it as a text with what made it, as gensim does with save_word2vec_format.',
  },
  {
    begins: starting('\x89HDF', 'SQLite format 3\0', '%PDF'),
    what: 'is of a format that holds something else',
    hint: LINES,
  },
  {
    begins: (beginning) =>
      starting(
        '\x1f\x8b',
        'PK\x03\x04',
        'BZh',
        '\xfd7zXZ',
        '7z\xbc\xaf',
        '\x28\xb5\x2f\xfd',
        'Rar!',
      )(beginning) || beginning.startsWith('ustar', 257),
    what: 'is packed in a way that is not read',
    hint: 'Unpack it first; gzip and zip are read, but not one in the other.',
  },
  {
    begins: (beginning) => beginning.includes('\0'),
    what: 'is no text in UTF-8, as it holds zero bytes',
    hint: 'Save it as UTF-8; of binary files those of word2vec and fastText are read.',
  },
];

/**
 * The error for a file that holds no word vectors.
 * @param bytes how it begins
 * @param reason what is wrong with it where it is nothing known
 */
export function notWordVectors(name: string, bytes: Buffer, reason: string): CovistaError {
  const beginning = bytes.toString('latin1', 0, 4096);
  const foreign = FOREIGN.find(({ begins }) => begins(beginning));
  return new CovistaError(
    'bad-format',
    `${name} ${foreign?.what ?? `is no text of word vectors: ${reason}`}.`,
    {
      hint:
        foreign?.hint ??
        'Each line holds a word and its numbers, with spaces between; the first line may be "count size".',
    },
  );
}
