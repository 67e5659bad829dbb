import { Command } from 'commander';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import { fitLibrary, recipeByName } from '../../pipeline/index.ts';
import { wordVectorsFor } from '../context.ts';
import { jsonOption, libraryOption, quietOption } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, duration, paint } from '../terminal.ts';

interface Options extends CommonOptions {
  readonly library: string;
  readonly recipe: string;
  readonly language: string;
  readonly vectors: string;
}

/** `covista fit` */
export function fitCommand(): Command {
  return new Command('fit')
    .description('learn the joint space of pictures and words from the captioned pictures of a library')
    .addOption(libraryOption())
    .option('-r, --recipe <name>', 'how to learn: default, or article for the plain baseline', 'default')
    .option('--vectors <file>', 'word vectors: word2vec, GloVe, fastText or Numberbatch', 'default')
    .option('--language <tag>', 'language of the captions, as en or de', 'en')
    .addOption(jsonOption())
    .addOption(quietOption())
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const recipe = recipeByName(options.recipe);
        const library = await Library.open(options.library);
        const engine = await createEngine();
        try {
          const wordVectors = await wordVectorsFor(recipe, options.vectors, work);
          const started = performance.now();
          const { language, vectors } = options;
          const model = await fitLibrary(library, recipe, {
            ...work,
            engine,
            wordVectors,
            vectors,
            language,
          });
          const seconds = (performance.now() - started) / 1000;
          const { pictures, captions } = model.trained;
          const correlations = Array.from(model.space.correlations);
          return {
            text: [
              `${paint('bold', 'Learned')} from ${count(pictures)} pictures with ${count(captions)} captions in ${duration(seconds)}:`,
              `${correlations.length} dimensions, canonical correlations ${correlations[0]!.toFixed(3)} to ${correlations.at(-1)!.toFixed(3)}, ${count(model.tags.length)} tags.`,
              `Next: covista search "some words" --library ${options.library}`,
            ].join('\n'),
            json: {
              recipe: model.recipe,
              trained: model.trained,
              tags: model.tags.length,
              correlations,
              seconds,
            },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}
