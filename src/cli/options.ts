import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

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

/** Parses a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return value;
  };
}
