import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { openWordVectors } from '../../encoders/words/word-vectors.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { row } from '../../linalg/matrix.ts';
import type { Model } from '../../model/model.ts';
import { type QueryWords, queryWords, readInLanguage } from '../../search/query-words.ts';
import { encodePictures, openPictureIndex, search } from '../../search/search.ts';
import { openModel, withEncoder } from '../context.ts';
import { countOption, explainOption, jsonOption, libraryOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { shown, table } from '../terminal.ts';
import { lap } from '../timings.ts';

const EXAMPLES = `
Examples:
  covista search "a man playing tennis" -n 5
  covista search "a dog -grass"           without grass
  covista search -grass                   anything but grass
  covista search "2:red bicycle"          red counts twice
  covista search '"hot dog" mustard'      a phrase, not any dog
  covista search --image beach.jpg "at night"
  covista search "a dog on grass" --explain   what each word added to each score
  covista search "ein Hund" --vectors wiki.multi.de.vec --language de   with aligned word vectors`;

interface Options extends CommonOptions {
  readonly library: string;
  readonly image?: string;
  readonly count: number;
  readonly explain?: boolean;
  readonly language?: string;
  readonly vectors?: string;
}

/** A query may begin with a minus, as `-dog`, where other commands have options. */
class SearchCommand extends Command {
  override parseOptions(args: string[]) {
    return super.parseOptions(shieldMinusWords(args, this));
  }
}

/** `covista search "<words>"` */
export function searchCommand(): Command {
  return new SearchCommand('search')
    .argument('[words...]', 'words or a sentence; -word for what is not wanted')
    .addOption(libraryOption())
    .option('-i, --image <file>', 'a picture to search by, alone or beside words')
    .addOption(countOption('how many pictures to show', 10))
    .addOption(
      explainOption('show what each word added to a score, and the training captions that carried it'),
    )
    .option(
      '--vectors <file>',
      'word vectors for words of another language, aligned with those of the model; needs --language',
    )
    .option(
      '--language <tag>',
      'language of the words, where it is not that of the captions, as de',
      languageTag,
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('Words that begin with a minus can stand behind --, as in: covista search -- -dog')
    .action((given: string[], options: Options) =>
      runCommand(options, async (work) => {
        const { image, vectors, language } = options;
        const words = given.length === 0 ? undefined : given.map(unshield).join(' ');
        if ((vectors === undefined) !== (language === undefined))
          throw new CovistaError('usage', 'Of --vectors and --language one needs the other.', {
            hint: 'covista search "ein Hund" --vectors wiki.multi.de.vec --language de',
          });
        if (words === undefined && image === undefined)
          throw new CovistaError('usage', 'Name words, a picture, or both to search by.', {
            hint: 'covista search "a dog on a beach", or: covista search --image dog.jpg',
          });
        const library = await Library.open(options.library);
        lap('open the library');
        const engine = await createEngine();
        lap('start the engine');
        try {
          const { model: stored, id } = await openModel(library, { ...work, engine });
          lap('open the model');
          const model =
            vectors === undefined
              ? stored
              : readInLanguage(
                  stored,
                  await openWordVectors(vectors, { ...work, language: language! }),
                  language!,
                );
          const known = words === undefined ? undefined : queryWords(model, words, language);
          if (known !== undefined) sayDoubts(known, model, language, work);
          const asked = { words, image, unknown: known?.unknown, guessed: known?.guessed };
          const picture =
            image === undefined ? undefined : await featureOf(image, library.encoder.spec, work);
          if (picture !== undefined) lap('encode the picture');
          const index = await openPictureIndex(library, model, id, engine, work);
          lap('read where pictures are');
          const hits = await search(index, model, { words, picture }, options.count, engine);
          lap('search');
          if (options.explain) {
            const { explainHits } = await import('../../search/explain.ts');
            const { explainedHit } = await import('../explanation-text.ts');
            const explained = await explainHits(index, model, { words, picture }, hits, engine);
            return {
              text: explained.map((hit, i) => explainedHit(hit, i + 1, shown(hit.path))).join('\n'),
              json: { query: asked, hits: explained },
            };
          }
          const rows = hits.map(({ path, score }, i) => [`${i + 1}`, score.toFixed(3), shown(path)]);
          return {
            text: table(['rank', 'score', 'picture'], rows),
            json: { query: asked, hits },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}

/** Names the words that the model does not know, or only by their vectors. */
function sayDoubts(
  { known, unknown, guessed, languages }: QueryWords,
  model: Model,
  language: string | undefined,
  { onProgress }: WorkOptions,
): void {
  const say = (warning: string) => onProgress?.({ stage: 'read the query', done: 0, warning });
  // Searching for nothing that is known is an error, which names the words.
  if (known.length + guessed.length === 0) return;
  if (unknown.length > 0) say(`Not understood, and left out: ${unknown.join(', ')}.`);
  // Vectors that were named for the query's language are there to be relied on.
  if (language !== undefined) return;
  if (guessed.length > 0)
    say(
      `In none of the captions that were learned from, so that only word vectors say what they mean: ${guessed.join(', ')}.`,
    );
  if (languages.length === 0 && unknown.length + guessed.length <= known.length) return;
  const nameOf = (tag: string) => new Intl.DisplayNames('en', { type: 'language' }).of(tag) ?? tag;
  const own = nameOf(model.text.language);
  const other = languages.length === 1 ? nameOf(languages[0]!) : 'another language';
  const doubt =
    languages.length > 0
      ? `The query seems to be in ${other}, the captions are in ${own}: what is found may be wrong.`
      : `If these words are not ${own}, as the captions are, what is found may be wrong.`;
  say(
    `${doubt} Search in ${own}, or name word vectors of the query's language that are aligned with the model's: --vectors <file> --language <tag>.`,
  );
}

/** Looks like a minus, and is one in queries, but begins no option. */
const SHIELD = '\u2212';

/**
 * Makes words of a query that begin with a minus ones that no option begins with: `-dog`, `-"hot dog"`, also where an
 * option has the same letter (`-horse`, `-lake`), unless a number or an existing path is given to it (`-n5`,
 * `-lmy-library`).
 */
function shieldMinusWords(args: readonly string[], command: Command): string[] {
  const shielded: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') return [...shielded, ...args.slice(i)];
    const option = command.options.find((one) => one.short === arg || one.long === arg);
    const attached = command.options.find((one) => one.required && one.short === arg.slice(0, 2));
    const value = arg.slice(2);
    const isValue = attached !== undefined && (/^\d+$/.test(value) || existsSync(value));
    const isWord = /^-[^-]./u.test(arg) && !isValue;
    shielded.push(isWord ? SHIELD + arg.slice(1) : arg);
    if (option?.required && i + 1 < args.length) shielded.push(args[++i]!);
  }
  return shielded;
}

const unshield = (word: string) => (word.startsWith(SHIELD) ? `-${word.slice(1)}` : word);

function languageTag(value: string): string {
  try {
    return Intl.getCanonicalLocales(value)[0]!;
  } catch {
    throw new InvalidArgumentError('It must be a language tag, as de or pt-BR.');
  }
}

/** The feature of one picture, which must be readable. */
async function featureOf(image: string, encoder: string, work: WorkOptions): Promise<Float32Array> {
  const { vectors, failed } = await withEncoder(encoder, work, (open) => encodePictures(open, [image], work));
  if (failed.length > 0) throw new CovistaError('bad-picture', failed[0]!.reason);
  return row(vectors, 0);
}
