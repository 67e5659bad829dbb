import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { ReadOptions } from '../datasets/index.ts';
import { absoluteSentenceName } from '../encoders/sentence/sentence-names.ts';
import { TEXT_BLOCKS } from '../model/recipe.ts';
import type { TextBlock } from '../text/index.ts';

/** `--library <dir>`: the same for all commands. */
export const libraryOption = () =>
  new Option('-l, --library <dir>', 'folder that holds the library')
    .env('COVISTA_LIBRARY')
    .default('covista-library');

/** `--json`: the result as one JSON document on standard output. */
export const jsonOption = () => new Option('--json', 'print the result as JSON');

/** `--explain`: where a result comes from. */
export const explainOption = (what: string) => new Option('--explain', what);

/** `--quiet`: no progress. */
export const quietOption = () => new Option('-q, --quiet', 'show no progress');

/** `-n <count>`: how many results. */
export const countOption = (what: string, initial: number) =>
  new Option('-n, --count <count>', what).argParser(wholeNumber(1)).default(initial);

/** `--vectors <file>`: word vectors; a file's path is stored with the model, so it is made to hold from anywhere. */
export const vectorsOption = () =>
  new Option(
    '--vectors <file>',
    'word vectors: a file in the format of word2vec, GloVe, fastText or Numberbatch, or "own" to train them on the captions',
  )
    .argParser((value) => (value === 'default' || value === 'own' ? value : resolve(value)))
    .default('default');

/** `--text-encoder <name>`: a sentence encoder for the text view; its name is stored with the model. */
export const textEncoderOption = () =>
  new Option(
    '--text-encoder <name>',
    'sentence encoder in place of word vectors: minilm, clip-vit-b32 ... (see covista models), hf:<owner/name or folder>, onnx:<file>',
  ).argParser(absoluteSentenceName);

/** `--text-view <blocks>`: what a text is encoded as, where it is not what the recipe says. */
export const textViewOption = () =>
  new Option(
    '--text-view <blocks>',
    'what a text is encoded as, one or more of vectors, words, sentence: "sentence" for the sentence encoder alone',
  ).argParser((value): readonly TextBlock[] => {
    const blocks = value.split(',').map((one) => one.trim());
    const known: readonly string[] = TEXT_BLOCKS;
    if (blocks.some((one) => !known.includes(one)) || new Set(blocks).size < blocks.length)
      throw new InvalidArgumentError(`Name different ones of ${TEXT_BLOCKS.join(', ')}, as words,sentence.`);
    return blocks as TextBlock[];
  });

/** How to read a file of captions or tags where it leaves a choice; see {@link readingOf}. */
export interface ReadingOptions {
  readonly format?: string;
  readonly imageColumn?: string;
  readonly captionColumn?: readonly string[];
  readonly tagsColumn?: readonly string[];
  readonly separator?: string;
}

const another = (value: string, before: readonly string[] = []) => [...before, value];

/** `--format`, `--image-column`, `--caption-column`, `--tags-column`, `--separator`. */
export const readingOptions = (): Option[] => [
  new Option('--format <name>', 'format of the captions, where it is not recognised (see covista datasets)'),
  new Option('--image-column <name>', 'column or key that names the picture'),
  new Option('--caption-column <name>', 'column or key that holds captions; may be given again').argParser(
    another,
  ),
  new Option('--tags-column <name>', 'column or key that holds tags; may be given again').argParser(another),
  new Option('--separator <mark>', 'what separates the columns of a table, as ";" or tab').argParser(
    (mark) => (/^(?:tab|\\t)$/i.test(mark) ? '\t' : mark),
  ),
];

/** What the readers take, of the options on the command line; nothing that was not given. */
export function readingOf(options: ReadingOptions): ReadOptions {
  const { format, imageColumn: pictureColumn, captionColumn, tagsColumn, separator } = options;
  return {
    ...(format === undefined ? {} : { format }),
    ...(pictureColumn === undefined ? {} : { pictureColumn }),
    ...(captionColumn === undefined ? {} : { captionColumn }),
    ...(tagsColumn === undefined ? {} : { tagsColumn }),
    ...(separator === undefined ? {} : { separator }),
  };
}

/** Parses a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return value;
  };
}
