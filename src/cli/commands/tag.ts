import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { CovistaError } from '../../base/errors.ts';
import type { WorkOptions } from '../../base/progress.ts';
import { listPictures } from '../../datasets/photos/photo-folder.ts';
import { fileError } from '../../files/system-error.ts';
import { type Decision, Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import type { Engine, Matrix32 } from '../../linalg/index.ts';
import { embedPictures, type Model } from '../../model/model.ts';
import { tagsWithPhrases, vocabularyScorer } from '../../model/own-vocabulary.ts';
import { bestTags, type Tag, tagFeatures } from '../../model/tagging.ts';
import { decidedTags } from '../../pipeline/teach.ts';
import { type OwnVocabulary, parseVocabulary } from '../../retrieval/index.ts';
import { explainTags } from '../../search/explain.ts';
import { encodePictures } from '../../search/search.ts';
import { openModel, withEncoder } from '../context.ts';
import { explainedTags } from '../explanation-text.ts';
import { countOption, explainOption, jsonOption, libraryOption, quietOption } from '../options.ts';
import { printable } from '../printable.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { paint, shown } from '../terminal.ts';

interface Options extends CommonOptions {
  readonly library: string;
  readonly count: number;
  readonly explain?: boolean;
  readonly vocabulary?: string;
  readonly phrases?: boolean;
}

const EXAMPLES = `
Examples:
  covista tag photo.jpg holiday --library my-library -n 8
  covista tag photo.jpg --explain               the captions that voted for each tag
  covista tag photo.jpg --phrases               "tennis ball" beside "tennis" and "ball"
  covista tag photo.jpg --vocabulary words.txt  no other tags than these

A number is the probability that a tag is right, where there were enough pictures to learn it from; high from 0.60,
medium from 0.30, low below.

A vocabulary is a text file of one word or phrase a line. Words that no training caption holds are judged by their
word vectors, which is a guess. Indented words, or those behind a slash, stand under others, which then are at least as
probable:

  animal
    dog
    cat
  vehicle/car

Accept or reject tags, to learn from: covista teach photo.jpg --accept dog --reject cat`;

/** `covista tag <picture or folder>` */
export function tagCommand(): Command {
  return new Command('tag')
    .argument('<picture...>', 'pictures or folders; they need not be in the library')
    .addOption(libraryOption())
    .addOption(countOption('how many tags a picture', 5))
    .option('--vocabulary <file>', 'give these tags only: one a line, indented for a hierarchy')
    .option('--phrases', 'give phrases of the training captions too, as "tennis ball"')
    .addOption(explainOption('show the training captions that voted for each tag'))
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((targets: string[], options: Options) =>
      runCommand(options, async (work) => {
        if (options.vocabulary !== undefined && options.phrases)
          throw new CovistaError('usage', 'Choose one of --vocabulary and --phrases.', {
            hint: 'Phrases can stand in the vocabulary.',
          });
        const vocabulary =
          options.vocabulary === undefined ? undefined : await readVocabulary(options.vocabulary);
        const library = await Library.open(options.library);
        const engine = await createEngine();
        try {
          const { model } = await openModel(library, { ...work, engine });
          const files = (await Promise.all(targets.map(picturesIn))).flat();
          const encoded = await withEncoder(library.encoder.spec, work, (encoder) =>
            encodePictures(encoder, files, work),
          );
          if (encoded.paths.length === 0)
            throw new CovistaError('bad-picture', encoded.failed[0]?.reason ?? 'There is no picture to tag.');
          const own = vocabulary ?? (options.phrases ? tagsWithPhrases(model) : undefined);
          const decisions = await library.decisions();
          const decided = encoded.paths.map((path) => among(vocabulary, decisions.get(resolve(path))));
          const rejected = decided.reduce((most, one) => Math.max(most, one?.rejected.length ?? 0), 0);
          const count = options.count + rejected;
          const found =
            own === undefined
              ? await tagFeatures(model, encoded.vectors, count, engine)
              : await tagsAmong(model, own, encoded.vectors, count, engine, work);
          if (options.explain) {
            const kept = found.map((some, i) =>
              some.filter(({ word }) => !decided[i]?.rejected.includes(word)).slice(0, options.count),
            );
            const explained = await explainTags(model, encoded.vectors, kept, engine);
            const pictures = encoded.paths.map((path, i) => ({ path, tags: explained[i]! }));
            return {
              text: pictures.map((picture) => explainedTags(shown(picture.path), picture.tags)).join('\n\n'),
              json: { pictures, failed: encoded.failed },
            };
          }
          const pictures = encoded.paths.map((path, i) => ({
            path,
            tags: decidedTags(found[i]!, decided[i], options.count),
          }));
          return {
            text: pictures
              .map(
                ({ path, tags: some }) =>
                  `${paint('bold', shown(path))}: ${some.map(({ word, score, level }) => `${printable(word)} ${paint('dim', `${score.toFixed(2)}${level === undefined ? '' : ` ${level}`}`)}`).join(', ')}`,
              )
              .join('\n'),
            json: { pictures, failed: encoded.failed },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}

async function picturesIn(target: string): Promise<string[]> {
  const found = await stat(target).catch((cause) => {
    throw fileError(target, cause);
  });
  if (!found.isDirectory()) return [target];
  const { pictures } = await listPictures(target);
  if (pictures.length === 0) throw new CovistaError('no-data', `There are no pictures in ${target}.`);
  return pictures.map((picture) => join(target, picture));
}

async function readVocabulary(file: string): Promise<OwnVocabulary> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw fileError(file, cause);
  });
  return parseVocabulary(text, file);
}

/** What was decided on tags of the vocabulary; accepted tags outside it are not given. */
function among(vocabulary: OwnVocabulary | undefined, decision: Decision | undefined): Decision | undefined {
  if (vocabulary === undefined || decision === undefined) return decision;
  return { ...decision, accepted: decision.accepted.filter((word) => vocabulary.names.includes(word)) };
}

/** The best tags of a vocabulary of one's own; names that nothing is known of are warned of. */
async function tagsAmong(
  model: Model,
  vocabulary: OwnVocabulary,
  features: Matrix32,
  count: number,
  engine: Engine,
  { onProgress }: WorkOptions,
): Promise<Tag[][]> {
  const pictures = await embedPictures(model, features, engine);
  const { scorer, names, unknown } = await vocabularyScorer(model, vocabulary, pictures, engine);
  if (unknown.length > 0)
    onProgress?.({
      stage: 'read the vocabulary',
      done: 0,
      warning: `Neither captions nor word vectors know: ${unknown.slice(0, 10).join(', ')}${unknown.length > 10 ? ' ...' : ''}.`,
    });
  return bestTags(model, scorer, names, count);
}
