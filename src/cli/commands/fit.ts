import { Command } from 'commander';
import type { WorkOptions } from '../../base/progress.ts';
import { type SelectedRecipe, selectRecipe } from '../../learning/select-recipe.ts';
import { saveStarter } from '../../learning/starter/starter-file.ts';
import { trainStarter } from '../../learning/starter/train-starter.ts';
import type { TrainOptions } from '../../learning/train-options.ts';
import { Library } from '../../library/index.ts';
import { createEngine } from '../../linalg/create-engine.node.ts';
import type { Engine } from '../../linalg/engine.ts';
import { type Recipe, recipeByName } from '../../model/recipe.ts';
import { fitLibraryOnStarter, libraryPairs } from '../../pipeline/fit-library.ts';
import { placeLibrary } from '../../search/search.ts';
import type { TextBlock } from '../../text/index.ts';
import { openModel, sentencesFor, starterNamed, withTextView, wordVectorsFor } from '../context.ts';
import {
  jsonOption,
  libraryOption,
  quietOption,
  textEncoderOption,
  textViewOption,
  vectorsOption,
  wholeNumber,
} from '../options.ts';
import { shellArgument } from '../printable.ts';
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
  readonly textEncoder?: string;
  readonly textView?: readonly TextBlock[];
  readonly starter: string;
  readonly saveStarter?: string;
}

/** `covista fit` */
export function fitCommand(): Command {
  return new Command('fit')
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
    .addOption(textEncoderOption())
    .addOption(textViewOption())
    .option('--starter <starter>', 'what to learn on top of: default, none, or a file', 'default')
    .option(
      '--save-starter <file>',
      'make a starter for other libraries from the captioned pictures, and nothing else',
    )
    .option('--language <tag>', 'language of the captions, as en or de', 'en')
    .addOption(jsonOption())
    .addOption(quietOption())
    .action((options: Options) =>
      runCommand(options, async (work) => {
        const named = withTextView(recipeByName(options.recipe), options);
        const asked: Recipe = options.refine ? { ...named, refine: { steps: REFINEMENT_STEPS } } : named;
        const library = await Library.open(options.library);
        const engine = await createEngine();
        try {
          const wordVectors = await wordVectorsFor(asked, options.vectors, work);
          const sentences = await sentencesFor(options, work);
          const started = performance.now();
          const { language, vectors } = options;
          const training: TrainOptions = {
            ...work,
            ...sentences,
            engine,
            wordVectors,
            vectors,
            language,
          };
          const selected = options.select
            ? await selectRecipe(await libraryPairs(library), asked, {
                ...training,
                seconds: options.select === true ? SELECTION_SECONDS : options.select,
              })
            : undefined;
          if (options.saveStarter !== undefined) {
            const name = options.saveStarter;
            const made = await trainStarter(await libraryPairs(library), asked, { ...training, name });
            await saveStarter(name, made);
            const { trained } = made.model;
            return {
              text: `${name}: a starter of ${count(trained.pictures)} pictures with ${count(trained.captions)} captions.`,
              json: { starter: name, trained },
            };
          }
          const recipe = selected?.recipe ?? asked;
          const { choice, ...learned } = await learn(library, recipe, options.starter, training, work);
          const seconds = (performance.now() - started) / 1000;
          const placed = await place(library, engine, work);
          const { pictures, captions } = learned.trained;
          const { correlations } = learned;
          return {
            text: [
              `${paint('bold', 'Learned')} from ${count(pictures)} pictures with ${count(captions)} captions in ${duration(seconds)}:`,
              `${correlations.length} dimensions, canonical correlations ${correlations[0]!.toFixed(3)} to ${correlations.at(-1)!.toFixed(3)}, ${count(learned.tags)} tags.`,
              choice.reason,
              ...(selected ? [describeSelection(selected)] : []),
              `Placed ${count(placed.pictures)} pictures in the joint space in ${duration(placed.seconds)}.`,
              `Next: covista search "some words" --library ${shellArgument(options.library)}`,
            ].join('\n'),
            json: {
              recipe: learned.recipe,
              trained: learned.trained,
              starter: choice,
              tags: learned.tags,
              correlations,
              selection: selected?.selection,
              seconds,
              placed,
            },
          };
        } finally {
          await engine.close();
          library.close();
        }
      }),
    );
}

/** Learns and stores the model; what is said of it is all that stays in memory. */
async function learn(
  library: Library,
  asked: Recipe,
  starterName: string,
  training: TrainOptions,
  work: WorkOptions,
) {
  const starter = await starterNamed(starterName, work);
  const { model, choice } = await fitLibraryOnStarter(library, asked, starter, training);
  const { recipe, trained, tags, space } = model;
  return { choice, recipe, trained, tags: tags.length, correlations: Array.from(space.correlations) };
}

/** Places the library's pictures as a search would, so that the first one need not. */
async function place(library: Library, engine: Engine, work: WorkOptions) {
  const started = performance.now();
  // Embeddings are stored under the name of the model as it is read, in which numbers are rounded.
  const { model, id } = await openModel(library, { ...work, engine });
  const { paths } = await placeLibrary(library, model, id, engine, work);
  return { pictures: paths.length, seconds: (performance.now() - started) / 1000 };
}

/** What was chosen, and what it brought on held-out pictures. */
function describeSelection({ recipe, selection }: SelectedRecipe): string {
  const { score, startScore, curve, finished } = selection;
  const weights = (recipe.blockWeights ?? []).map((weight) => weight.toFixed(2)).join(', ');
  return [
    `Chosen among ${curve.length} candidate${curve.length === 1 ? '' : 's'}${finished ? '' : ' until time was up'}: ridge ${recipe.ridge.map((share) => share.toPrecision(2)).join(' and ')},`,
    `block weights ${weights}, ${recipe.dimensions} dimensions, scaling ${recipe.scaling.toPrecision(2)}.`,
    `Mean recall on held-out pictures: ${score.toFixed(1)}, from ${startScore.toFixed(1)}.`,
    `Its curve, by candidate: ${improvements(selection).join(', ')}.`,
  ].join(' ');
}

/** The candidates that were better than all before on every fold, with their scores. */
function improvements({ curve, score }: SelectedRecipe['selection']): string[] {
  const folds = curve[0]!.scores.length;
  let best = Number.NEGATIVE_INFINITY;
  return curve.flatMap(({ scores }, i) => {
    const reached = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    if (scores.length < folds || reached <= best || reached > score) return [];
    best = reached;
    return [`${i + 1}: ${reached.toFixed(1)}`];
  });
}
