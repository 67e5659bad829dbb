import { basename } from 'node:path';
import type { WorkOptions } from '../../base/progress.ts';
import { publish } from '../../files/publish.ts';
import { readBinaryVectors } from './word-vector-binary.ts';
import { FASTTEXT_MAGIC, readFastText } from './word-vector-fasttext.ts';
import { ByteInput } from './word-vector-input.ts';
import { isTextOfVectors, readVectorHeader } from './word-vector-shape.ts';
import { readUnpacked } from './word-vector-source.ts';
import { readTextVectors } from './word-vector-text.ts';
import { type KeepWords, type OpenWriter, type Skipped, WordVectorWriter } from './word-vector-writer.ts';

/** What {@link convertWordVectors} takes. */
export interface ConversionOptions extends WorkOptions {
  /** Which words to keep; all when left out. */
  readonly keep?: KeepWords;
  /** Of the words to keep where a file holds several languages, as a BCP 47 tag; `en` when left out. */
  readonly language?: string;
  /** What the vectors are called; the file's name when left out. */
  readonly id?: string;
}

/** What a conversion made of a file. */
export interface ConvertedWordVectors {
  /** How many words were kept. */
  readonly count: number;
  readonly size: number;
  /** How many words were read, kept or not. */
  readonly read: number;
  /** How many words the file announces at its beginning, if it does. */
  readonly announced: number | undefined;
  /** What was left out because of its form. */
  readonly skipped: readonly Skipped[];
}

/** Reads word vectors of one format from a stream. */
type Reader = (input: ByteInput, openWriter: OpenWriter, name: string, language: string) => Promise<void>;

/** Enough for the first lines, or for the first words with their numbers. */
const SNIFFED_BYTES = 1 << 20;

/**
 * Converts a file of word vectors into the compact format, as a stream. The format is recognised by the content:
 * GloVe text; word2vec text and binary; fastText `.vec` and `.bin` (with its n-grams); Numberbatch text; each of
 * them packed with gzip or zip, texts also in UTF-16 with a byte order mark. Nothing is left at `target` when it fails.
 * @param file as {@link readUnpacked} takes it
 * @throws CovistaError as {@link readUnpacked}; `bad-format` when it is none of these formats, or holds no vector
 */
export function convertWordVectors(
  file: string,
  target: string,
  options: ConversionOptions = {},
): Promise<ConvertedWordVectors> {
  return convertWith(undefined, file, target, options);
}

/** As {@link convertWordVectors}, for a format that is known. */
export async function convertWith(
  reader: Reader | undefined,
  file: string,
  target: string,
  options: ConversionOptions,
): Promise<ConvertedWordVectors> {
  let result: ConvertedWordVectors | undefined;
  await publish(target, async (partial) => {
    const input = new ByteInput(readUnpacked(file, options));
    let writer: WordVectorWriter | undefined;
    let announced: number | undefined;
    const openWriter: OpenWriter = (size, about = {}) => {
      announced = about.announced;
      writer = new WordVectorWriter(partial, size, { keep: options.keep, subwords: about.subwords });
      return writer;
    };
    try {
      await input.need(SNIFFED_BYTES);
      const read = reader ?? recognise(input.bytes);
      await read(input, openWriter, file, options.language ?? 'en');
      writer!.finish(options.id ?? basename(file), file);
      result = {
        count: writer!.count,
        size: writer!.size,
        read: writer!.read,
        announced,
        skipped: writer!.skipped(),
      };
    } finally {
      writer?.close();
      await input.close();
    }
  });
  return result!;
}

function recognise(bytes: Buffer): Reader {
  if (bytes.length >= 4 && [bytes.readInt32LE(0), bytes.readInt32BE(0)].includes(FASTTEXT_MAGIC))
    return readFastText;
  const header = readVectorHeader(bytes);
  if (header === undefined || header.length === bytes.length) return readTextVectors;
  return isTextOfVectors(bytes.subarray(header.length)) ? readTextVectors : readBinaryVectors;
}
