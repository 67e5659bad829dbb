import { Command } from 'commander';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import type { SelectedRecipe, TrainOptions } from '../../pipeline/index.ts';
import { fitLibrary, libraryPairs, type Recipe, recipeByName, selectRecipe } from '../../pipeline/index.ts';
import { wordVectorsFor } from '../context.ts';
import { jsonOption, libraryOption, quietOption, vectorsOption, wholeNumber } from '../options.ts';
import { type CommonOptions, runCommand } from '../run.ts';
import { count, duration, paint } from '../terminal.ts';

/** Time for `--select` without a number. */
const SELECTION_SECONDS = 120;

/** Where validation pictures gain no more. */
const REFINEMENT_STEPS = 90;

interface Options extends CommonOptions {
  readonly library: string;
  readonly recipe: string;
  readonly select?: number | true;
  readonly refine?: true;
  readonly language: string;
  readonly vectors: string;
}

/** `covista fit` */
export function fitCommand(): Command {
  return new Command('fit')
    .description('learn the joint space of pictures and words from the captioned pictures of a library')
    .addOption(libraryOption())
    .option(
      '-r, --recipe <name>',
      'how to learn: default, best (slower), or article (the plain baseline)',
      'default',
    )
    .option(
      '--select [seconds]',
      'choose ridge, block weights, dimensions and scaling by cross-validation',
      wholeNumber(1),
    )
    .option('--refine', 'refine the space by contrastive steps after CCA; takes tens of seconds')
    .addOption(vectorsOption())
    .option('--language <tag>', 'language of the captions, as en or de', 'en')
    .addOption(jsonOption())
    .addOption(quietOption())
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const named = recipeByName(options.recipe);
        const asked: Recipe = options.refine ? { ...named, refine: { steps: REFINEMENT_STEPS } } : named;
        const library = await Library.open(options.library);
        const engine = await createEngine();
        try {
          const wordVectors = await wordVectorsFor(asked, options.vectors, work);
          const started = performance.now();
          const { language, vectors } = options;
          const training: TrainOptions = { ...work, engine, wordVectors, vectors, language };
          const selected = options.select
            ? await selectRecipe(await libraryPairs(library), asked, {
                ...training,
                seconds: options.select === true ? SELECTION_SECONDS : options.select,
              })
            : undefined;
          const model = await fitLibrary(library, selected?.recipe ?? asked, training);
          const seconds = (performance.now() - started) / 1000;
          const { pictures, captions } = model.trained;
          const correlations = Array.from(model.space.correlations);
          return {
            text: [
              `${paint('bold', 'Learned')} from ${count(pictures)} pictures with ${count(captions)} captions in ${duration(seconds)}:`,
              `${correlations.length} dimensions, canonical correlations ${correlations[0]!.toFixed(3)} to ${correlations.at(-1)!.toFixed(3)}, ${count(model.tags.length)} tags.`,
              ...(selected ? [describeSelection(selected)] : []),
              `Next: covista search "some words" --library ${options.library}`,
            ].join('\n'),
            json: {
              recipe: model.recipe,
              trained: model.trained,
              tags: model.tags.length,
              correlations,
              selection: selected?.selection,
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

/** What was chosen, and what it brought on held-out pictures. */
function describeSelection({ recipe, selection }: SelectedRecipe): string {
  const { score, startScore, curve, finished } = selection;
  const weights = (recipe.blockWeights ?? []).map((weight) => weight.toFixed(2)).join(', ');
  return [
    `Chosen among ${curve.length} candidates${finished ? '' : ' until time was up'}: ridge ${recipe.ridge.map((share) => share.toPrecision(2)).join(' and ')},`,
    `block weights ${weights}, ${recipe.dimensions} dimensions, scaling ${recipe.scaling.toPrecision(2)}.`,
    `Mean recall on held-out pictures: ${score.toFixed(1)}, from ${startScore.toFixed(1)}.`,
  ].join(' ');
}
